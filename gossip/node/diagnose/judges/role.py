"""Judges the OU of the peer's role by our copy of its organisation's config.yaml."""

from gossip.msp.claim import Claim
from gossip.msp.membership import Msp
from gossip.node.diagnose.diagnosis import Cause
from gossip.node.diagnose.evidence import Theirs


def judge_role(msp: Msp, theirs: Theirs, claim: Claim) -> Cause | None:
    """What our copy, ``msp``, has otherwise than the peer; None where it is not that."""
    if theirs.rule_source is not None:
        text = "the OU of its role is certified by another CA than our copy of its config.yaml names"
        return Cause("node-ou-certifier", text, theirs.rule_source)
    return _in_other_words(msp, claim) if claim.mspid in theirs.issuing_mspids else None


def _in_other_words(msp: Msp, claim: Claim) -> Cause | None:
    """Where no OU of the peer is one of our copy; to its own MSP it has a role, or it would not run."""
    units, roles = claim.certificate.organizational_units, msp.config.node_ous or {}
    if any(ou.name in units for ou in roles.values()):
        return None
    for ou in roles.values():
        unit = next((unit for unit in units if unit.casefold() == ou.name.casefold()), None)
        if unit is not None:
            text = (
                f"the OU of its role is {unit}, and our copy of its config.yaml has it as {ou.name}: capitals count, "
                "so write it as the organisation does"
            )
            return Cause("node-ou-case", text, ou.name_source)
    for role, ou in roles.items():
        if role.value in units:
            text = (
                f"the OU of its role is {role.value}, and our copy of its config.yaml has {ou.name} for that role: "
                "write it as the organisation does"
            )
            return Cause("node-ou-role", text, ou.name_source)
    return None

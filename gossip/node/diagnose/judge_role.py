"""Judges the OU of the peer's role by our copy of its organisation's config.yaml."""

from gossip.msp.claim import Claim
from gossip.node.diagnose.diagnosis import Cause
from gossip.node.diagnose.evidence import Evidence, Theirs


def judge_role(evidence: Evidence, theirs: Theirs, claim: Claim) -> Cause | None:
    """What our copy has otherwise than the peer; None where it is not that."""
    if theirs.rule_source is not None:
        text = "the OU of its role is certified by another CA than our copy of its config.yaml names"
        return Cause("node-ou-certifier", text, theirs.rule_source)
    return _in_other_capitals(evidence, claim) if claim.mspid in theirs.issuing_mspids else None


def _in_other_capitals(evidence: Evidence, claim: Claim) -> Cause | None:
    msp, units = evidence.own.find_msp(claim.mspid), claim.certificate.organizational_units
    roles = (msp.config.node_ous or {}).values() if msp is not None else ()
    if any(ou.name in units for ou in roles):
        return None
    for ou in roles:
        unit = next((unit for unit in units if unit.casefold() == ou.name.casefold()), None)
        if unit is not None:
            text = (
                f"the OU of its role is {unit}, and our copy of its config.yaml has it as {ou.name}: capitals count, "
                "so write it as the organisation does"
            )
            return Cause("node-ou-case", text, ou.name_source)
    return None

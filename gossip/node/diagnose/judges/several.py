"""Judges who answers where it is not always the same: several peers behind one endpoint."""

from gossip.comm.handshake.machine import certificate_hash
from gossip.msp.tls_facts import TlsCertificate
from gossip.node.diagnose.diagnosis import Blame, Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.certificate import UNVERIFIABLE

_HASH_DIGITS = 16


def find_several(evidence: Evidence) -> str | None:
    """Who answers, for texts; None where it is always the same, as far as anybody looked."""
    if _has_several_addresses(evidence):
        who = {seen.leaf for seen in evidence.seen}
        shown = [f"{_shown(seen.leaf)} at {seen.place}" for seen in evidence.seen]
        return ", ".join(shown) if len(who) > 1 else None
    leaves = [seen.leaf for seen in evidence.seen if not seen.is_silent]  # one peer, perhaps, that takes few at once
    if (dialled := evidence.leaf or evidence.looked.leaf) is not None:
        leaves.insert(0, dialled)
    if evidence.link is not None or not any(leaves):
        leaves = list(filter(None, leaves))  # who answers us, and is too busy for a look, is one peer
    shown = list(dict.fromkeys(map(_shown, leaves)))
    return " and ".join(shown) if len(shown) > 1 else None


def blame_several(evidence: Evidence, otherwise: Blame) -> Blame:
    """That comes first where it is so: who failed, and who was seen afterwards, may be different peers."""
    who = find_several(evidence)
    if who is None:
        return otherwise
    text = (
        f"not always the same answers here: {who}; what else is said may be of either, and a peer needs an endpoint "
        "of its own, since it is known by its identity"
    )
    where = "the load balancer, service or proxy that the endpoint leads to"
    if _has_several_addresses(evidence):
        where = f"the addresses of {evidence.host} in DNS or /etc/hosts"
    rest = (cause for cause in otherwise[1] if cause.rule != UNVERIFIABLE)  # which names whoever was seen
    return Side.BETWEEN, (Cause("several-peers", text, where), *rest)


def _has_several_addresses(evidence: Evidence) -> bool:
    return len(evidence.answered) > 1


def _shown(leaf: TlsCertificate | None) -> str:
    if leaf is None:
        return "no certificate"
    return f"{leaf.subject} (SHA-256 {certificate_hash(leaf.certificate.der).hex()[:_HASH_DIGITS]}...)"

"""Judges the endpoint where it is an address that one listens on, and not one that is dialled."""

from gossip.node.diagnose.diagnosis import Cause
from gossip.node.diagnose.evidence import Evidence

_UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104  # nobody listens here


def find_unspecified_address(evidence: Evidence) -> Cause | None:
    """What is wrong with the host that was dialled; None where it may be a peer's."""
    if evidence.host not in _UNSPECIFIED:
        return None
    text = f"{evidence.host} is an address to listen on, and dialling it reaches this machine: dial the peer's own"
    where = f"the endpoint as it was given{evidence.named}; the peer's peer.gossip.externalEndpoint"
    return Cause("unspecified-address", text, where)

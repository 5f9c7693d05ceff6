"""Which outcome of a handshake an error stands for."""

from gossip.errors import Fault, GossipError
from gossip.metrics import Outcome


def outcome_of(error: GossipError) -> Outcome:
    """REFUSED where one side did not take the other, FAILED where it did not come to that."""
    return Outcome.REFUSED if error.fault is Fault.PEER else Outcome.FAILED

"""What came of sending with acknowledgement."""

from dataclasses import dataclass

from gossip.api.peer import RemotePeer
from gossip.errors import GossipError


@dataclass(frozen=True, slots=True)
class SendResult:
    """One peer's answer: ``error`` is None when it acknowledged.

    Mirrors: gossip/comm/comm.go, SendResult.
    """

    peer: RemotePeer
    error: GossipError | None

    def __str__(self) -> str:
        return f"{self.peer}: {self.error or 'acknowledged'}"


class AggregatedSendResults(tuple[SendResult, ...]):
    """The answers that were there when the call returned.

    Mirrors: gossip/comm/comm.go, AggregatedSendResults.
    """

    __slots__ = ()

    def ack_count(self) -> int:
        """How many peers acknowledged. Mirrors: AckCount."""
        return sum(result.error is None for result in self)

    def nack_count(self) -> int:
        """How many peers did not. Mirrors: NackCount."""
        return len(self) - self.ack_count()

    def __str__(self) -> str:
        return "; ".join(map(str, self)) or "no results"

"""Counts what a peer does; knows nothing of Prometheus."""

from collections import Counter

from gossip.metrics import Outcome
from gossip.types import PkiId


class Figures:
    """Implements :class:`gossip.metrics.Metrics` by adding up.

    Attributes:
        sent, received, overflown: Messages.
        connected: Peers that are connected now.
        handshakes: By outcome, and whether we dialled.
        cut: Connections that the listener cut off, by offence.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self.overflown = 0
        self.connected = 0
        self.handshakes: Counter[tuple[Outcome, bool]] = Counter()
        self.cut: Counter[str] = Counter()

    def messages_sent(self, count: int) -> None:
        """Add them."""
        self.sent += count

    def messages_received(self, count: int) -> None:
        """Add them."""
        self.received += count

    def overflow(self, pki_id: PkiId) -> None:  # noqa: ARG002  # Fabric's counter does not tell peers apart
        """Add one."""
        self.overflown += 1

    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        """Add one."""
        self.handshakes[outcome, initiator] += 1

    def connections(self, count: int) -> None:
        """Note it."""
        self.connected = count

    def connection_cut(self, offence: str) -> None:
        """Add one."""
        self.cut[offence] += 1

"""What a peer tells its user, written down."""

from gossip.api.peer import ConnectionInfo
from gossip.comm.observer import Observer
from gossip.errors import GossipError
from gossip.metrics import Metrics, Outcome
from gossip.types import PkiId


class RecordingMetrics:
    """Keeps every figure."""

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self.overflown: list[PkiId] = []
        self.handshakes: list[tuple[Outcome, bool]] = []
        self.connected = 0
        self.cut: list[str] = []

    def messages_sent(self, count: int) -> None:
        self.sent += count

    def messages_received(self, count: int) -> None:
        self.received += count

    def overflow(self, pki_id: PkiId) -> None:
        self.overflown.append(pki_id)

    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        self.handshakes.append((outcome, initiator))

    def connections(self, count: int) -> None:
        self.connected = count

    def connection_cut(self, offence: str) -> None:
        self.cut.append(offence)


class RecordingObserver(Observer):
    """Keeps every event."""

    def __init__(self) -> None:
        self.connections: list[tuple[ConnectionInfo, bool]] = []
        self.ends: list[tuple[ConnectionInfo, GossipError | None]] = []
        self.probes: list[ConnectionInfo] = []
        self.refusals: list[GossipError] = []

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        self.connections.append((info, outgoing))

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        self.ends.append((info, error))

    def probed(self, info: ConnectionInfo) -> None:
        self.probes.append(info)

    def refused(self, remote: str, error: GossipError) -> None:
        self.refusals.append(error)


_metrics: Metrics = RecordingMetrics()


class Answers(list[tuple[PkiId, GossipError | None]]):
    """Who ended a wait for an acknowledgement, and how."""

    def note(self, pki_id: PkiId, error: GossipError | None) -> None:
        """Take an answer."""
        self.append((pki_id, error))

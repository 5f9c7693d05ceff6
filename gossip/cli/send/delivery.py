"""How sending went, peer by peer."""

from dataclasses import dataclass

from gossip.api.peer import ConnectionInfo, RemotePeer
from gossip.comm.observer import Observer
from gossip.errors import GossipError, StreamBrokenError
from gossip.types import PkiId


@dataclass(slots=True)
class Delivery:
    """To one peer: how many messages left and were acknowledged, and the first thing that went wrong."""

    endpoint: str
    pki_id: PkiId | None = None
    sent: int = 0
    acknowledged: int | None = None
    error: GossipError | None = None

    @property
    def remote(self) -> RemotePeer:
        """How the peer is addressed."""
        return RemotePeer(self.endpoint, self.pki_id)

    def note(self, error: GossipError | None) -> None:
        """Remember the first thing that went wrong; None is none."""
        self.error = self.error or error

    def facts(self) -> dict[str, object]:
        """What is reported: the same names for every peer, None where there is nothing to say."""
        error = self.error
        return {
            "endpoint": self.endpoint,
            "ok": error is None,
            "pki_id": self.pki_id,
            "sent": self.sent,
            "acknowledged": self.acknowledged,
            "error": type(error).__name__ if error else None,
            "fault": error.fault.value if error else None,
            "message": str(error) if error else None,
        }


class Connections(Observer):
    """Remembers who was connected, and which connections ended while messages were still to be sent."""

    def __init__(self) -> None:
        self._made: set[PkiId] = set()
        self._lost: dict[PkiId, GossipError] = {}

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:  # noqa: ARG002  # Observer's signature
        """Note it."""
        self._made.add(info.pki_id)

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        """Note it."""
        self._lost.setdefault(info.pki_id, error or StreamBrokenError(f"{info.endpoint} closed the connection"))

    def find_loss(self, pki_id: PkiId) -> GossipError | None:
        """Why messages for this peer may be lost; None when its connection stands."""
        if pki_id not in self._made:
            return StreamBrokenError("no connection was established")
        return self._lost.get(pki_id)

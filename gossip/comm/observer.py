"""What a user of the communication layer may watch."""

from gossip.api.peer import ConnectionInfo
from gossip.errors import GossipError


class Observer:
    """Told of each event as it happens, on the event loop; override what is of interest, and do not block."""

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        """A peer proved who it is, and its connection is in use."""

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        """A connection ended; ``error`` is None when one of the two sides closed it in order."""

    def probed(self, info: ConnectionInfo) -> None:
        """A peer proved who it is, and only wanted to know whether it would be accepted."""

    def refused(self, remote: str, error: GossipError) -> None:
        """The peer at ``remote``, ``host:port``, dialled us and did not prove who it is."""

"""What a user of the communication layer may watch."""

import logging
import time
from collections.abc import Callable

from gossip.api.peer import ConnectionInfo
from gossip.errors import GossipError
from gossip.throttle import Throttle

logger = logging.getLogger("gossip.comm")


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


class GuardedObserver(Observer):
    """Passes each event on; what the other observer raises is logged once in a while, and goes no further."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._throttle = Throttle()

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        """Pass it on."""
        self._guard(lambda: self._observer.connected(info, outgoing=outgoing))

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        """Pass it on."""
        self._guard(lambda: self._observer.disconnected(info, error))

    def probed(self, info: ConnectionInfo) -> None:
        """Pass it on."""
        self._guard(lambda: self._observer.probed(info))

    def refused(self, remote: str, error: GossipError) -> None:
        """Pass it on."""
        self._guard(lambda: self._observer.refused(remote, error))

    def _guard(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception as error:
            if self._throttle.admit(type(error).__name__, time.monotonic()) is not None:
                logger.exception("An observer failed")

"""What a user of the communication layer may watch."""

from gossip.api.peer import ConnectionInfo
from gossip.checks import check_answers_at_once, check_kind
from gossip.comm.users_code import UsersCode
from gossip.errors import GossipError


class Observer:
    """Its methods are called as events happen, on the event loop: override what is of interest, and do not block."""

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        """A peer proved who it is, and its connection is in use."""

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        """A connection ended; ``error`` is None when one of the two sides closed it in order."""

    def probed(self, info: ConnectionInfo) -> None:
        """A peer proved who it is, and only wanted to know whether it would be accepted."""

    def refused(self, remote: str, error: GossipError) -> None:
        """The peer at ``remote``, ``host:port``, dialled us and did not prove who it is."""


METHODS = ("connected", "disconnected", "probed", "refused")


class GuardedObserver(Observer):
    """Passes each event on; what the other observer raises is logged once in a while, and goes no further."""

    def __init__(self, observer: Observer) -> None:
        """
        Raises:
            ConfigurationError: ``observer`` is none, or one of its methods must be awaited.
        """
        check_kind("observer", observer, Observer)
        check_answers_at_once("observer", observer, METHODS)
        self._observer = observer
        self._users = UsersCode("An observer")

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        """Pass it on."""
        self._users.call(lambda: self._observer.connected(info, outgoing=outgoing))

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        """Pass it on."""
        self._users.call(lambda: self._observer.disconnected(info, error))

    def probed(self, info: ConnectionInfo) -> None:
        """Pass it on."""
        self._users.call(lambda: self._observer.probed(info))

    def refused(self, remote: str, error: GossipError) -> None:
        """Pass it on."""
        self._users.call(lambda: self._observer.refused(remote, error))

"""What gossip counts, behind a small Protocol: nothing here knows how figures are shown."""

from abc import abstractmethod
from enum import StrEnum
from typing import Protocol

from gossip.types import PkiId


class Outcome(StrEnum):
    """How a handshake ended."""

    ACCEPTED = "accepted"
    PROBED = "probed"
    REFUSED = "refused"
    FAILED = "failed"


class Metrics(Protocol):
    """Takes the figures of one peer. Called on the event loop, often: it must only count. What it raises is logged.

    The first three are Fabric's own ``gossip_comm_messages_sent``, ``gossip_comm_messages_received`` and
    ``gossip_comm_overflow_count``.
    """

    @abstractmethod
    def messages_sent(self, count: int) -> None:
        """So many messages were handed to the network."""
        ...

    @abstractmethod
    def messages_received(self, count: int) -> None:
        """So many messages came in, acknowledgements included."""
        ...

    @abstractmethod
    def overflow(self, pki_id: PkiId) -> None:
        """One message was dropped because the send buffer for this peer was full."""
        ...

    @abstractmethod
    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        """One handshake ended: for a connection, or as a probe, which ends with the verdict."""
        ...

    @abstractmethod
    def connections(self, count: int) -> None:
        """So many peers are connected now."""
        ...

    @abstractmethod
    def connection_cut(self, offence: str) -> None:
        """The listener cut off one connection for an offence, such as ``flood``."""
        ...


class NoMetrics:
    """Counts nothing."""

    def messages_sent(self, count: int) -> None:
        """Forget it."""

    def messages_received(self, count: int) -> None:
        """Forget it."""

    def overflow(self, pki_id: PkiId) -> None:
        """Forget it."""

    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        """Forget it."""

    def connections(self, count: int) -> None:
        """Forget it."""

    def connection_cut(self, offence: str) -> None:
        """Forget it."""

"""Which connection leads to which peer, and which of two stays; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from gossip.comm.connection import Connection
from gossip.types import PkiId


@dataclass(slots=True)
class Entry:
    """The connection that we send on, if there is one yet, since when, and one that it took the place of."""

    current: Connection | None
    since_s: float
    retired: Connection | None = None


@dataclass(frozen=True, slots=True)
class Displaced:
    """What a new connection changed.

    ``current`` is to be sent on from now on, ``retired`` to be closed after a while, ``superseded`` at once. Without a
    ``current`` one the new connection waits for our own dial.
    """

    current: Connection | None
    retired: Connection | None = None
    superseded: Connection | None = None


class ConnectionStore:
    """One connection a PKI-ID to send on.

    A connection that another one takes the place of is retired, not closed: what is on its way still arrives, and it
    comes back when the other one fails first. Of two that both sides dialled at once, each side sends on its own, which
    is the one that a Fabric peer keeps; who has the lower PKI-ID changes over after a while, where both still stand. In
    every other case the newer one stays, as in Fabric.

    Mirrors: gossip/comm/conn.go, connectionStore.
    """

    def __init__(self, own_pki_id: PkiId, settle_s: float) -> None:
        """Start empty.

        Args:
            own_pki_id: Settles which of two simultaneous connections stays in the end.
            settle_s: How much later than our own an inbound connection may come and still count as simultaneous.
        """
        self.own_pki_id = own_pki_id
        self._settle_s = settle_s
        self._entries: dict[PkiId, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Connection]:
        """Every connection, retired ones and those that wait included."""
        for pki_id in tuple(self._entries):
            yield from self.of(pki_id)

    def find(self, pki_id: PkiId) -> Connection | None:
        """The connection to send on, if there is one."""
        entry = self._entries.get(pki_id)
        return entry.current if entry is not None else None

    def add(self, connection: Connection, now_s: float, *, is_dialled: bool = False) -> Displaced:
        """Take in a new connection, which may itself be the one that is retired.

        Args:
            connection: The connection.
            now_s: The time.
            is_dialled: Whether we are dialling that peer, so that an inbound connection waits for ours.
        """
        pki_id = connection.info.pki_id
        entry = self._entries.get(pki_id)
        waits = is_dialled and not connection.is_outgoing
        if entry is None:
            self._entries[pki_id] = Entry(None, now_s, connection) if waits else Entry(connection, now_s)
            return Displaced(None if waits else connection)
        superseded = entry.retired
        if entry.current is None and waits:
            entry.retired = connection
            return Displaced(None, superseded=superseded)
        if entry.current is None:
            entry.current, entry.since_s = connection, now_s
            return Displaced(connection, retired=superseded)
        if self._takes_over(connection, entry.current, now_s - entry.since_s):
            entry.current, entry.retired, entry.since_s = connection, entry.current, now_s
        else:
            entry.retired = connection
        return Displaced(entry.current, entry.retired, superseded)

    def discard(self, connection: Connection) -> bool:
        """Remove this very connection; a retired one comes back in its place.

        Returns:
            Whether that left the peer without a connection.
        """
        pki_id = connection.info.pki_id
        entry = self._entries.get(pki_id)
        if entry is None:
            return False
        if entry.retired is connection:
            entry.retired = None
            if entry.current is None:
                del self._entries[pki_id]
                return True
        elif entry.current is connection:
            if entry.retired is None or not entry.retired.is_open:
                del self._entries[pki_id]
                return True
            entry.current, entry.retired, entry.since_s = entry.retired, None, -inf
        return False

    def change_over(self, connection: Connection) -> Connection | None:
        """Send on this retired connection, or this one that waits, from now on.

        Returns:
            The one that is retired in its place, if there was one.
        """
        entry = self._entries.get(connection.info.pki_id)
        if entry is None or entry.retired is not connection or not connection.is_open:
            return None
        entry.current, entry.retired, entry.since_s = connection, entry.current, -inf
        return entry.retired

    def of(self, pki_id: PkiId) -> list[Connection]:
        """Every connection of one peer, the one to send on first."""
        entry = self._entries.get(pki_id)
        if entry is None:
            return []
        return [connection for connection in (entry.current, entry.retired) if connection is not None]

    def outranks(self, pki_id: PkiId) -> bool:
        """Whether our PKI-ID is the higher one, so that of two simultaneous connections ours stays in the end."""
        return self.own_pki_id > pki_id

    def _takes_over(self, connection: Connection, current: Connection, age_s: float) -> bool:
        is_simultaneous = current.is_outgoing and not connection.is_outgoing and age_s < self._settle_s
        return not current.is_open or not is_simultaneous

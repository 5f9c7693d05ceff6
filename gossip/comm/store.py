"""Which connection leads to which peer, and which of two stays; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from gossip.comm.connection import Connection
from gossip.types import PkiId


@dataclass(slots=True)
class Entry:
    """The connection that we send on, since when, and one that it took the place of."""

    current: Connection
    since_s: float
    retired: Connection | None = None


@dataclass(frozen=True, slots=True)
class Displaced:
    """What a new connection changed.

    ``current`` is to be sent on from now on, ``retired`` to be closed after a while, ``superseded`` at once.
    """

    current: Connection
    retired: Connection | None = None
    superseded: Connection | None = None


class ConnectionStore:
    """One connection a PKI-ID to send on.

    A connection that another one takes the place of is retired, not closed: what is on its way still arrives, and it
    comes back when the other one fails first. Of two that both sides dialled at once, both sides keep the one that the
    peer with the higher PKI-ID dialled. In every other case the newer one stays, as in Fabric.

    Mirrors: gossip/comm/conn.go, connectionStore.
    """

    def __init__(self, own_pki_id: PkiId, settle_s: float) -> None:
        """Start empty.

        Args:
            own_pki_id: Settles which of two simultaneous connections stays.
            settle_s: How much later than our own an inbound connection may come and still count as simultaneous.
        """
        self.own_pki_id = own_pki_id
        self._settle_s = settle_s
        self._entries: dict[PkiId, Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Connection]:
        """Every connection, retired ones included."""
        for pki_id in tuple(self._entries):
            yield from self.of(pki_id)

    def find(self, pki_id: PkiId) -> Connection | None:
        """The connection to send on, if there is one."""
        entry = self._entries.get(pki_id)
        return entry.current if entry is not None else None

    def add(self, connection: Connection, now_s: float) -> Displaced:
        """Take in a new connection, which may itself be the one that is retired."""
        pki_id = connection.info.pki_id
        entry = self._entries.get(pki_id)
        if entry is None:
            self._entries[pki_id] = Entry(connection, now_s)
            return Displaced(connection)
        superseded = entry.retired
        if self._takes_over(connection, entry, now_s):
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
        elif entry.current is connection:
            if entry.retired is None or not entry.retired.is_open:
                del self._entries[pki_id]
                return True
            entry.current, entry.retired, entry.since_s = entry.retired, None, -inf
        return False

    def of(self, pki_id: PkiId) -> list[Connection]:
        """Every connection of one peer, the one to send on first."""
        entry = self._entries.get(pki_id)
        if entry is None:
            return []
        return [entry.current] if entry.retired is None else [entry.current, entry.retired]

    def outranks(self, pki_id: PkiId) -> bool:
        """Whether our PKI-ID is the higher one, so that of two simultaneous connections ours stays."""
        return self.own_pki_id > pki_id

    def _takes_over(self, connection: Connection, entry: Entry, now_s: float) -> bool:
        if connection.is_outgoing == entry.current.is_outgoing or not entry.current.is_open:
            return True
        ours_stays = self.outranks(connection.info.pki_id)
        if connection.is_outgoing:  # we dialled because there was none, and theirs came in meanwhile
            return ours_stays
        return not (ours_stays and now_s - entry.since_s < self._settle_s)

"""Which connection leads to which peer, and which of two stays; pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

from gossip.comm.connections.connection import Connection
from gossip.types import PkiId

MAX_RETIRED = 4
"""How many retired connections one peer may have; who sends to its former PKI-ID makes one with each burst."""


@dataclass(slots=True)
class Entry:
    """The connection that we send on, if there is one yet, since when, and those whose place it took, in order."""

    current: Connection | None
    since_s: float
    retired: list[Connection] = field(default_factory=list)
    is_lost: bool = False
    """Whether the last connection to send on has ended, and those in ``retired`` are closing."""


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
        for pki_id in self.pki_ids:
            yield from self.of(pki_id)

    @property
    def pki_ids(self) -> tuple[PkiId, ...]:
        """Whoever has a connection, be it only one that is retired or waits."""
        return tuple(self._entries)

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
        if entry is None:
            entry = self._entries[pki_id] = Entry(None, now_s)
        if entry.current is None:
            if is_dialled and not connection.is_outgoing:
                entry.retired.append(connection)
            else:
                entry.current, entry.since_s = connection, now_s
        elif self._takes_over(connection, entry.current, now_s - entry.since_s):
            entry.retired.append(entry.current)
            entry.current, entry.since_s = connection, now_s
        else:
            entry.retired.append(connection)
        entry.is_lost = False
        superseded = entry.retired.pop(0) if len(entry.retired) > MAX_RETIRED else None
        retired = entry.retired[-1] if entry.current is not None and entry.retired else None
        return Displaced(entry.current, retired, superseded)

    def discard(self, connection: Connection) -> bool:
        """Remove this very connection; the last retired one comes back in its place.

        Returns:
            Whether that left the peer without a connection.
        """
        pki_id = connection.info.pki_id
        entry = self._entries.get(pki_id)
        if entry is None:
            return False
        if connection in entry.retired:
            entry.retired.remove(connection)
        elif entry.current is connection:
            entry.current = next((retired for retired in reversed(entry.retired) if retired.is_open), None)
            if entry.current is None:  # the retired ones are closing: they are still found, but not sent on
                entry.is_lost = True
                if not entry.retired:
                    del self._entries[pki_id]
                return True
            entry.retired.remove(entry.current)
            entry.since_s = -inf
        else:
            return False
        if entry.current is not None or entry.retired:
            return False
        del self._entries[pki_id]
        return not entry.is_lost

    def change_over(self, connection: Connection) -> Connection | None:
        """Send on this retired connection, or this one that waits, from now on.

        Returns:
            The one that is retired in its place, if there was one.
        """
        entry = self._entries.get(connection.info.pki_id)
        if entry is None or connection not in entry.retired or not connection.is_open:
            return None
        entry.retired.remove(connection)
        former, entry.current, entry.since_s = entry.current, connection, -inf
        if former is not None:
            entry.retired.append(former)
        return former

    def of(self, pki_id: PkiId) -> list[Connection]:
        """Every connection of one peer, the one to send on first, and then the last one that was retired."""
        entry = self._entries.get(pki_id)
        if entry is None:
            return []
        current = [entry.current] if entry.current is not None else []
        return current + entry.retired[::-1]

    def outranks(self, pki_id: PkiId) -> bool:
        """Whether our PKI-ID is the higher one, so that of two simultaneous connections ours stays in the end."""
        return self.own_pki_id > pki_id

    def _takes_over(self, connection: Connection, current: Connection, age_s: float) -> bool:
        is_simultaneous = current.is_outgoing and not connection.is_outgoing and age_s < self._settle_s
        return not current.is_open or not is_simultaneous

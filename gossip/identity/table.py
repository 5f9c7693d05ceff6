"""The stored identities in the order of their use and of their end. Pure: time is an argument."""

import heapq
import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime

from gossip.identity.entry import Entry
from gossip.types import PkiId

STALE_EXPIRIES = 64
"""How many ends of entries that have left may pile up before they are cleared out."""


class IdentityTable:
    """Entries by PKI-ID; one of them, our own, neither ages nor leaves."""

    def __init__(self, own: Entry) -> None:
        self._own = own
        self._by_use: OrderedDict[PkiId, Entry] = OrderedDict({own.pki_id: own})
        self._by_end: list[tuple[datetime, int, PkiId]] = []
        """Those of entries that left stay up to that time: by PKI-ID, so that the identities are not kept as long."""
        self._sequence = itertools.count(1)
        self.size_bytes = len(own.identity)
        """Of all identities together."""
        self._seen_at = own.used_at
        """The latest time that an entry may have been used at."""

    def __len__(self) -> int:
        return len(self._by_use)

    def __contains__(self, pki_id: PkiId) -> bool:
        return pki_id in self._by_use

    def __iter__(self) -> Iterator[Entry]:
        """Every entry, least recently used first; a snapshot, so that the table may change meanwhile."""
        return iter(tuple(self._by_use.values()))

    @property
    def own(self) -> Entry:
        """Our own identity."""
        return self._own

    @property
    def newest(self) -> Entry:
        """The one that was stored or used last."""
        return next(reversed(self._by_use.values()))

    def use(self, pki_id: PkiId, now: datetime) -> Entry | None:
        """Fetch an entry and note its use; None when there is none. The caller looks at its end."""
        entry = self._by_use.get(pki_id)
        if entry is not None:
            entry.used_at = now
            self._seen_at = max(self._seen_at, now)
            self._by_use.move_to_end(pki_id)
        return entry

    def add(self, entry: Entry) -> None:
        """Store an entry under a PKI-ID that is free."""
        self._note_end(entry)
        self._by_use[entry.pki_id] = entry
        self._seen_at = max(self._seen_at, entry.used_at)
        self.size_bytes += len(entry.identity)

    def set_own(self, entry: Entry, now: datetime) -> None:
        """Take another entry, or the stored one of its identity, for our own; the former one ages from now on.

        It takes the place of another identity that is stored under its PKI-ID.
        """
        former, stored = self._own, self._by_use.get(entry.pki_id)
        if stored is None or stored.identity != entry.identity:
            self._by_use[entry.pki_id] = entry
            self.size_bytes += len(entry.identity) - (len(stored.identity) if stored is not None else 0)
        self._own = self._by_use[entry.pki_id]
        self.use(former.pki_id, now)
        self._note_end(former)

    def remove(self, entry: Entry) -> bool:
        """Take an entry out; False when it had left already, or is our own."""
        if entry is self._own or self._by_use.get(entry.pki_id) is not entry:
            return False
        del self._by_use[entry.pki_id]
        self.size_bytes -= len(entry.identity)
        self._clear_stale_ends()
        return True

    def list_surplus(self, max_count: int, max_bytes: int, order: Iterable[Entry]) -> list[Entry]:
        """Who leaves, so that the others are no more and together no longer; who is first in ``order`` leaves first.

        Our own is counted, and stays.
        """
        surplus: list[Entry] = []
        count, size_bytes = len(self), self.size_bytes
        leaving = iter(order)
        while (count > max_count or size_bytes > max_bytes) and (entry := next(leaving, None)) is not None:
            if entry is not self._own:
                surplus.append(entry)
                count -= 1
                size_bytes -= len(entry.identity)
        return surplus

    def is_over(self, max_count: int, max_bytes: int) -> bool:
        """Whether there are more, or together they are longer."""
        return len(self) > max_count or self.size_bytes > max_bytes

    def by_use(self) -> Iterator[Entry]:
        """Every entry, least recently used first; the table must not change meanwhile."""
        return iter(self._by_use.values())

    def list_expired(self, now: datetime) -> list[Entry]:
        """Every entry that has ended, first ended first. They stay until they are removed, and are listed once."""
        expired: list[Entry] = []
        while self._by_end and self._by_end[0][0] <= now:
            _, number, pki_id = heapq.heappop(self._by_end)
            if self._is_aging(number, pki_id):
                expired.append(self._by_use[pki_id])
        return expired

    def list_unused(self, now: datetime, threshold_s: float) -> list[Entry]:
        """Every entry that was not used for longer than the threshold.

        After the clock was set back, entries used in what is now the future count as used now: otherwise they would
        stay until the clock has caught up.
        """
        if now < self._seen_at:
            for entry in self._by_use.values():
                entry.used_at = min(entry.used_at, now)
        self._seen_at = now
        unused: list[Entry] = []
        for entry in self._by_use.values():
            if entry is self._own:
                continue
            if (now - entry.used_at).total_seconds() <= threshold_s:
                break
            unused.append(entry)
        return unused

    def find_next_end(self) -> datetime | None:
        """When the next entry ends, our own apart."""
        while self._by_end and not self._is_aging(*self._by_end[0][1:]):
            heapq.heappop(self._by_end)
        return self._by_end[0][0] if self._by_end else None

    def _note_end(self, entry: Entry) -> None:
        if entry.expires_at is not None:
            entry.number = next(self._sequence)
            heapq.heappush(self._by_end, (entry.expires_at, entry.number, entry.pki_id))

    def _is_aging(self, number: int, pki_id: PkiId) -> bool:
        entry = self._by_use.get(pki_id)
        return entry is not None and entry is not self._own and entry.number == number

    def _clear_stale_ends(self) -> None:
        if len(self._by_end) > 2 * len(self._by_use) + STALE_EXPIRIES:
            self._by_end = [end for end in self._by_end if self._is_aging(*end[1:])]
            heapq.heapify(self._by_end)

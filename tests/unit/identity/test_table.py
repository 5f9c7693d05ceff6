"""The pure table: order of use, order of ends, and no growth from those that left."""

from datetime import UTC, datetime, timedelta

from gossip.identity.entry import Entry
from gossip.identity.table import IdentityTable
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId

NOW = datetime(2026, 1, 1, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)


def entry_of(name: str, ends_in_s: float | None = None, used_at: datetime = NOW) -> Entry:
    expires_at = None if ends_in_s is None else NOW + timedelta(seconds=ends_in_s)
    return Entry(PkiId(name.encode()), PeerIdentityType(b"identity"), OrgIdentityType(b"org"), expires_at, used_at)


def table_of(*entries: Entry) -> IdentityTable:
    table = IdentityTable(entry_of("own", ends_in_s=-1))
    for entry in entries:
        table.add(entry)
    return table


def test_ends_come_in_their_order_and_once() -> None:
    late, never, early = entry_of("late", 20), entry_of("never"), entry_of("early", 10)
    table = table_of(late, never, early)
    assert table.find_next_end() == early.expires_at
    assert table.list_expired(NOW + 9 * A_SECOND) == []
    assert table.list_expired(NOW + 20 * A_SECOND) == [early, late]
    assert table.list_expired(NOW + 20 * A_SECOND) == []
    assert table.find_next_end() is None


def test_end_of_one_that_left_is_no_end() -> None:
    left, stays = entry_of("left", 10), entry_of("stays", 20)
    table = table_of(left, stays)
    assert table.remove(left)
    assert not table.remove(left)
    assert table.find_next_end() == stays.expires_at
    again = entry_of("left", 30)
    table.add(again)
    assert table.list_expired(NOW + 60 * A_SECOND) == [stays, again]


def test_own_entry_neither_ends_nor_ages_nor_leaves() -> None:
    table = table_of()
    own = table.own
    assert table.list_expired(NOW + A_SECOND) == []
    assert table.list_unused(NOW + timedelta(days=1), 1) == []
    assert table.list_surplus(0, 0, table) == []
    assert not table.remove(own)
    assert list(table) == [own]


def test_replaced_own_entry_ages_from_then_on() -> None:
    other = entry_of("other", 50)
    table = table_of(other)
    former = table.own
    table.set_own(entry_of("other"), NOW + 5 * A_SECOND)
    assert table.own is other
    assert former.used_at == NOW + 5 * A_SECOND
    assert table.find_next_end() == former.expires_at
    assert table.list_expired(NOW + 60 * A_SECOND) == [former]


def test_identities_leave_until_the_others_are_short_enough() -> None:
    first, second, third = (entry_of(name) for name in ("first", "second", "third"))
    table = table_of(first, second, third)
    assert table.size_bytes == sum(len(entry.identity) for entry in table)
    assert table.list_surplus(4, table.size_bytes - 1, table) == [first]
    assert table.list_surplus(4, table.size_bytes - len(first.identity) - 1, table) == [first, second]
    table.remove(second)
    assert table.size_bytes == sum(len(entry.identity) for entry in table)
    table.set_own(entry_of("new"), NOW)
    table.set_own(third, NOW)
    assert table.size_bytes == sum(len(entry.identity) for entry in table)


def test_least_used_come_first() -> None:
    first, second, third = (entry_of(name) for name in ("first", "second", "third"))
    table = table_of(first, second, third)
    assert table.use(first.pki_id, NOW + A_SECOND) is first
    assert table.use(PkiId(b"nobody"), NOW) is None
    assert table.list_surplus(2, table.size_bytes, table) == [second, third]
    assert table.list_surplus(4, table.size_bytes, table) == []
    assert table.list_unused(NOW + 4 * A_SECOND, 3) == [second, third]


def test_a_use_in_what_turns_out_to_be_the_future_counts_as_use_when_that_is_seen() -> None:
    """However it came about, and though others were used at the right time since."""
    tomorrow = NOW + timedelta(days=1)
    first, stored = entry_of("first", used_at=NOW - 5 * A_SECOND), entry_of("stored", used_at=tomorrow)
    table = table_of(first, stored, other := entry_of("other"))
    assert table.list_unused(NOW, 10) == []
    assert table.list_unused(NOW + 6 * A_SECOND, 10) == [first]
    assert table.list_unused(NOW + 11 * A_SECOND, 10) == [first, stored, other]
    table.use(stored.pki_id, tomorrow)
    table.use(other.pki_id, NOW + 20 * A_SECOND)
    assert table.list_unused(NOW + 20 * A_SECOND, 10) == [first]
    assert table.list_unused(NOW + 31 * A_SECOND, 10) == [first, stored, other]


def test_comings_and_goings_leave_nothing_behind() -> None:
    table = table_of(entry_of("stays", 10_000))
    for number in range(10_000):
        passing = entry_of(f"passing {number}", 5_000)
        table.add(passing)
        table.remove(passing)
    assert len(table._by_end) < 200
    assert table.find_next_end() == NOW + 10_000 * A_SECOND


def test_no_identity_stays_whose_entry_has_left() -> None:
    gone = []

    class Watched(bytes):
        """An identity that tells when nobody has it any more."""

        def __del__(self) -> None:
            gone.append(self)

    entry = entry_of("left", 10)
    entry.identity = PeerIdentityType(Watched(b"long"))
    table = table_of(entry)
    table.remove(entry)
    del entry
    assert gone == [b"long"]


def test_ends_stay_in_their_order_when_those_that_left_are_cleared_out() -> None:
    """What is left of a heap need not be one."""
    staying = [entry_of(f"staying {end}", end) for end in range(90, 10, -10)]
    passing = [entry_of(f"passing {number}", 5) for number in range(len(staying) + 67)]
    table = table_of(*staying, *passing)
    for entry in passing:
        table.remove(entry)
    assert len(table._by_end) == len(staying), "they were cleared out when the last one left"
    assert table.find_next_end() == NOW + 20 * A_SECOND
    assert table.list_expired(NOW + 60 * A_SECOND) == staying[:2:-1]

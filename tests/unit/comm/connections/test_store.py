"""Which of a peer's connections is sent on, and what becomes of the others."""

import pytest

from gossip.comm.connections.connection import Connection
from gossip.comm.connections.store import MAX_RETIRED, ConnectionStore, Displaced
from gossip.types import PkiId
from tests.support.connections import info_of, quiet_connection
from tests.support.virtual_time import run_virtual

SETTLE_S = 2.0
BOB = info_of("bob").pki_id
LOWER, HIGHER = PkiId(b""), PkiId(b"\xff" * 33)


def incoming() -> Connection:
    return quiet_connection("bob")


def outgoing() -> Connection:
    return quiet_connection("bob", outgoing=True)


def test_the_first_connection_is_sent_on() -> None:
    async def main() -> None:
        store, first = ConnectionStore(LOWER, SETTLE_S), incoming()
        assert store.add(first, 0) == Displaced(first)
        assert store.find(BOB) is first
        assert store.find(info_of("ann").pki_id) is None
        assert (len(store), list(store)) == (1, [first])

    run_virtual(main())


@pytest.mark.parametrize("own_pki_id", [LOWER, HIGHER])
@pytest.mark.parametrize("is_outgoing", [True, False])
def test_of_two_in_one_direction_the_newer_stays(own_pki_id: PkiId, is_outgoing: bool) -> None:
    async def main() -> None:
        store = ConnectionStore(own_pki_id, SETTLE_S)
        old, new = (quiet_connection("bob", outgoing=is_outgoing) for _ in range(2))
        store.add(old, 0)
        assert store.add(new, 0) == Displaced(new, retired=old)
        assert store.of(BOB) == [new, old]

    run_virtual(main())


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.parametrize("own_pki_id", [LOWER, HIGHER])
def test_of_two_simultaneous_ones_we_send_on_our_own(own_pki_id: PkiId, ours_first: bool) -> None:
    """A Fabric peer keeps what comes in, so it keeps ours."""

    async def main() -> None:
        store, ours, theirs = ConnectionStore(own_pki_id, SETTLE_S), outgoing(), incoming()
        first, second = (ours, theirs) if ours_first else (theirs, ours)
        store.add(first, 0)
        assert store.add(second, SETTLE_S - 0.1) == Displaced(ours, retired=theirs)
        assert store.find(BOB) is ours
        assert store.outranks(BOB) is (own_pki_id is HIGHER)

    run_virtual(main())


def test_one_that_comes_while_we_dial_waits_for_ours() -> None:
    async def main() -> None:
        store, ours, theirs, again = ConnectionStore(HIGHER, SETTLE_S), outgoing(), incoming(), incoming()
        assert store.add(theirs, 0, is_dialled=True) == Displaced(None)
        assert (store.find(BOB), store.of(BOB), len(store)) == (None, [theirs], 1)
        assert store.add(again, 1, is_dialled=True) == Displaced(None)
        assert store.of(BOB) == [again, theirs]
        assert store.add(ours, 2, is_dialled=True) == Displaced(ours, retired=again)
        assert store.of(BOB) == [ours, again, theirs]

    run_virtual(main())


def test_one_that_ends_while_it_waits_leaves_nothing() -> None:
    async def main() -> None:
        store, theirs = ConnectionStore(HIGHER, SETTLE_S), incoming()
        store.add(theirs, 0, is_dialled=True)
        assert store.discard(theirs)
        assert len(store) == 0

    run_virtual(main())


def test_of_two_that_wait_one_may_end_unnoticed() -> None:
    async def main() -> None:
        store, first, second = ConnectionStore(HIGHER, SETTLE_S), incoming(), incoming()
        store.add(first, 0, is_dialled=True)
        store.add(second, 0, is_dialled=True)
        assert not store.discard(first)
        assert store.of(BOB) == [second]

    run_virtual(main())


def test_a_retired_or_waiting_one_can_take_over() -> None:
    async def main() -> None:
        store, ours, theirs = ConnectionStore(LOWER, SETTLE_S), outgoing(), incoming()
        store.add(theirs, 0, is_dialled=True)
        assert store.change_over(theirs) is None
        assert store.find(BOB) is theirs
        assert store.add(ours, 1) == Displaced(ours, retired=theirs)
        assert store.change_over(theirs) is ours
        assert store.of(BOB) == [theirs, ours]
        ours.close()
        assert store.change_over(ours) is None, "it is closed"
        assert store.change_over(incoming()) is None, "it is nobody's"
        assert store.find(BOB) is theirs

    run_virtual(main())


def test_an_incoming_one_that_comes_later_is_no_longer_simultaneous() -> None:
    async def main() -> None:
        store, ours, theirs = ConnectionStore(HIGHER, SETTLE_S), outgoing(), incoming()
        store.add(ours, 0)
        assert store.add(theirs, SETTLE_S) == Displaced(theirs, retired=ours)

    run_virtual(main())


def test_a_closed_one_gives_way_whoever_dialled() -> None:
    async def main() -> None:
        store, ours, theirs = ConnectionStore(HIGHER, SETTLE_S), outgoing(), incoming()
        store.add(ours, 0)
        ours.close()
        assert store.add(theirs, 0).current is theirs

    run_virtual(main())


def test_one_too_many_supersedes_the_first_that_was_retired() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        first, *others, last = (incoming() for _ in range(MAX_RETIRED + 2))
        for each in (first, *others):
            assert store.add(each, 0).superseded is None
        assert store.add(last, 0) == Displaced(last, retired=others[-1], superseded=first)
        assert not store.discard(first), "it is not in the store any more, and takes nobody with it"
        assert store.of(BOB) == [last, *reversed(others)]

    run_virtual(main())


def test_the_retired_one_comes_back_when_the_other_one_dies() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        old, new = incoming(), incoming()
        store.add(old, 0)
        store.add(new, 0)
        assert not store.discard(new)
        assert store.find(BOB) is old
        assert store.discard(old)
        assert (store.find(BOB), len(store)) == (None, 0)

    run_virtual(main())


def test_a_retired_one_that_is_closed_does_not_come_back() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        old, new = incoming(), incoming()
        store.add(old, 0)
        store.add(new, 0)
        old.close()
        assert store.discard(new)
        assert store.find(BOB) is None
        assert not store.discard(old)

    run_virtual(main())


def test_a_retired_one_leaves_unnoticed() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        old, new = incoming(), incoming()
        store.add(old, 0)
        store.add(new, 0)
        assert not store.discard(old)
        assert store.of(BOB) == [new]

    run_virtual(main())


def test_those_that_take_leave_are_found_until_they_have() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        leaving, current = incoming(), incoming()
        store.add(leaving, 0)
        store.add(current, 0)
        leaving.close()
        assert store.discard(current), "nobody leads there any more"
        assert (store.find(BOB), store.of(BOB)) == (None, [leaving])
        assert not store.discard(leaving), "that was said"
        assert len(store) == 0

    run_virtual(main())


@pytest.mark.parametrize("waits", [False, True])
def test_a_new_one_beside_one_that_takes_leave_can_be_lost_again(waits: bool) -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        leaving, current, again = incoming(), incoming(), incoming()
        store.add(leaving, 0)
        store.add(current, 0)
        leaving.close()
        store.discard(current)
        assert store.add(again, 0, is_dialled=waits).current is (None if waits else again)
        assert not store.discard(leaving)
        assert store.discard(again)

    run_virtual(main())


def test_of_several_retired_ones_the_last_that_is_open_comes_back() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        first, second, third, last = (incoming() for _ in range(4))
        for each in (first, second, third, last):
            store.add(each, 0)
        third.close()
        assert not store.discard(last)
        assert store.of(BOB) == [second, third, first]

    run_virtual(main())


def test_what_came_back_is_not_taken_for_a_fresh_one() -> None:
    async def main() -> None:
        store = ConnectionStore(HIGHER, SETTLE_S)
        old, new, redialled = outgoing(), outgoing(), incoming()
        store.add(old, 0)
        store.add(new, 100)
        store.discard(new)
        assert store.add(redialled, 101).current is redialled

    run_virtual(main())

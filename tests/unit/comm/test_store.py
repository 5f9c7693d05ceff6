"""Which of a peer's connections is sent on, and what becomes of the others."""

import pytest

from gossip.comm.connection import Connection
from gossip.comm.store import ConnectionStore, Displaced
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
@pytest.mark.parametrize(("own_pki_id", "ours_stays"), [(LOWER, False), (HIGHER, True)])
def test_of_two_simultaneous_ones_the_higher_peers_stays(own_pki_id: PkiId, ours_stays: bool, ours_first: bool) -> None:
    async def main() -> None:
        store, ours, theirs = ConnectionStore(own_pki_id, SETTLE_S), outgoing(), incoming()
        first, second = (ours, theirs) if ours_first else (theirs, ours)
        stays, goes = (ours, theirs) if ours_stays else (theirs, ours)
        store.add(first, 0)
        assert store.add(second, SETTLE_S - 0.1) == Displaced(stays, retired=goes)
        assert store.find(BOB) is stays
        assert store.outranks(BOB) is ours_stays

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


def test_a_third_one_supersedes_the_retired_one() -> None:
    async def main() -> None:
        store = ConnectionStore(LOWER, SETTLE_S)
        first, second, third = incoming(), incoming(), incoming()
        store.add(first, 0)
        store.add(second, 0)
        assert store.add(third, 0) == Displaced(third, retired=second, superseded=first)
        assert not store.discard(first), "it is not in the store any more, and takes nobody with it"
        assert store.of(BOB) == [third, second]

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


def test_what_came_back_is_not_taken_for_a_fresh_one() -> None:
    async def main() -> None:
        store = ConnectionStore(HIGHER, SETTLE_S)
        old, new, redialled = outgoing(), outgoing(), incoming()
        store.add(old, 0)
        store.add(new, 100)
        store.discard(new)
        assert store.add(redialled, 101).current is redialled

    run_virtual(main())

"""How often a storm repeats its fault, and how the endings are counted."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from gossip.misbehave.attacker import Attacker
from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.ending import CUT, End, Ending, status
from gossip.misbehave.fault import Fault
from gossip.misbehave.run import MAX_KINDS, Storm, storm
from tests.support.attacked import attacker_on
from tests.support.virtual_time import run_virtual


def fault_of(run: Callable[[Attacker], Awaitable[Ending]]) -> Fault:
    """One that is done, and ends, as said."""
    return replace(FAULTS["ping-flood"], run=run)


def lasting(seconds: float) -> Fault:
    """One after which we are cut off when so much time has passed."""

    async def run(attacker: Attacker) -> Ending:
        await asyncio.sleep(seconds)
        return CUT

    return fault_of(run)


def storm_of(fault: Fault, attackers: int) -> Storm:
    """What became of a fault that they let happen for one virtual second."""
    return run_virtual(storm([attacker_on("127.0.0.1:1")] * attackers, fault, duration_s=1.0))


def test_each_attacker_repeats_the_fault_until_the_time_is_over() -> None:
    outcome = storm_of(lasting(0.3), attackers=5)
    assert outcome.endings == {CUT: 5 * 3}, "the fourth attempt of each is broken off"
    assert outcome.first_took_s == 0.3


def test_the_first_ending_is_waited_for_however_late() -> None:
    outcome = storm_of(lasting(2.5), attackers=1)
    assert outcome.endings == {CUT: 1}
    assert outcome.first_took_s == 2.5


def test_who_cannot_connect_tries_a_hundred_times_a_second_and_is_counted_so() -> None:
    async def run(attacker: Attacker) -> Ending:
        raise attacker.dial_error("TCP connect", "refused")

    outcome = storm_of(fault_of(run), attackers=1)
    assert outcome.first_took_s is None
    assert str(outcome.refusal) == str(attacker_on("127.0.0.1:1").dial_error("TCP connect", "refused"))
    assert list(outcome.endings) == [Ending(End.UNREACHABLE, "TCP connect", "refused")]
    assert 90 < outcome.attempts <= 101


def test_endings_beyond_a_bound_are_told_apart_no_more() -> None:
    storm = Storm()
    expected = status("UNKNOWN", "refused")
    for number in range(MAX_KINDS):
        storm.count(Ending(End.RESET, f"error code {number}"), expected)
    storm.count(Ending(End.RESET, "error code 0"), expected)
    assert (len(storm.endings), storm.endings[Ending(End.RESET, "error code 0")]) == (MAX_KINDS, 2)

    for number in range(10):
        storm.count(status("UNKNOWN", f"{number} was refused"), expected)
        storm.count(status("UNKNOWN", f"{number} was not"), expected)
        storm.count(CUT, expected)
    assert storm.endings[expected] == storm.endings[Ending(End.STATUS)] == storm.endings[CUT] == 10
    assert len(storm.endings) == MAX_KINDS + 3

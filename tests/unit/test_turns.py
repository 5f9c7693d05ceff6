"""Turns: who waits, in which order, and what a round may take."""

import asyncio
import socket
import tracemalloc
from collections.abc import Callable
from io import BytesIO

import pytest

from gossip import turns as module
from gossip.turns import ALONE_S, AT_ONCE_S, COURTESY_S, ROUND_S, Turns, free_in_turns, shared_turns
from tests.support.bounded import run_bounded

FREED_AT_ONCE_BYTES = 1024 * 1024


class Watch:
    """The clock of turns, and work that takes time on it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.done: list[str] = []

    def __call__(self) -> float:
        return self.now_s

    def work(self, name: str, took_s: float) -> Callable[[], None]:
        """Work that is noted when it is done."""

        def do() -> None:
            self.now_s += took_s
            self.done.append(name)

        return do


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The clock, put in the place of the real one."""
    watch = Watch()
    monkeypatch.setattr(module, "perf_counter", watch)
    return watch


async def a_round() -> None:
    """The first round comes at the end of the loop's next one."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_work_is_done_at_once_while_the_round_has_time(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        assert turns.take(watch.work("a", ROUND_S / 2))
        assert turns.take(watch.work("b", ROUND_S))
        assert not turns.take(watch.work("c", 0))
        assert watch.done == ["a", "b"]
        await a_round()
        assert turns.take(watch.work("d", 0))
        assert watch.done == ["a", "b", "d"]

    asyncio.run(main())


def test_what_sockets_bring_comes_before_turns(watch: Watch) -> None:
    """A known peer that wrote while somebody had a turn shall not wait for the next turn too."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        turns = Turns(loop)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            loop.add_reader(ours, watch.work("known peer", 0))
            turns.wait(watch.work("stranger", 0))
            theirs.send(b"x")
            await a_round()
            loop.remove_reader(ours)
        assert watch.done[:2] == ["known peer", "stranger"]

    asyncio.run(main())


def test_nobody_goes_before_one_who_waits(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        turns.wait(watch.work("first", 0))
        assert not turns.take(watch.work("second", 0))
        await a_round()
        assert watch.done == ["first"]
        assert turns.take(watch.work("second", 0))

    asyncio.run(main())


def test_turns_are_longer_until_two_wait(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        lengths = []
        for name in "abc":
            lengths.append(turns.length_s)
            turns.wait(watch.work(name, 0))
        await a_round()
        assert [*lengths, turns.length_s] == [ALONE_S, ALONE_S, AT_ONCE_S, ALONE_S]

    asyncio.run(main())


def test_a_round_ends_so_that_the_loop_gets_its_turn(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        for name in "abcde":
            turns.wait(watch.work(name, ROUND_S * 0.6))
        await asyncio.sleep(0)
        seen = []
        for _ in range(3):
            await asyncio.sleep(0)
            seen.append("".join(watch.done))
        assert seen == ["ab", "abcd", "abcde"]

    asyncio.run(main())


def test_a_known_peer_is_let_pass_once_between_two_turns(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        for name in "ab":
            turns.wait(watch.work(name, 2 * ROUND_S))
        await asyncio.sleep(0)
        turns.hold_back()
        watch.now_s += COURTESY_S / 2
        turns.hold_back()
        await asyncio.sleep(0)
        assert watch.done == []
        watch.now_s += COURTESY_S / 2
        await asyncio.sleep(0)
        assert watch.done == ["a"], "it was let pass once, not twice"
        turns.hold_back()
        await asyncio.sleep(0)
        assert watch.done == ["a"]
        watch.now_s += COURTESY_S
        await asyncio.sleep(0)
        assert watch.done == ["a", "b"]

    asyncio.run(main())


def test_nothing_begins_while_a_known_peer_passes(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        for _ in range(2):
            turns.hold_back()
            assert not turns.take(watch.work("a", 0)), "nobody waited, so nobody waits too long"
            watch.now_s += COURTESY_S
        assert turns.take(watch.work("a", 0))

    asyncio.run(main())


def test_who_fails_holds_up_nobody(watch: Watch) -> None:
    def fail() -> None:
        raise ValueError("not today")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        heard: list[object] = []
        loop.set_exception_handler(lambda _, context: heard.append(context["exception"]))
        turns = Turns(loop)
        turns.wait(fail)
        turns.wait(watch.work("a", ROUND_S))
        turns.wait(watch.work("b", ROUND_S))
        for _ in range(3):
            await a_round()
        assert watch.done == ["a", "b"]
        assert [str(error) for error in heard] == ["not today"]
        await a_round()
        with pytest.raises(ValueError, match="not today"):
            turns.take(fail)
        await a_round()
        assert turns.take(watch.work("c", 0))

    run_bounded(main)


def test_of_those_who_work_long_one_goes_on_in_a_round(watch: Watch) -> None:
    async def main() -> None:
        turns = Turns(asyncio.get_running_loop())
        gone_on: list[str] = []

        async def work_long(name: str) -> None:
            await turns.turn()
            gone_on.append(name)

        async with asyncio.TaskGroup() as group:
            first, second, third = (group.create_task(work_long(name)) for name in "abc")
            await a_round()
            second.cancel()
            seen = []
            while not third.done():
                await asyncio.sleep(0)
                seen.append("".join(gone_on))
            assert first.done()
            assert seen == ["a", "ac"], "who was cancelled takes nobody's turn"

    asyncio.run(main())


def test_one_loop_has_one_set_of_turns_and_another_loop_its_own() -> None:
    async def main() -> Turns:
        assert shared_turns() is shared_turns()
        return shared_turns()

    first, second = asyncio.run(main()), asyncio.run(main())
    assert first is not second


def test_memory_is_freed_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(Turns, "wait", lambda _, work: waiting.append(work))

    async def main() -> None:
        tracemalloc.start()
        memory = BytesIO(bytes(2 * FREED_AT_ONCE_BYTES + 1))
        free_in_turns(memory)
        kept = [tracemalloc.get_traced_memory()[0]]
        while waiting:
            waiting.pop()()
            kept.append(tracemalloc.get_traced_memory()[0])
        assert [round(each / FREED_AT_ONCE_BYTES, 1) for each in kept] == [1, 0, 0]

    try:
        asyncio.run(main())
    finally:
        tracemalloc.stop()

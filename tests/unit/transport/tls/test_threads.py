"""In threads, steps of TLS handshakes take turns by address, and nobody waits who need not."""

import asyncio
import os
import ssl
import sys
import threading
from typing import cast

import pytest

from gossip.transport.tls import threads as module
from gossip.transport.tls.courteous_thread import NICENESS
from gossip.transport.tls.steps import Steps
from gossip.transport.tls.threads import Waiting, thread_of
from tests.support.bounded import run_bounded

SMALL_BYTES = 2304
LONG_S = 0.003
HERE, THERE = "192.0.2.1", "192.0.2.2"
REFUSED = ssl.SSLError("refused")


def own_niceness() -> int:
    """Of the thread that asks."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


class Slow:
    """A handshake whose step ends when the test says so."""

    def __init__(self, *, may_end: bool = False, server_side: bool = True) -> None:
        self.server_side = server_side
        self.may_end = threading.Event()
        if may_end:
            self.may_end.set()

    def do_handshake(self) -> None:
        assert self.may_end.wait(timeout=10)


class Processor:
    """What was used of it."""

    used_s = 0.0


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Processor:
    """What steps seem to take."""
    processor = Processor()
    monkeypatch.setattr(module, "thread_time", lambda: processor.used_s)
    return processor


class Ending:
    """A handshake whose step takes so long of a processor, and ends so."""

    server_side = True

    def __init__(self, processor: Processor, took_s: float, error: Exception | None) -> None:
        self._processor = processor
        self._took_s = took_s
        self._error = error

    def do_handshake(self) -> None:
        self._processor.used_s += self._took_s
        if self._error is not None:
            raise self._error


class Ends:
    """Which steps have ended, in order."""

    def __init__(self, count: int) -> None:
        self.names: list[str] = []
        self.all = asyncio.Event()
        self._count = count

    def take(self, steps: Steps, tls: object, name: str, address: str | None, said_bytes: int = SMALL_BYTES) -> Waiting:
        """Have a step taken."""
        return steps.take_in_thread(cast("ssl.SSLObject", tls), said_bytes, address, lambda _: self._ended(name))

    def _ended(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._count:
            self.all.set()


@pytest.mark.parametrize("said_bytes", [1, SMALL_BYTES + 1])
def test_who_is_dialled_need_not_wait_for_those_who_come_in(said_bytes: int) -> None:
    async def main() -> None:
        comes_in, dialled, slow = Ends(1), Ends(1), Slow()
        comes_in.take(Steps(), slow, "comes in", HERE, said_bytes)
        dialled.take(Steps(), Slow(may_end=True, server_side=False), "dialled", HERE, said_bytes)
        try:
            await dialled.all.wait()
            assert comes_in.names == []
        finally:
            slow.may_end.set()
        await comes_in.all.wait()

    run_bounded(main, limit_s=5)


def test_small_certificates_do_not_wait_for_large_ones() -> None:
    async def main() -> None:
        steps, slow, large, small = Steps(), Slow(), Ends(1), Ends(1)
        large.take(steps, slow, "large", HERE, SMALL_BYTES + 1)
        small.take(steps, Slow(may_end=True), "small", HERE)
        try:
            await small.all.wait()
            assert large.names == []
        finally:
            slow.may_end.set()

    run_bounded(main, limit_s=5)


def test_addresses_take_turns() -> None:
    async def main() -> None:
        steps, slow, ends = Steps(), Slow(), Ends(6)
        ends.take(steps, slow, "here 1", HERE)
        for number in (2, 3, 4):
            ends.take(steps, Slow(may_end=True), f"here {number}", HERE)
        for number in (1, 2):
            ends.take(steps, Slow(may_end=True), f"there {number}", THERE)
        slow.may_end.set()
        await ends.all.wait()
        assert ends.names == ["here 1", "there 1", "here 2", "there 2", "here 3", "here 4"]

    run_bounded(main, limit_s=5)


def test_who_is_given_up_keeps_nobody_waiting() -> None:
    async def main() -> None:
        steps, slow, never, ends = Steps(), Slow(), Slow(), Ends(2)
        ends.take(steps, slow, "first", HERE)
        given_up = ends.take(steps, never, "given up", HERE)
        ends.take(steps, Slow(may_end=True), "last", HERE)
        given_up.give_up(lambda: ends.names.append("never taken"))
        slow.may_end.set()
        await ends.all.wait()
        assert ends.names == ["first", "last"]

    run_bounded(main, limit_s=5)


@pytest.mark.parametrize("server_side", [True, False])
def test_what_waits_behind_a_good_certificate_is_taken_on_the_loop(server_side: bool) -> None:
    """As is what comes later; a thread of the lowest priority would let a crowd from one address be too late."""
    took: list[threading.Thread] = []

    class Noting(Slow):
        def do_handshake(self) -> None:
            super().do_handshake()
            took.append(threading.current_thread())

    async def main() -> None:
        steps, first, all_ended = Steps(), Noting(server_side=server_side), asyncio.Event()

        def good(_: ssl.SSLError | None) -> None:
            steps.stood(HERE)

        def ended(_: ssl.SSLError | None) -> None:
            if len(took) == 3:
                all_ended.set()

        for tls, done in ((first, good), *((Noting(may_end=True, server_side=server_side), ended),) * 2):
            steps.take_in_thread(cast("ssl.SSLObject", tls), SMALL_BYTES, HERE, done)
        first.may_end.set()
        await all_ended.wait()

    run_bounded(main, limit_s=5)
    assert [thread is threading.main_thread() for thread in took] == [False, True, True]


def test_a_costly_one_on_the_loop_sends_those_behind_it_back_to_the_thread(processor: Processor) -> None:
    async def main() -> list[bool]:
        steps, slow, ends, here = Steps(), Slow(), Ends(2), list[bool]()

        class Costly(Ending):
            def do_handshake(self) -> None:
                here.append(threading.current_thread() is threading.main_thread())
                super().do_handshake()

        steps.take_in_thread(cast("ssl.SSLObject", slow), SMALL_BYTES, HERE, lambda _: steps.stood(HERE))
        ends.take(steps, Costly(processor, LONG_S * 2, REFUSED), "costly", HERE)
        ends.take(steps, Costly(processor, 0.0, REFUSED), "behind", HERE)
        slow.may_end.set()
        await ends.all.wait()
        return here

    here: list[bool] = []

    async def run() -> None:
        here.extend(await main())

    run_bounded(run, limit_s=5)
    assert here == [True, False]


@pytest.mark.parametrize(
    ("took_s", "error", "rest_s"),
    [
        (LONG_S, REFUSED, None),
        (LONG_S * 2, REFUSED, LONG_S * 18),
        (LONG_S * 2, ssl.SSLWantReadError(), None),
        (LONG_S * 2, None, None),
    ],
)
def test_after_a_costly_step_its_address_rests_nine_times_as_long(
    took_s: float, error: Exception | None, rest_s: float | None, processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        loop, rests = asyncio.get_running_loop(), []
        call_later = loop.call_later

        def note(delay_s: float, *args: object) -> asyncio.TimerHandle:
            if args[1:] == (HERE,):
                rests.append(delay_s)
                return call_later(0, *args)  # type: ignore[arg-type]  # whatever it was
            return call_later(delay_s, *args)  # type: ignore[arg-type]

        steps, slow, ends = Steps(), Slow(), Ends(3)
        ends.take(steps, slow, "there 1", THERE)
        ends.take(steps, Ending(processor, took_s, error), "here 1", HERE)
        ends.take(steps, Slow(may_end=True), "here 2", HERE)
        monkeypatch.setattr(loop, "call_later", note)
        slow.may_end.set()
        await ends.all.wait()
        assert ends.names == ["there 1", "here 1", "here 2"]
        assert rests == ([] if rest_s is None else [pytest.approx(rest_s)])

    run_bounded(main, limit_s=5)


def test_while_an_address_rests_others_do_not(processor: Processor) -> None:
    async def main() -> None:
        steps, costly, ends = Steps(), Ends(1), Ends(1)
        costly.take(steps, Ending(processor, 100.0, REFUSED), "costly", HERE)
        await costly.all.wait()
        ends.take(steps, Slow(may_end=True), "here", HERE)
        ends.take(steps, Slow(may_end=True), "there", THERE)
        await ends.all.wait()
        assert ends.names == ["there"]

    run_bounded(main, limit_s=5)


def test_what_a_step_stumbles_over_is_heard_and_the_next_is_taken(processor: Processor) -> None:
    async def main() -> None:
        heard: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context.get("exception")))
        steps, ends, bug = Steps(), Ends(1), RuntimeError("broken")
        ends.take(steps, Ending(processor, 0.0, bug), "broken", HERE)
        ends.take(steps, Slow(may_end=True), "sound", HERE)
        await ends.all.wait()
        assert (ends.names, heard) == (["sound"], [bug])

    run_bounded(main, limit_s=5)


def test_a_thread_that_could_not_start_keeps_no_address_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def main() -> None:
        steps, ends = Steps(), Ends(1)
        with monkeypatch.context() as full:
            full.setattr(threading.Thread, "start", start)
            with pytest.raises(RuntimeError):
                ends.take(steps, Slow(may_end=True), "first", HERE)
        ends.take(steps, Slow(may_end=True), "second", HERE)
        await ends.all.wait()
        assert ends.names == ["second"]

    monkeypatch.setattr(os, "getpid", lambda: -1)  # whose threads have not started yet
    run_bounded(main, limit_s=5)


def test_what_waits_in_a_loop_that_ended_keeps_nobody_waiting_in_the_next(processor: Processor) -> None:
    steps = Steps()

    async def cut_off() -> None:
        ends = Ends(1)
        ends.take(steps, Ending(processor, 100.0, REFUSED), "costly", HERE)
        await ends.all.wait()
        ends.take(steps, Slow(may_end=True), "waits", HERE)

    async def main() -> None:
        ends = Ends(1)
        ends.take(steps, Slow(may_end=True), "next", HERE)
        await ends.all.wait()

    run_bounded(cut_off)
    run_bounded(main, limit_s=5)


def test_threads_are_those_of_this_process_and_of_one_kind_of_step_each() -> None:
    kinds = [(process, side, small) for process in (1, 2) for side in (True, False) for small in (True, False)]
    assert len({thread_of(*kind) for kind in kinds}) == len(kinds)
    assert thread_of(1, True, True) is thread_of(1, True, True)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no niceness of its own")
def test_a_step_that_takes_long_lets_the_loop_go_first_and_no_other() -> None:
    """As soon as another program keeps the machine busy, a peer that waits for a thread that does is too late."""
    niceness: list[int] = []

    class Short(Slow):
        def do_handshake(self) -> None:
            niceness.append(own_niceness())

    class Long(Slow):
        def do_handshake(self) -> None:
            while own_niceness() != NICENESS and not self.may_end.is_set():
                pass
            niceness.append(own_niceness())

    async def main() -> None:
        steps, long = Steps(), Long()
        for tls, name in ((Short(), "short"), (long, "long"), (Short(), "short again")):
            ends = Ends(1)
            ends.take(steps, tls, name, HERE)
            try:
                await ends.all.wait()
            except asyncio.CancelledError:  # nobody looked
                long.may_end.set()
                raise

    run_bounded(main, limit_s=5)
    assert niceness == [own_niceness(), NICENESS, own_niceness()]

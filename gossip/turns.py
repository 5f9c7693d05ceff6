"""Lets connections take turns, so that those that make us work much do not hold up those that do not."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from io import SEEK_END, BytesIO
from time import perf_counter

ROUND_S = 0.0001
"""How long turns may take between two looks at who else wants something. One turn more may begin before it is over."""
COURTESY_S = 0.0005
"""How long turns are delayed when a known peer says something: an answer takes several rounds of the loop."""
AT_ONCE_S = 0.0003
"""After so long of one connection's records, or of its messages, the others get their turn."""
ALONE_S = 0.001
"""The same while next to nobody waits: with turns of this length, one peer alone gets a fifth more of 64 KiB in."""
FREED_AT_ONCE_BYTES = 1024 * 1024


class Turns:
    """Rounds of work of one event loop: what does not fit into a round waits for the next, in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._spent_s = 0.0
        self._next_is_due = False
        self._held_back_until_s = 0.0
        self._was_held_back = False

    def take(self, work: Callable[[], None]) -> bool:
        """Do something now, if nobody waits and there is time left in this round.

        Returns:
            Whether it was done; if not, :meth:`wait`.
        """
        if self._is_taken():
            return False
        try:
            self._do(work)
        finally:
            self._end_round()
        return True

    def wait(self, work: Callable[[], None]) -> None:
        """Do something when all that waits has been done; what it raises, the loop hears of."""
        self._waiting.append(work)
        self._end_round()

    async def turn(self) -> None:
        """Let others do something; of those who wait here, one goes on in each round.

        Cancellation: nothing changes.
        """
        if not self._is_taken():
            self._spent_s = ROUND_S
            self._end_round()
            await asyncio.sleep(0)
            return
        mine = self.loop.create_future()
        self.wait(lambda: self._wake(mine))
        await mine

    @property
    def length_s(self) -> float:
        """How long a turn that begins now may take; one connection may wait twice, to be read and to deliver."""
        return AT_ONCE_S if len(self._waiting) > 1 else ALONE_S

    def hold_back(self) -> None:
        """Delay turns for ``COURTESY_S``, since a known peer has said something short, and its answer comes first.

        Turns that wait are delayed once, and not again before one of them was taken: nobody can keep them waiting.
        """
        if not self._waiting or not self._was_held_back:
            self._was_held_back = True
            self._held_back_until_s = perf_counter() + COURTESY_S

    def _is_taken(self) -> bool:
        return bool(self._waiting) or self._spent_s >= ROUND_S or perf_counter() < self._held_back_until_s

    def _do(self, work: Callable[[], None]) -> None:
        self._was_held_back = False
        started_at_s = perf_counter()
        try:
            work()
        finally:
            self._spent_s += perf_counter() - started_at_s

    def _wake(self, waiter: "asyncio.Future[None]") -> None:
        if not waiter.done():
            waiter.set_result(None)
            self._spent_s = ROUND_S  # what it does is not seen from here

    def _end_round(self) -> None:
        if not self._next_is_due:
            self._next_is_due = True
            self.loop.call_later(0, self._next_round)  # timers come after what sockets bring, call_soon before it

    def _next_round(self) -> None:
        self._next_is_due = False
        self._spent_s = 0.0
        waiting = self._waiting
        if waiting and perf_counter() < self._held_back_until_s:
            self._end_round()
            return
        try:
            while waiting and self._spent_s < ROUND_S:
                self._do(waiting.popleft())
        finally:
            if waiting or self._spent_s >= ROUND_S:
                self._end_round()


class _ThisThread(threading.local):
    turns: Turns | None = None


_this_thread = _ThisThread()


def shared_turns() -> Turns:
    """The turns of the running event loop."""
    loop, turns = asyncio.get_running_loop(), _this_thread.turns
    if turns is None or turns.loop is not loop:
        turns = _this_thread.turns = Turns(loop)
    return turns


def free_in_turns(memory: BytesIO) -> None:
    """Give memory back from its end, a MiB in each turn: the system takes 5 ms to take 100 MiB back."""
    size = memory.truncate(max(0, memory.seek(0, SEEK_END) - FREED_AT_ONCE_BYTES))
    memory.getvalue()  # to truncate alone gives nothing back before half of it is cut off
    if size:
        shared_turns().wait(partial(free_in_turns, memory))

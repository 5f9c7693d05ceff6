"""Lets connections take turns, so that those that make us work much do not hold up those that do not."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import cast

ROUND_S = 0.001
"""How long turns may take between two looks at who else wants something. One turn more may begin before it is over."""

_thread = threading.local()


class Turns:
    """Rounds of work of one event loop: what does not fit into a round waits for the next, in order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: deque[Callable[[], None]] = deque()
        self._spent_s = 0.0
        self._next_is_due = False

    def take(self, work: Callable[[], None]) -> bool:
        """Do something now, if nobody waits and there is time left in this round.

        Returns:
            Whether it was done; if not, :meth:`wait`.
        """
        if self._waiting or self._spent_s >= ROUND_S:
            return False
        started_at_s = perf_counter()
        work()
        self._spent_s += perf_counter() - started_at_s
        self._end_round()
        return True

    def wait(self, work: Callable[[], None]) -> None:
        """Do something when all that waits has been done; it must not raise."""
        self._waiting.append(work)
        self._end_round()

    def _end_round(self) -> None:
        if not self._next_is_due:
            self._next_is_due = True
            self.loop.call_soon(self._next_round)

    def _next_round(self) -> None:
        self._next_is_due = False
        self._spent_s = 0.0
        waiting = self._waiting
        started_at_s = perf_counter()
        while waiting and self._spent_s < ROUND_S:
            waiting.popleft()()
            self._spent_s = perf_counter() - started_at_s
        if waiting:
            self._end_round()


def shared_turns() -> Turns:
    """The turns of the running event loop."""
    loop = asyncio.get_running_loop()
    if getattr(_thread, "turns", None) is None or _thread.turns.loop is not loop:
        _thread.turns = Turns(loop)
    return cast("Turns", _thread.turns)  # thread-local attributes have no type

"""Many waits with a time limit, and one timer: a timer for each costs more than sending the message."""

import asyncio
from collections.abc import Callable

Expire = Callable[[], object]
"""Told that its time is over; it must not raise."""


class Deadlines:
    """What is to happen if it is not discarded in time.

    The timer stands for the earliest deadline that it knew of, so each addition and each discard costs a look at a
    dictionary, and all that waits is looked through only when a time is over.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ends_at_s: dict[Expire, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._ends_at_s)

    def add(self, expire: Expire, timeout_s: float) -> None:
        """Call ``expire`` in so many seconds."""
        ends_at_s = self._loop.time() + timeout_s
        self._ends_at_s[expire] = ends_at_s
        if self._timer is None or ends_at_s < self._timer.when():
            self._stand(ends_at_s)

    def discard(self, expire: Expire) -> None:
        """Do not call it, if that has not happened yet."""
        self._ends_at_s.pop(expire, None)

    def rest(self) -> None:
        """Keep no timer while nothing waits."""
        if self._timer is not None and not self._ends_at_s:
            self._timer.cancel()
            self._timer = None

    def _stand(self, at_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._look)

    def _look(self) -> None:
        now_s = self._loop.time()
        self._timer = None
        for expire in [expire for expire, ends_at_s in self._ends_at_s.items() if ends_at_s <= now_s]:
            del self._ends_at_s[expire]
            expire()
        if self._ends_at_s:
            self._stand(min(self._ends_at_s.values()))

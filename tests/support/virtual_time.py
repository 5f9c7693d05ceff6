"""An event loop whose time jumps to the next timer, so that a day passes in milliseconds; and a wall clock tied to it.

For code without real I/O: a file descriptor is looked at, but never waited for.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)


class DeadlockError(Exception):
    """Every task waits for something that nothing will ever bring about."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its ``time()`` starts at 0 and moves only while nothing is ready: then, at once, to the next timer."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        self.start = start
        self._selector_without_waiting = _JumpingSelector(self)
        super().__init__(self._selector_without_waiting)
        # asyncio takes a timer as due up to its clock's resolution early; the machine's nanosecond is less than a float
        # can add to a time of some months, and such a timer would never be due.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._selector_without_waiting.now_s

    def run_for(self, seconds: float) -> None:
        """Run what becomes due within ``seconds``, from outside of the loop."""
        self.run_until_complete(asyncio.sleep(seconds))


class _JumpingSelector(selectors.DefaultSelector):
    """Where an event loop would wait, advances its time instead."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self.now_s = 0.0
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise DeadlockError(f"nothing is ready and no timer is set; waiting: {_waiting(self._loop)}")
            self.now_s += max(timeout, 0)
        return ready


def _waiting(loop: asyncio.AbstractEventLoop) -> str:
    names = sorted(f"{task.get_name()} in {task.get_coro()!r}" for task in asyncio.all_tasks(loop))
    return ", ".join(names) or "nobody"


class VirtualClock:
    """A wall clock that moves with a virtual loop, and that a test can set; one for each machine that is played."""

    def __init__(self, loop: VirtualTimeLoop | None = None) -> None:
        """Tie a clock to ``loop``, or to the running one."""
        if loop is None:
            running = asyncio.get_running_loop()
            if not isinstance(running, VirtualTimeLoop):
                raise TypeError(f"a VirtualClock needs a VirtualTimeLoop, not a {type(running).__name__}")
            loop = running
        self._loop = loop
        self._offset = timedelta()

    def now(self) -> datetime:
        """The loop's start, the time that passed on it, and every jump."""
        return self._loop.start + timedelta(seconds=self._loop.time()) + self._offset

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop; a jump changes nothing about it.

        Cancellation: nothing is left behind.
        """
        await asyncio.sleep(seconds)

    def jump(self, by: timedelta) -> None:
        """Set the clock forward or back, while no time passes on the loop."""
        self._offset += by


def run_virtual(main: Coroutine[object, None, T], start: datetime = DEFAULT_START) -> T:
    """Run a coroutine in virtual time that begins at ``start``.

    Raises:
        DeadlockError: It would have waited for ever.
        AssertionError: A timer or a callback failed, or a task that nobody waits for.
    """
    unheard: list[dict[str, Any]] = []
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start)) as runner:
        runner.get_loop().set_exception_handler(lambda _, context: unheard.append(context))
        result = runner.run(main)
    assert unheard == [], unheard
    return result

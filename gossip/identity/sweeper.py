"""One task that wakes whenever an identity may have to go."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from gossip.clock import Clock

logger = logging.getLogger("gossip.identity")

MIN_SLEEP_S = 0.001


class Sweeper:
    """Calls ``sweep`` at the next end that it knows of, and at least every ``interval_s`` seconds.

    It sleeps no longer than that, since a wall clock may be set while it sleeps.
    """

    def __init__(self, clock: Clock, sweep: Callable[[], datetime | None], interval_s: float) -> None:
        """Prepare a sweeper that does not run yet.

        Args:
            clock: Whose time the ends are in.
            sweep: Removes what has to go and returns when the next one ends; None when none does.
            interval_s: The longest time between two calls.
        """
        self._clock = clock
        self._sweep = sweep
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None
        self._wakes_at: datetime | None = None

    def start(self) -> None:
        """Begin, on the running event loop; nothing happens when it runs already."""
        if self._task is None:
            self._wake(asyncio.get_running_loop())

    def stop(self) -> None:
        """End. May be called again, and from ``sweep``."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """End, and wait until the task has.

        Cancellation: it ends all the same.
        """
        task = self._task
        self.stop()
        if task is not None:
            await asyncio.wait((task,))

    def notice(self, end_at: datetime) -> None:
        """Wake at ``end_at`` if that is earlier than planned."""
        if self._task is not None and self._wakes_at is not None and end_at < self._wakes_at:
            self._task.cancel()
            self._wake(self._task.get_loop())

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wakes_at = None
        self._task = loop.create_task(self._run(), name="identity sweeper")

    async def _run(self) -> None:
        while True:
            next_end_at = self._sweep_safely()
            now = self._clock.now()
            sleep_s = self._interval_s
            if next_end_at is not None:
                sleep_s = min(sleep_s, max(MIN_SLEEP_S, (next_end_at - now).total_seconds()))
            self._wakes_at = now + timedelta(seconds=sleep_s)
            await self._clock.sleep(sleep_s)

    def _sweep_safely(self) -> datetime | None:
        """Whatever a user's code, which ``sweep`` asks who is in use, raises this time."""
        try:
            return self._sweep()
        except (Exception, asyncio.CancelledError):  # of a future that it asks, say: nobody is cancelled in here
            logger.exception("identities could not be looked through")
            return None

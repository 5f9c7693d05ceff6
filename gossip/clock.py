"""The wall clock, as a thing that is handed in, so that tests decide what time it is.

Time-outs are not here: they run on the event loop's own clock, through :func:`asyncio.timeout`.
"""

import asyncio
from abc import abstractmethod
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What certificates are judged by, and what waits for them to end."""

    @abstractmethod
    def now(self) -> datetime:
        """The time, aware and in UTC; may jump either way between two calls."""
        ...

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``, at once when they are not positive.

        A clock of your own must suspend the task when they are positive, or a loop that waits by it stops everything.

        Cancellation: nothing is left behind.
        """
        ...


class SystemClock:
    """The machine's clock and the running event loop's timer."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop.

        Cancellation: nothing is left behind.
        """
        await asyncio.sleep(seconds)

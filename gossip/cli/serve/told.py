"""What signals tell a peer that is served."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_TO_STOP = (signal.SIGINT, signal.SIGTERM)
_TO_RELOAD = signal.SIGHUP


class Told:
    """Hears signals, in the running event loop: ``to_stop`` is set for good, ``to_reload`` until somebody clears it."""

    def __init__(self) -> None:
        self.to_stop, self.to_reload = asyncio.Event(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._beginning: asyncio.Timeout | None = None
        for number in _TO_STOP:
            self._loop.add_signal_handler(number, self.stop)
        self._loop.add_signal_handler(_TO_RELOAD, self.to_reload.set)

    def stop(self) -> None:
        """Tell it to stop."""
        self.to_stop.set()
        if self._beginning is not None:
            self._beginning.reschedule(self._loop.time())
            self._beginning = None  # once: it cannot be told again while it winds up

    @asynccontextmanager
    async def giving_up(self) -> AsyncIterator[None]:
        """Cancel the block when it is told to stop, which ends the block without an error.

        Cancellation: the block is cancelled, and it is raised.
        """
        beginning = asyncio.timeout(None)
        try:
            async with beginning:
                self._beginning = beginning
                try:
                    yield
                finally:
                    self._beginning = None
        except TimeoutError:
            if not beginning.expired():
                raise

    def be_deaf(self) -> None:
        """Hear no signals any more: one that comes while Python winds up would be how this ended."""
        for number in (*_TO_STOP, _TO_RELOAD):
            self._loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)

"""The log of a peer that is served, for whoever reads standard error, and may pause."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TextIO

from gossip.cli.serve.event_lines import READER_TIMEOUT_S, EventLines
from gossip.node.logs.control import LogControl

LOST = "%d lines of the log were lost, since nobody read them"


class LogLines:
    """Takes the lines of a log in whatever thread, and writes them in the running event loop, which never waits.

    ``lost`` is how many were since the log last said so, which it does before the next line that there is room for.
    """

    def __init__(self, log: LogControl, stream: TextIO) -> None:
        self._loop = asyncio.get_running_loop()
        self._log = log
        self._lines = EventLines(stream, lambda _: None)
        self.lost = 0

    def write(self, line: str) -> None:
        """Write a line with its end soon; of those that nobody reads what is more than 1 MiB is lost, and counted."""
        self._loop.call_soon_threadsafe(self._write, line)  # never at once: who logs may be the one who writes

    def flush(self) -> None:
        """What was taken leaves by itself."""

    async def reader_takes(self) -> None:
        """Return when the reader has taken every line.

        Cancellation: nothing changes.
        """
        await asyncio.sleep(0)  # in which they are written, as far as there is room
        await self._lines.reader_takes()

    def _write(self, line: str) -> None:
        text = line.removesuffix("\n")
        if self.lost:
            text = f"{self._log.line('peer.gossip', logging.WARNING, LOST, self.lost)}\n{text}"
        self.lost = 0 if self._lines.write(text) else self.lost + 1


@asynccontextmanager
async def logging_without_waiting(log: LogControl, stream: TextIO) -> AsyncIterator[None]:
    """Write a log to ``stream`` in the time of the block, in which nothing waits for its reader.

    Cancellation: what the reader has not taken is lost.
    """
    lines = LogLines(log, stream)
    with log.writing_to(lines):
        try:
            yield
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(lines.reader_takes(), READER_TIMEOUT_S)

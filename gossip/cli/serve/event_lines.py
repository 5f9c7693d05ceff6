"""Lines of text for whoever reads them, and may pause."""

import asyncio
import os
import select
from codecs import getincrementalencoder
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

PIECE_BYTES = select.PIPE_BUF
"""A pipe that has room has room for so much."""
MAX_WAITING_BYTES = 1024 * 1024
"""Of lines that the reader has not taken: thousands of events."""
READER_TIMEOUT_S = 2.0
"""How long a reader may take for the last of them, when all is over."""


class EventLines:
    """Writes lines to a file, pipe, socket or terminal, in order, as its reader takes them; the loop never waits.

    It stays blocking, since other processes may share it: no more is written than it has room for.
    """

    def __init__(self, stream: TextIO, failed: Callable[[OSError], None]) -> None:
        self._descriptor = _open_descriptor(stream)
        self._encode = getincrementalencoder(stream.encoding)("backslashreplace").encode
        """Of UTF-16 and UTF-32 it marks the order of bytes once, and not in each line."""
        self._failed = failed
        self._has_failed = False
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._begun = b""
        """The rest of a line of which a part was written."""
        self._reader_takes = asyncio.Event()
        self._reader_takes.set()

    def write(self, line: str) -> bool:
        """Write a line, once those before it are.

        What cannot be written is lost, and ``failed`` hears why, once until something can be written again.

        Returns:
            False when too much waits for the reader, and the line is dropped.
        """
        encoded = self._encode(f"{line}\n")
        if self._reader_takes.is_set():
            self._write_on()  # what waits for room on a disk, if it does
        if self._waiting_bytes + len(encoded) > MAX_WAITING_BYTES and self._waiting:
            return False
        self._waiting.append(encoded)
        self._waiting_bytes += len(encoded)
        if self._reader_takes.is_set():
            self._write_on()
        return True

    async def reader_takes(self) -> None:
        """Return when nothing waits for the reader.

        Cancellation: nothing changes.
        """
        await self._reader_takes.wait()

    def _write_on(self) -> None:
        while self._begun or self._waiting:
            if not select.select([], [self._descriptor], [], 0)[1]:
                self._watch()
                return
            line = self._begun or self._take_line()
            try:
                written = os.write(self._descriptor, line[:PIECE_BYTES])
            except BlockingIOError:  # a terminal's
                self._begun = line
                self._watch()
                return
            except OSError as error:
                if not self._has_failed:
                    self._failed(error)
                self._has_failed = True
                break  # the rest of a line is tried again before the next one
            self._has_failed = False
            self._begun = line[written:]
        self._watch_no_longer()

    def _take_line(self) -> bytes:
        line = self._waiting.popleft()
        self._waiting_bytes -= len(line)
        return line

    def _watch(self) -> None:
        if self._reader_takes.is_set():
            self._reader_takes.clear()
            asyncio.get_running_loop().add_writer(self._descriptor, self._write_on)

    def _watch_no_longer(self) -> None:
        if not self._reader_takes.is_set():
            asyncio.get_running_loop().remove_writer(self._descriptor)
            self._reader_takes.set()


def _open_descriptor(stream: TextIO) -> int:
    """The stream's; of a terminal another one, which does not block and nobody shares.

    A terminal that can be written to may have room for less than it is given, and would wait for it.
    """
    if stream.isatty():
        with suppress(OSError):
            return os.open(os.ttyname(stream.fileno()), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    return stream.fileno()

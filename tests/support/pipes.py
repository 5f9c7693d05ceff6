"""A pipe as a program's standard output is one, with its reader in hand."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

BYTES_AT_ONCE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Pipe:
    """Both ends; the one that is written to blocks."""

    reader: int
    stream: TextIO

    def read_lines(self, count: int) -> list[bytes]:
        """Wait for so many lines, and return them; more may not be there."""
        read = b""
        while read.count(b"\n") < count:
            read += os.read(self.reader, BYTES_AT_ONCE)
        *lines, rest = read.split(b"\n")
        assert (len(lines), rest) == (count, b"")
        return lines

    def leave(self) -> None:
        """Close the reader's end; its number stays taken."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self.reader)
        os.close(nothing)


@contextmanager
def open_pipe(encoding: str = "utf-8") -> Iterator[Pipe]:
    """Make one that holds 64 KiB, and close it."""
    reader, writer = os.pipe()
    try:
        with os.fdopen(writer, "w", encoding=encoding) as stream:
            yield Pipe(reader, stream)
    finally:
        os.close(reader)

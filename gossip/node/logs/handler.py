"""Writes a log, and nothing beside it."""

import logging
import sys
from contextlib import suppress
from typing import Protocol


class Lines(Protocol):
    """What takes the log: a stream, say."""

    def write(self, line: str, /) -> object:
        """Take a line with its end, in whatever thread."""

    def flush(self) -> object:
        """Let go of those that were taken."""


class LineHandler(logging.StreamHandler[Lines]):
    """Tells of a record that cannot be put into words in a line of its own.

    Python's handlers write a traceback to standard error, which nobody may read, and wait for who does.
    """

    def line(self, logger: str, level: int, text: str, *args: object) -> str:
        """What the log says about itself: no level and no filter holds it back."""
        return self.format(logging.LogRecord(logger, level, "", 0, text, args, None))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- Python's name
        """Write where it comes from and what is wrong; what cannot be written either is lost."""
        text, error = "what %s:%d logs cannot be put into words: %s", sys.exception()
        with suppress(Exception):
            told = self.line(record.name, record.levelno, text, record.pathname, record.lineno, type(error).__name__)
            self.stream.write(told + self.terminator)

"""Keeps a warning that comes again and again from filling the log."""

import logging
import re
import time

from gossip.throttle import Throttle

_PORT = re.compile(r"(?<=:)\d+\b")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
MAX_KEY_LENGTH = 512


class RepeatFilter(logging.Filter):
    """Lets a warning or error through once in ten seconds, and says then how many like it were not.

    Like another is what differs in numbers alone: ports, counts, times; not in the host or the peer that it is about.
    """

    def __init__(self) -> None:
        super().__init__()
        self._throttle = Throttle()

    def filter(self, record: logging.LogRecord) -> bool:
        """Count it, and tell whether it is written."""
        if record.levelno < logging.WARNING:
            return True
        try:
            kind = _kind_of(record.getMessage())
        except Exception:  # noqa: BLE001 -- of an argument's; who writes the line tells of it, and ends nobody
            return True
        unsaid = self._throttle.admit((record.name, record.levelno, kind), time.monotonic())
        if unsaid:
            record.unsaid = unsaid
        return unsaid is not None


def _kind_of(text: str) -> str:
    """The text without ports and numbers; an address keeps its numbers, which have dots between them."""
    return _NUMBER.sub("#", _PORT.sub("#", text[:MAX_KEY_LENGTH]))

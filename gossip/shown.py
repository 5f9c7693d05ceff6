"""Texts that others wrote, and times, as they may stand in a line of a log or on a screen."""

from datetime import datetime

MAX_SHOWN = 1000


def one_line(text: str) -> str:
    """The text with control characters written out, as in a Python literal."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)  # a codec is a file to open


def shown_text(text: str) -> str:
    """The same, not too long."""
    return one_line(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}...")


def shown_time(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%SZ}"

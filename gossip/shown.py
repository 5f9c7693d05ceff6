"""Texts that others wrote, and times, as they may stand in a line of a log or on a screen."""

import re
from datetime import datetime

MAX_SHOWN = 1000
PEM_BEGIN = "-----BEGIN "
_PEM = re.compile(r"(-----BEGIN [A-Z0-9 ]+-----).*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
"""A block, or the beginning of one and all that follows."""


def without_keys(text: str) -> str:
    """The text without what stands in PEM in it: a private key, perhaps, that was given in place of its file's name."""
    return _PEM.sub(r"\1...", text) if PEM_BEGIN in text else text


def one_line(text: str) -> str:
    """The text with control characters written out, as in a Python literal, and without what is in PEM."""
    text = without_keys(text)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)  # a codec is a file to open


def shown_text(text: str) -> str:
    """The same, not too long."""
    return one_line(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}...")


def shown_time(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%SZ}"

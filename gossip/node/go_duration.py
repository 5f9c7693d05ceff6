"""Durations as Go writes them: ``1500ms``, ``1h2m``."""

import re
from decimal import Decimal

_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[-+]?(?:0|(?:{_PART.pattern})+)")
_MAX_CHARACTERS = 64
_MAX_NS = 2**63 - 1
"""Go counts nanoseconds in 64 bits, and less than one is none."""


def parse_go_duration(text: str) -> float:
    """Read a duration, in seconds.

    A number without a unit, which Fabric takes for nanoseconds, is refused unless it is 0: who writes ``3`` means
    something else.

    Raises:
        ValueError: It is none, or negative; the text says what is wrong.

    Mirrors: time.ParseDuration (Go 1.26).
    """
    shown = repr(text[:_MAX_CHARACTERS])
    if len(text) <= _MAX_CHARACTERS and _WHOLE.fullmatch(text):
        nanoseconds = sum(int(Decimal(number) * _UNITS_NS[unit]) for number, unit in _PART.findall(text))
        if nanoseconds > _MAX_NS:
            raise ValueError(f"{shown} is longer than a duration can be, which is 292 years")
        if not (nanoseconds and text.startswith("-")):
            return nanoseconds / 10**9
    if text.startswith("-"):
        raise ValueError(f"{shown} is negative, and a duration here is not")
    if re.fullmatch(r"[0-9.]+", text):
        raise ValueError(
            f"{shown} has no unit: write {text}s for seconds" if len(text) < _MAX_CHARACTERS else "no unit"
        )
    raise ValueError(f"{shown} is not a duration such as 3s, 1500ms or 1h2m")

"""Durations as Go writes them: ``1500ms``, ``1h2m``."""

import re
from decimal import Decimal

_UNITS_S = {
    "ns": Decimal("1e-9"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "μs": Decimal("1e-6"),
    "ms": Decimal("1e-3"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"\+?(?:{_PART.pattern})+")
_MAX_CHARACTERS = 64
_MAX_S = Decimal(2**63 - 1) * _UNITS_S["ns"]
"""Go counts nanoseconds in 64 bits."""


def parse_go_duration(text: str) -> float:
    """Read a duration, in seconds.

    A number without a unit, which Fabric takes for nanoseconds, is refused unless it is 0: who writes ``3`` means
    something else.

    Raises:
        ValueError: It is none, or negative; the text says what is wrong.

    Mirrors: time.ParseDuration (Go 1.26).
    """
    if text == "0":
        return 0.0
    shown = repr(text[:_MAX_CHARACTERS])
    if len(text) <= _MAX_CHARACTERS and _WHOLE.fullmatch(text):
        seconds = sum((Decimal(number) * _UNITS_S[unit] for number, unit in _PART.findall(text)), Decimal())
        if seconds > _MAX_S:
            raise ValueError(f"{shown} is longer than a duration can be, which is 292 years")
        return float(seconds)
    if text.startswith("-"):
        raise ValueError(f"{shown} is negative, and a duration here is not")
    if re.fullmatch(r"[0-9.]+", text):
        raise ValueError(
            f"{shown} has no unit: write {text}s for seconds" if len(text) < _MAX_CHARACTERS else "no unit"
        )
    raise ValueError(f"{shown} is not a duration such as 3s, 1500ms or 1h2m")

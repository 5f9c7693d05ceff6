"""What Go makes of a value that stands plainly in YAML, without quotes or tag: truth, number or text."""

import math
import re
from decimal import Decimal

import yaml

_TRUTH = {
    form: "true" if is_true else "false"
    for word, is_true in {**yaml.SafeLoader.bool_values, "y": True, "n": False}.items()
    for form in (word, word.capitalize(), word.upper())
}
"""What Go's yaml.v2 takes for a truth value where it stands plainly, and viper writes as this also in texts."""

_INTEGER = re.compile(r"[-+]?[0-9][0-9A-Za-z_]*", re.ASCII)
_OCTAL = re.compile(r"[-+]?0[0-9_]+", re.ASCII)
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LEAST, _MOST = -(2**63), 2**64 - 1


def read_plain(written: str) -> str | float:
    """A truth value as ``true`` or ``false``, an integer in decimal digits, another number as a float, or the text.

    Mirrors: gopkg.in/yaml.v2, resolve; spf13/cast, ToStringE.
    """
    if written in _TRUTH:
        return _TRUTH[written]
    digits = written if written[:1] in "._" else written.replace("_", "")
    integer = find_go_integer(digits)
    if integer is not None and _LEAST <= integer <= _MOST:
        return str(integer)
    if _FRACTION.fullmatch(digits) and math.isfinite(float(digits)):
        return float(digits)
    return written


def find_go_integer(text: str) -> int | None:
    """A number as Go writes it: 0x10, 0b1, 1_000, and with a 0 before it octal; None for anything else.

    Mirrors: strconv.ParseInt with base 0, by which both yaml.v2 and cast read it.
    """
    try:
        return int(text, 8 if _OCTAL.fullmatch(text) else 0) if _INTEGER.fullmatch(text) else None
    except ValueError:
        return None


def float_text(value: float) -> str:
    """All digits and no exponent: what viper makes of it where a text is wanted."""
    return f"{Decimal(repr(value)).normalize():f}"

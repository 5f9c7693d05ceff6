"""Signs that an output may have no bytes for."""


def sign(wanted: str, plain: str, encoding: str | None) -> str:
    """The sign that is wanted, or its stand-in in ASCII where ``encoding`` has no bytes for it; None has all."""
    try:
        wanted.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return plain
    return wanted

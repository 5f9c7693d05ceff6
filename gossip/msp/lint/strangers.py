"""Whether what lies in an MSP folder by mistake holds a private key, which nobody should be told to remove."""

from itertools import islice
from pathlib import Path

_MARK = b"PRIVATE KEY-----"
_NAMES = ("_sk", ".key")
_MAX_BYTES = 64 * 1024
_MAX_ENTRIES = 1000


def may_hold_key(path: Path) -> bool:
    """Whether a file, or one in a folder, holds a private key, or cannot be looked at."""
    try:
        return any(map(_may_be_key, islice(path.rglob("*"), _MAX_ENTRIES) if path.is_dir() else [path]))
    except OSError:
        return True


def _may_be_key(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return path.name.endswith(_NAMES) or _MARK in stream.read(_MAX_BYTES)

"""Whether what lies in an MSP folder by mistake holds a private key, which nobody should be told to remove."""

from itertools import islice
from pathlib import Path

from gossip.paths import is_dir, is_file

_MARK = b"PRIVATE KEY-----"
_NAMES = ("_sk", ".key")
_MAX_BYTES = 64 * 1024
_MAX_ENTRIES = 1000


def may_hold_key(path: Path) -> bool:
    """Whether a file, or one in a folder, holds a private key, or more than is looked at, or cannot be accessed."""
    try:
        entries = list(islice(path.rglob("*"), _MAX_ENTRIES + 1)) if is_dir(path) else [path]
        return len(entries) > _MAX_ENTRIES or any(map(_may_be_key, entries))
    except OSError:
        return True


def _may_be_key(path: Path) -> bool:
    if not is_file(path):
        return False
    with path.open("rb") as stream:
        content = stream.read(_MAX_BYTES + 1)
    return path.name.endswith(_NAMES) or _MARK in content or len(content) > _MAX_BYTES

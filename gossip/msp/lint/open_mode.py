"""Private keys that others than their owner may use, and how to keep those others out."""

import stat
from itertools import islice
from pathlib import Path

from gossip.paths import is_link

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_VOLUME = "..data"
_MAX_DEPTH = 4
"""How far below the top of a volume a key is looked for: a peer's folder, msp, keystore, key."""


def find_open_mode(path: Path) -> int | None:
    """The mode of a file that others than its owner may use; None where they may not.

    The group may read what Kubernetes mounts: with an fsGroup, without which a peer that is not root reads nothing
    there, it lets the group read whatever mode was asked for.
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    others = _OTHERS & ~stat.S_IRGRP if _is_mounted_by_kubernetes(path) else _OTHERS
    return mode if mode & others else None


def mode_remedy(path: Path) -> str:
    """How to keep the others out; a volume of Kubernetes takes no chmod."""
    if _is_mounted_by_kubernetes(path):
        return "set defaultMode: 0400 for this volume of the pod, with an fsGroup where the peer is not root"
    return f"chmod 600 {path}"


def _is_mounted_by_kubernetes(path: Path) -> bool:
    """Every entry at the top of a secret's volume is a link into ``..data``."""
    return any(_leads_into_volume(each) for each in islice((path, *path.parents), _MAX_DEPTH))


def _leads_into_volume(path: Path) -> bool:
    return is_link(path) and path.readlink().parts[:1] == (_VOLUME,)

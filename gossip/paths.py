"""What stands at a path, said alike on every Python.

From 3.14 on, pathlib says that nothing is there where it may not look: a core.yaml in a locked folder was passed over.
"""

import errno
import stat
from collections.abc import Callable
from pathlib import Path

_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP}


def exists(path: Path) -> bool:
    """Whether there is something; of a link, where it leads.

    Raises:
        OSError: Nobody can say, as where a folder above it may not be entered.
    """
    return _is(path, lambda _: True)


def is_file(path: Path) -> bool:
    """Whether there is a regular file, or a link to one.

    Raises:
        OSError: As :func:`exists`.
    """
    return _is(path, stat.S_ISREG)


def is_dir(path: Path) -> bool:
    """Whether there is a folder, or a link to one.

    Raises:
        OSError: As :func:`exists`.
    """
    return _is(path, stat.S_ISDIR)


def is_fifo(path: Path) -> bool:
    """Whether there is a pipe, or a link to one.

    Raises:
        OSError: As :func:`exists`.
    """
    return _is(path, stat.S_ISFIFO)


def is_link(path: Path) -> bool:
    """Whether there is a symbolic link, wherever it leads.

    Raises:
        OSError: As :func:`exists`.
    """
    return _is(path, stat.S_ISLNK, follows=False)


def _is(path: Path, fits: Callable[[int], bool], *, follows: bool = True) -> bool:
    try:
        return fits(path.stat(follow_symlinks=follows).st_mode)
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return False
        raise
    except ValueError:  # no path has a NUL in it
        return False

"""Notices that files changed, and takes them up."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from pathlib import Path

from gossip.clock import Clock
from gossip.node.settings import PeerSettings, tls_files_of
from gossip.paths import is_dir

Entry = tuple[str, int, int, int, int]
Fingerprint = frozenset[Entry]

REST_S = 0.25
"""Reading everything again takes 20 ms, in which nobody is served."""


def watched_paths(settings: PeerSettings) -> list[Path]:
    """Every file and folder whose content makes a peer what it is."""
    paths = [settings.msp_dir, *settings.organizations.values()]
    for files in tls_files_of(settings):
        paths += [files.certificate, files.key, *files.roots]
    return paths


def fingerprint(paths: Iterable[Path]) -> Fingerprint:
    """What changes when a file below ``paths`` does, or who may read it: names, sizes, times of change and inodes."""
    return frozenset(entry for path in paths for entry in _entries(path))


def _entries(path: Path) -> Iterator[Entry]:
    for file in _files(path):
        try:
            status = file.stat()
        except OSError:
            continue  # it went away between listing and looking, which is a change too
        yield str(file), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _files(path: Path) -> Iterator[Path]:
    try:
        is_folder = is_dir(path)
    except OSError:
        return  # as long as nobody may look there, nothing is there
    if not is_folder:
        yield path
        return
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(path, followlinks=True):
        try:
            status = Path(folder).stat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in seen:  # by a link that leads back
            folders.clear()
        seen.add((status.st_dev, status.st_ino))
        yield from (Path(folder) / name for name in names)


async def watch(
    paths: Sequence[Path], loaded: Fingerprint, reload: Callable[[], Awaitable[bool]], clock: Clock, interval_s: float
) -> None:
    """Call ``reload`` whenever files have changed, and then been left alone for one interval.

    Files that could not be taken up are tried again at each look: what was lacking may have been a file descriptor.

    Args:
        paths: Which files and folders.
        loaded: What they were like before they were read.
        reload: Takes them up, and tells whether that went well; what it raises ends the watch.
        clock: Times the looks.
        interval_s: Seconds from one look to the next; 0 never looks.

    Cancellation: the way to end it; nothing is left behind.
    """
    if not interval_s:
        return
    seen = loaded
    while True:
        await clock.sleep(interval_s)
        try:
            previous, seen = seen, await asyncio.to_thread(fingerprint, paths)
        except RuntimeError:  # there is no room for a thread; perhaps at the next look
            continue
        if seen == previous and seen != loaded and await reload():
            loaded = previous


async def reload_when_asked(asked: asyncio.Event, reload: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Call ``reload`` whenever somebody asks for it, once for all who ask before it is over, or right behind it.

    Args:
        asked: Set by whoever asks.
        reload: Takes the files up; what it raises ends this.
        clock: Times the rests.

    Cancellation: the way to end it; nothing is left behind.
    """
    while True:
        await asked.wait()
        asked.clear()
        await reload()
        await clock.sleep(REST_S)

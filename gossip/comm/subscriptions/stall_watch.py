"""Notices that nobody reads a feed that holds others up."""

import asyncio
import logging
from collections.abc import Sized

logger = logging.getLogger("gossip.comm")

STALL_S = 10.0
"""How long a full feed may hold others up before that is said."""


class StallWatch:
    """Warns once when nothing has been read for ``STALL_S``, and again only after something was."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: str, unread: Sized, held_up: Sized) -> None:
        """Prepare a watch that does not run yet.

        Args:
            loop: Runs the timer.
            name: What the warning calls the feed.
            unread: What waits in the feed.
            held_up: Who waits for room in it.
        """
        self.reads = 0
        """Events that were read; the feed counts them."""
        self._loop = loop
        self._name = name
        self._unread = unread
        self._held_up = held_up
        self._timer: asyncio.TimerHandle | None = None
        self._reads_when_said = -1

    def begin(self) -> None:
        """Watch from now on, unless it does already, or nothing was read since the last warning."""
        if self._timer is None and self.reads != self._reads_when_said:
            self._timer = self._loop.call_later(STALL_S, self._look, self.reads)

    def end(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, reads_before: int) -> None:
        self._timer = None
        if not self._held_up:
            return
        if self.reads != reads_before:
            self.begin()
            return
        self._reads_when_said = self.reads
        logger.warning(
            "Nobody has read %s for %g s: %d messages wait in it, and %d peers are held up until it is read or closed",
            self._name,
            STALL_S,
            len(self._unread),
            len(self._held_up),
        )

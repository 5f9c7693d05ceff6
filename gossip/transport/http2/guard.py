"""Counts what a peer's frames cost us, and says when it is too much."""

from collections.abc import Callable
from enum import IntEnum

from gossip.transport.limits import FrameBudgets

WINDOW_S = 1.0
UPDATES_OWED = 65_536
"""How many WINDOW_UPDATEs a peer may send at most for what we sent before."""


class Kind(IntEnum):
    """What is counted; the values index the counters."""

    RESET = 0
    PING = 1
    SETTINGS = 2
    PRIORITY = 3
    WINDOW_UPDATE = 4
    HEADERS = 5
    FRAGMENT = 6
    UNKNOWN = 7
    EMPTY_RECORD = 8


# By HTTP/2 frame type, RFC 9113 section 6. DATA is counted where it is read; GOAWAY costs nothing twice.
KIND_OF_FRAME = {
    0x1: Kind.HEADERS,
    0x2: Kind.PRIORITY,
    0x3: Kind.RESET,
    0x4: Kind.SETTINGS,
    0x5: Kind.HEADERS,
    0x6: Kind.PING,
    0x7: Kind.UNKNOWN,
    0x8: Kind.WINDOW_UPDATE,
    0x9: Kind.HEADERS,
}

_NAMES = {
    Kind.RESET: "stream resets",
    Kind.PING: "PING frames",
    Kind.SETTINGS: "SETTINGS frames",
    Kind.PRIORITY: "PRIORITY frames",
    Kind.WINDOW_UPDATE: "WINDOW_UPDATE frames",
    Kind.HEADERS: "HEADERS frames",
    Kind.FRAGMENT: "fragments of messages",
    Kind.UNKNOWN: "frames of unknown types",
    Kind.EMPTY_RECORD: "TLS records without data",
}


class FrameGuard:
    """The frame budgets of one connection.

    The clock is read only when a counter is full: if a second went by since the counters were cleared, they are cleared
    again, else the peer is over its budget. So a burst may be twice the budget, and an honest peer costs an addition.
    """

    __slots__ = ("_budgets", "_cleared_at_s", "_counts", "_time")

    def __init__(self, budgets: FrameBudgets, time: Callable[[], float]) -> None:
        self._budgets = (
            budgets.resets,
            budgets.pings,
            budgets.settings,
            budgets.priorities,
            budgets.window_updates,
            budgets.headers,
            budgets.fragments,
            budgets.unknown,
            budgets.empty_records,
        )
        self._counts = [0] * len(Kind)
        self._time = time
        self._cleared_at_s = time()

    def count(self, kind: Kind, times: int = 1) -> str | None:
        """Count a frame, or one that costs as much as several; what is wrong when that is too much, else None."""
        self._counts[kind] += times
        if self._counts[kind] <= self._budgets[kind]:
            return None
        now_s = self._time()
        if now_s - self._cleared_at_s >= WINDOW_S:
            self._counts = [min(0, count) for count in self._counts]
            self._cleared_at_s = now_s
            return None
        return f"more than {self._budgets[kind]} {_NAMES[kind]} a second"

    def sent_data(self, frames: int) -> None:
        """Allow what so many DATA frames of ours provoke: a PING and a WINDOW_UPDATE for stream and connection each."""
        if self._counts[Kind.PING]:
            self._counts[Kind.PING] = max(0, self._counts[Kind.PING] - frames)
        self.sent_messages(frames)

    def sent_messages(self, count: int) -> None:
        """Allow as much for each message: one frame holds many, and grpcio opens both windows for each that is read.

        That may be long after it was sent, when somebody reads slowly.
        """
        self._counts[Kind.WINDOW_UPDATE] = max(-UPDATES_OWED, self._counts[Kind.WINDOW_UPDATE] - 2 * count)

    def forgive_fragments(self, count: int) -> None:
        """Allow as many fragments as messages were completed, or as frames of some size came."""
        counts = self._counts
        if counts[Kind.FRAGMENT]:
            counts[Kind.FRAGMENT] = max(0, counts[Kind.FRAGMENT] - count)

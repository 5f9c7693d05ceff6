"""Says a repeated thing seldom, and how often it happened meanwhile."""

import logging
import math
from collections import OrderedDict
from collections.abc import Hashable

MAX_KEYS = 1024
INTERVAL_S = 10.0
LINES_AT_ONCE = 20
"""How many lines about strangers, wherever they come from, a log gets in such an interval."""
LINES_OF_PEERS_AT_ONCE = 100
"""How many about peers that we know: a network that fails takes many of them at once."""


def and_more(unsaid: int) -> str:
    """What stands behind a line when so many like it were held back before it."""
    return f" ({unsaid} more like it were not logged)" if unsaid else ""


class Throttle:
    """Lets one occurrence of each key through in ``INTERVAL_S`` seconds and counts the others; time is an argument.

    Of all keys together no more than ``most`` get through in such a time: where peers choose the keys, as with the
    addresses that they come from, they could have as many as they like.

    It remembers the latest ``MAX_KEYS``, so that no peer can make it grow, and of each no more than its hash: an
    endpoint may be megabytes long.
    """

    def __init__(self, most: float = math.inf) -> None:
        self._most = most
        self._said: OrderedDict[int, tuple[float, int]] = OrderedDict()
        self._began_at_s = -math.inf
        self._said_in_interval = 0

    def admit(self, key: Hashable, now_s: float) -> int | None:
        """Record one occurrence.

        Returns:
            None when it should not be said now; otherwise how many have not been said since the last one that was.
        """
        hashed = hash(key)
        said_at_s, unsaid = self._said.get(hashed, (-math.inf, 0))
        if now_s - said_at_s < INTERVAL_S or not self._has_room(now_s):
            self._remember(hashed, said_at_s, unsaid + 1)
            return None
        self._said_in_interval += 1
        self._remember(hashed, now_s, 0)
        self._said.move_to_end(hashed)
        return unsaid

    def log(self, logger: logging.Logger, level: int, key: Hashable, now_s: float, text: str, *args: object) -> None:
        """Log one occurrence if it may be said now, and how many like it were not."""
        unsaid = self.admit(key, now_s)
        if unsaid is not None:
            logger.log(level, f"{text}%s", *args, and_more(unsaid), stacklevel=2)

    def _has_room(self, now_s: float) -> bool:
        if now_s - self._began_at_s >= INTERVAL_S:
            self._began_at_s = now_s
            self._said_in_interval = 0
        return self._said_in_interval < self._most

    def _remember(self, hashed: int, said_at_s: float, unsaid: int) -> None:
        self._said[hashed] = (said_at_s, unsaid)
        if len(self._said) > MAX_KEYS:
            self._said.popitem(last=False)

"""Says a repeated thing seldom, and how often it happened meanwhile."""

from collections import OrderedDict
from collections.abc import Hashable

KEYS = 1024


class Throttle:
    """Lets one occurrence of each key through in ``interval_s`` seconds and counts the others; time is an argument.

    It remembers the latest 1,024 keys, so that no peer can make it grow.
    """

    def __init__(self, interval_s: float = 10.0) -> None:
        self._interval_s = interval_s
        self._said: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def admit(self, key: Hashable, now_s: float) -> int | None:
        """Record one occurrence.

        Returns:
            None when it should not be said now; otherwise how many have not been said since the last one that was.
        """
        said_at_s, unsaid = self._said.get(key, (None, 0))
        if said_at_s is not None and now_s - said_at_s < self._interval_s:
            self._said[key] = (said_at_s, unsaid + 1)
            return None
        self._said[key] = (now_s, 0)
        self._said.move_to_end(key)
        if len(self._said) > KEYS:
            self._said.popitem(last=False)
        return unsaid

"""Calls a user's code for what it does: what it raises is logged once in a while, and goes no further."""

import logging
import time
from asyncio import CancelledError
from collections.abc import Callable

from gossip.throttle import Throttle, and_more

logger = logging.getLogger("gossip.comm")


class UsersCode:
    """One object of a user's, such as metrics, of which nothing is wanted back."""

    def __init__(self, name: str) -> None:
        """
        Args:
            name: What a log calls it.
        """
        self._name = name
        self._throttle = Throttle()

    def call(self, work: Callable[[], None]) -> None:
        """Do ``work``, whatever it raises."""
        try:
            work()
        except (Exception, CancelledError) as error:  # of a future that it asks, say: nobody is cancelled in here
            unsaid = self._throttle.admit(type(error).__name__, time.monotonic())
            if unsaid is not None:
                logger.exception("%s failed%s", self._name, and_more(unsaid))

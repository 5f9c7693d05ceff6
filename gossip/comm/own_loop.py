"""Where something may be used: in the event loop that it was made in."""

from asyncio import get_running_loop
from collections.abc import Callable

from gossip.errors import OutOfOrderError


class OwnLoop:
    """The event loop that is running where this is made."""

    __slots__ = ("loop",)

    def __init__(self) -> None:
        """
        Raises:
            OutOfOrderError: No event loop is running.
        """
        try:
            self.loop = get_running_loop()
        except RuntimeError:
            raise OutOfOrderError("made where no event loop is running; make it in a coroutine") from None

    def run(self, action: Callable[[], None]) -> None:
        """Run it: at once where this loop is the one that is running here, and soon in that loop anywhere else."""
        try:
            self.check()
        except OutOfOrderError:
            self.loop.call_soon_threadsafe(action)
        else:
            action()

    def check(self) -> None:
        """Return when this loop is the one that is running here.

        Raises:
            OutOfOrderError: It is not.
        """
        try:
            is_here = get_running_loop() is self.loop
        except RuntimeError:
            is_here = False
        if not is_here:
            raise OutOfOrderError("used outside the event loop that it was created in; see loop.call_soon_threadsafe")

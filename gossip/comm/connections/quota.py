"""How many of our messages a peer may leave unanswered at once, and who waits until they are fewer."""

import asyncio


class Quota:
    """So many may be taken, and one more when one was given back; who waits gets it in turn."""

    __slots__ = ("_is_over", "_left", "_waiting")

    def __init__(self, most: int) -> None:
        self._left = most
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._is_over = False

    def take_nowait(self) -> bool:
        """Take one, unless none is left, or others wait for it."""
        if self._is_over:
            return True
        if self._waiting or not self._left:
            return False
        self._left -= 1
        return True

    async def take(self) -> None:
        """Take one as soon as there is one.

        Cancellation: none was taken.
        """
        if self.take_nowait():
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await turn
        except asyncio.CancelledError:
            self._waiting.pop(turn, None)
            if not turn.cancelled():  # it was given by then
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one have it."""
        while self._waiting:
            turn = next(iter(self._waiting))
            del self._waiting[turn]
            if not turn.done():
                turn.set_result(None)
                return
        self._left += 1

    def end(self) -> None:
        """Let everybody have one from now on: it leads to nothing any more."""
        self._is_over = True
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
        self._waiting.clear()

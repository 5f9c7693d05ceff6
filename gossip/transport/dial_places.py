"""How many dials are at work at once.

Each takes some milliseconds of processor time, on both sides. Of hundreds that go on in step, all would be too late
together.
"""

import asyncio

MAX_AT_ONCE = 64
"""In the three seconds of a dial a slow machine gets six times as many done; over a long way, each mostly waits."""
SOON_S = 0.1
"""Whoever's address has not answered by then waits without a place: nobody's processor is at work on that."""


class Place:
    """One of them, until :meth:`leave`, which may be called again."""

    __slots__ = ("_places",)

    def __init__(self, places: "DialPlaces") -> None:
        self._places: DialPlaces | None = places

    @property
    def is_left(self) -> bool:
        """Whether it is somebody else's by now."""
        return self._places is None

    def leave(self) -> None:
        """Let the next one in."""
        places, self._places = self._places, None
        if places is not None:
            places.left(self)


class DialPlaces:
    """Places for so many; whoever waits for one is in line."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MAX_AT_ONCE)
        self._connecting: dict[Place, None] = {}

    async def take(self, limit: asyncio.Timeout) -> Place:
        """Wait for a place; meanwhile the clock of ``limit``, which is that of the dial, stands still.

        It is for good once :meth:`keep` was called.

        Cancellation: none was taken.
        """
        ends_at_s = limit.when()
        if ends_at_s is None or not self._free.locked():
            await self._free.acquire()
        else:
            loop = asyncio.get_running_loop()
            rest_s = ends_at_s - loop.time()
            limit.reschedule(None)
            loop.call_later(SOON_S, self._clear_out, tuple(self._connecting))
            await self._free.acquire()
            limit.reschedule(loop.time() + rest_s)
        place = Place(self)
        self._connecting[place] = None
        return place

    def keep(self, place: Place) -> None:
        """Leave this one alone: its address has answered."""
        self._connecting.pop(place, None)

    def left(self, place: Place) -> None:
        """Let the next one in; see :meth:`Place.leave`."""
        self._connecting.pop(place, None)
        self._free.release()

    def _clear_out(self, places: tuple[Place, ...]) -> None:
        for place in places:
            if place in self._connecting:
                place.leave()

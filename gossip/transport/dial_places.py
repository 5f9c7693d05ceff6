"""How many dials are at work at once.

Each takes some milliseconds of processor time, on both sides. Of hundreds that go on in step, all would be too late
together.
"""

import asyncio

MAX_AT_ONCE = 64
"""In the three seconds of a dial a slow machine gets six times as many done."""
CONNECTS_S = 0.1
"""Whoever's address has not answered by then goes on without a place when others want it: nobody works on that."""
BEGINS_S = 0.5
"""So does whoever has not got through TLS, HTTP/2 and Ping so long after that, and mostly waits for somebody."""


class Place:
    """One of them, until :meth:`leave`, which may be called again."""

    __slots__ = ("_places", "until_s")

    def __init__(self, places: "DialPlaces") -> None:
        self._places: DialPlaces | None = places
        self.until_s = asyncio.get_running_loop().time() + CONNECTS_S
        """From when on others may have it."""

    def connected(self) -> None:
        """Stay for what comes after TCP."""
        self.until_s = asyncio.get_running_loop().time() + BEGINS_S

    def leave(self) -> None:
        """Let the next one in."""
        places, self._places = self._places, None
        if places is not None:
            places.left(self)


class DialPlaces:
    """Places for so many; whoever waits for one is in line."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(MAX_AT_ONCE)
        self._taken: dict[Place, None] = {}
        self._looks = False

    async def take(self, limit: asyncio.Timeout) -> Place:
        """Wait for a place; meanwhile the clock of ``limit``, which is that of the dial, stands still.

        Cancellation: none was taken.
        """
        if self._free.locked():
            loop = asyncio.get_running_loop()
            ends_at_s, waits_from_s = limit.when(), loop.time()
            limit.reschedule(None)
            if not self._looks:
                self._look()
            await self._free.acquire()
            limit.reschedule(None if ends_at_s is None else ends_at_s + loop.time() - waits_from_s)
        else:
            await self._free.acquire()
        place = Place(self)
        self._taken[place] = None
        return place

    def left(self, place: Place) -> None:
        """Let the next one in; see :meth:`Place.leave`."""
        del self._taken[place]
        self._free.release()

    def _look(self) -> None:
        """Let those go on without a place whose time is over, and look again as long as others wait."""
        loop = asyncio.get_running_loop()
        for place in tuple(self._taken):
            if place.until_s <= loop.time():
                place.leave()
        self._looks = self._free.locked()
        if self._looks:
            loop.call_later(CONNECTS_S, self._look)

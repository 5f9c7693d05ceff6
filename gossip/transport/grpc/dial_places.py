"""How many dials are at work at once.

Each takes some milliseconds of processor time, on both sides. Of hundreds that go on in step, all would be too late
together.
"""

import asyncio

MAX_AT_ONCE = 64
"""A slow machine completes six times as many within the three seconds that one dial may take."""
CONNECTS_S = 0.1
"""A dial that waits longer for TCP, which costs no processor time, gives its place up where others want it."""
BEGINS_S = 0.5
"""So does one that takes longer for TLS, HTTP/2 and Ping after that: it mostly waits for the other side."""


class Place:
    """The place of one dial, until :meth:`leave`, which may be called again."""

    __slots__ = ("_places", "until_s")

    def __init__(self, places: "DialPlaces") -> None:
        self._places: DialPlaces | None = places
        self.until_s = asyncio.get_running_loop().time() + CONNECTS_S
        """From then on the dial goes on without it, if others wait."""

    def connected(self) -> None:
        """TCP stands: keep the place for what comes after it."""
        self.until_s = asyncio.get_running_loop().time() + BEGINS_S

    def leave(self) -> None:
        """Let the next one in."""
        places, self._places = self._places, None
        if places is not None:
            places.left(self)


class DialPlaces:
    """``MAX_AT_ONCE`` places; dials wait for one in the order in which they came."""

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

"""Probes and handshakes that a caller waits for: the end of the communication layer ends them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gossip.errors import ClosedError
from gossip.flag import Flag


class Attempts:
    """What is under way on behalf of callers, in their own tasks."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Timeout, None] = {}
        self._all_ended = Flag()
        self._all_ended.set()

    def __len__(self) -> int:
        return len(self._under_way)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Cancel what is done inside when :meth:`end` is called.

        Raises:
            ClosedError: It was called.

        Cancellation: what is done inside is cancelled.
        """
        limit = asyncio.timeout(None)
        self._under_way[limit] = None
        self._all_ended.clear()
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if limit.expired():
                raise ClosedError("shutting down") from error
            raise
        finally:
            del self._under_way[limit]
            if not self._under_way:
                self._all_ended.set()

    async def end(self) -> None:
        """End every attempt and wait until it has cleaned up.

        Cancellation: they end all the same.
        """
        for limit in self._under_way:
            if not limit.expired():
                limit.reschedule(0)
        await self._all_ended.wait()

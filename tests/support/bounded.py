"""Runs one test's coroutine so that a hang is a failure."""

import asyncio
from collections.abc import Callable, Coroutine


def run_bounded(main: Callable[[], Coroutine[None, None, None]], limit_s: float = 10) -> None:
    """Run ``main()`` on a new event loop; TimeoutError when it takes longer than ``limit_s``."""

    async def bounded() -> None:
        async with asyncio.timeout(limit_s):
            await main()

    asyncio.run(bounded())

"""The event loop of commands that run for long: uvloop's where the ``fast`` extra is installed."""

import asyncio
from collections.abc import Coroutine


def run(main: Coroutine[object, object, None]) -> None:
    """Run ``main`` to its end on a new event loop."""
    try:
        import uvloop
    except ModuleNotFoundError:
        asyncio.run(main)
    else:
        uvloop.run(main)

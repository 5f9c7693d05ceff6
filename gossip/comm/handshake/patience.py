"""Waits for another peer, but not for ever."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from gossip.errors import PeerSilentError

T = TypeVar("T")


async def within(timeout_s: float, answer: Awaitable[T], waited_for: str, remote: str) -> T:
    """Wait for an answer of the peer at ``remote``.

    Raises:
        PeerSilentError: It did not come within ``timeout_s`` seconds.
        Exception: Whatever ``answer`` raises.

    Cancellation: that of ``answer``.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except TimeoutError as error:
        raise PeerSilentError(remote, waited_for=waited_for, waited_s=timeout_s) from error

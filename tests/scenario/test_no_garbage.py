"""A connection that ends leaves nothing to the garbage collector, which stops everybody while it looks."""

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gossip.misbehave.catalogue import FAULTS
from tests.support.attacked import Scene, attacked

CONNECTIONS = 5
NAMES = (
    "unknown-organisation",
    "bad-signature",
    "not-http2",
    "broken-hpack",
    "half-message",
    "repeated",
    "malformed-envelope",
    "reconnects",
)


@contextmanager
def garbage() -> Iterator[Counter[str]]:
    """Of our own classes, and of h2's and hpack's, what only the collector could free, by class."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        modules = (type(each) for each in gc.garbage)
        found.update(each.__qualname__ for each in modules if each.__module__.startswith(("gossip.", "h2.", "hpack.")))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


async def all_gone(scene: Scene) -> None:
    """Wait until only the honest peer is connected."""
    async with asyncio.timeout(5):
        while scene.connections > 1:  # noqa: ASYNC110 -- the listener tells nobody
            await asyncio.sleep(0.01)
    await asyncio.sleep(0)


@pytest.mark.parametrize("name", NAMES)
def test_a_connection_leaves_no_garbage(name: str) -> None:
    async def main() -> None:
        async with attacked() as scene:
            await FAULTS[name].run(scene.attacker)  # what is cached is not garbage
            await all_gone(scene)
            with garbage() as found:
                for _ in range(CONNECTIONS):
                    await FAULTS[name].run(scene.attacker)
                await all_gone(scene)
            assert found == {}

    asyncio.run(main())

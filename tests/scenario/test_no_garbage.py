"""What ends, or fails, leaves nothing to the garbage collector, which stops everybody while it looks."""

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from gossip.api.peer import RemotePeer
from gossip.errors import GossipError
from gossip.misbehave.catalogue import FAULTS
from gossip.types import PkiId
from tests.support.attacked import Scene, attacked
from tests.support.peers import data_message

CONNECTIONS = 5
NAMES = (
    "unknown-organisation",
    "usurped-organisation",
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


@pytest.mark.parametrize("kind", ["refuses", "leaves", "is somebody else"])
def test_a_dial_that_fails_leaves_no_garbage(kind: str) -> None:
    async def main() -> None:
        leaving = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with leaving, attacked() as scene:
            comm, (host, port) = scene.honest.comm, leaving.sockets[0].getsockname()
            where = {"refuses": "127.0.0.1:1", "leaves": f"{host}:{port}", "is somebody else": scene.victim.endpoint}
            there = RemotePeer(where[kind], PkiId(b"nobody"))
            with garbage() as found:
                for _ in range(CONNECTIONS):
                    await comm.send_with_ack(data_message(b"hello"), 5.0, 1, there)
                    comm.send(data_message(b"hello"), there)
                    await comm.flush(there)
                    for attempt in (comm.probe, comm.handshake):
                        with suppress(GossipError):
                            await attempt(there)
                await all_gone(scene)
            assert found == {}

    asyncio.run(main())


def test_why_a_message_was_not_sent_does_not_keep_it() -> None:
    async def main() -> None:
        async with attacked() as scene:
            there = RemotePeer("127.0.0.1:1", PkiId(b"nobody"))
            (result,) = await scene.honest.comm.send_with_ack(data_message(b"hello"), 5.0, 1, there)
            error: BaseException | None = result.error
            assert error is not None
            while error is not None:
                assert error.__traceback__ is None
                error = error.__cause__ or error.__context__

    asyncio.run(main())

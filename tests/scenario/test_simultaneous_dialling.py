"""Two peers dial each other at once: nothing acknowledged is lost, and one connection is left."""

import asyncio
import random
from collections import Counter
from dataclasses import replace

import pytest

from gossip.api.comm import ReceivedMessage, Subscription
from gossip.comm import engine
from gossip.comm.config import CommConfig
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.store import ConnectionStore, Displaced, Entry
from gossip.transport.memory import MemoryNetwork
from tests.support.peers import MemoryPeer, data_message, data_of, everything, memory_peers, other_tasks
from tests.support.virtual_time import run_virtual

CONFIG = CommConfig()
ROUNDS = 25
SEEDS = range(8)


async def acknowledge_all(incoming: Subscription[ReceivedMessage], seen: Counter[bytes]) -> None:
    async for message in incoming:
        seen[data_of(message)] += 1
        await message.ack()


async def change_the_weather(rng: random.Random, network: MemoryNetwork, one: str, other: str) -> None:
    """Let the link be quick and slow by turns, so that one dial overtakes another; none is too slow for a time-out."""
    while True:
        network.delay(one, other, rng.choice((0, rng.uniform(0, 0.9))))
        await asyncio.sleep(rng.uniform(0, 2))


async def send_some(rng: random.Random, sender: MemoryPeer, receiver: MemoryPeer, label: str) -> None:
    for number in range(3):
        await asyncio.sleep(rng.choice((0, 0, rng.uniform(0, 3))))
        (result,) = await sender.comm.send_with_ack(data_message(f"{label}-{number}".encode()), 30, 1, receiver.remote)
        assert result.error is None, f"{label}-{number}: {result}"


def connections_of(peer: MemoryPeer) -> int:
    return len(list(peer.comm._store))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_acknowledged_message_arrives_once_and_one_connection_stays(seed: int) -> None:
    async def one_round(rng: random.Random) -> None:
        network = MemoryNetwork()
        left, right = (MemoryPeer(network, name, config=CONFIG) for name in ("left", "right"))
        weather = asyncio.create_task(change_the_weather(rng, network, left.endpoint, right.endpoint))
        seen, dead = Counter[bytes](), [peer.comm.presumed_dead() for peer in (left, right)]
        reading = [asyncio.create_task(acknowledge_all(p.comm.accept(everything), seen)) for p in (left, right)]
        await asyncio.gather(send_some(rng, left, right, "left"), send_some(rng, right, left, "right"))
        expected = {f"{side}-{number}".encode(): 1 for side in ("left", "right") for number in range(3)}
        assert seen == expected
        await asyncio.sleep(4 * CONFIG.linger_s)
        assert [connections_of(peer) for peer in (left, right)] == [1, 1]
        weather.cancel()
        network.restore(left.endpoint, right.endpoint)
        await left.comm.stop()
        await right.comm.stop()
        await asyncio.gather(*reading)
        first, second = [[pki_id async for pki_id in notices] for notices in dead]
        assert (first, second) in (([], []), ([], [left.pki_id])), "only who stopped first, and only to the other"
        for peer in (left, right):
            await peer.close()

    async def main() -> None:
        rng = random.Random(seed)
        for _ in range(ROUNDS):
            await one_round(rng)
        assert other_tasks() == []

    run_virtual(main())


def test_who_waits_for_room_goes_on_with_the_connection_that_stays() -> None:
    """The other side cannot see who waits here, and closes the connection that is left over when it hears nothing."""
    answers_after_s, asked_at_once = 2 * CONFIG.linger_s + 1, 2

    async def answer_late(peer: MemoryPeer) -> None:
        async with asyncio.TaskGroup() as answering:
            async for message in peer.comm.accept(everything):
                answering.create_task(answer(message))

    async def answer(message: ReceivedMessage) -> None:
        await asyncio.sleep(answers_after_s)
        await message.ack()

    async def ask(sender: MemoryPeer, receiver: MemoryPeer) -> float:
        (result,) = await sender.comm.send_with_ack(data_message(), 60, 1, receiver.remote)
        assert result.error is None
        return asyncio.get_running_loop().time()

    async def main() -> None:
        config = replace(CONFIG, send_buffer=asked_at_once)
        async with memory_peers("left", "right", config=config) as (left, right):
            reading = [asyncio.create_task(answer_late(peer)) for peer in (left, right)]
            for one, other in ((left, right), (right, left)):
                one.comm.send(data_message(), other.remote)
            asks = (ask(one, other) for _ in range(3) for one, other in ((left, right), (right, left)))
            answered_at_s = await asyncio.gather(*asks)
            assert max(answered_at_s) > answers_after_s, "nobody waited"
            await left.comm.stop()
            await right.comm.stop()
            await asyncio.gather(*reading)

    run_virtual(main())


def test_a_fabric_peer_that_always_keeps_what_came_in_is_not_presumed_dead() -> None:
    """Fabric closes the connection that it dialled when it finds that the other side's came in meanwhile."""

    async def main() -> None:
        config = replace(CONFIG, linger_s=3600)
        network = MemoryNetwork()
        us, fabric = MemoryPeer(network, "us", config=config), MemoryPeer(network, "fabric", config=config)
        network.delay(us.endpoint, fabric.endpoint, 0.1)
        dead = us.comm.presumed_dead()
        incoming = us.comm.accept(everything)
        us.comm.send(data_message(b"1"), fabric.remote)
        fabric.comm.send(data_message(b"2"), us.remote)
        await anext(incoming)
        await asyncio.sleep(1)
        assert connections_of(us) == 2
        (dialled,) = [connection for connection in fabric.comm._store if connection.is_outgoing]
        dialled.close()
        await asyncio.sleep(1)
        assert connections_of(us) == 1
        fabric_incoming = fabric.comm.accept(everything)
        us.comm.send(data_message(b"3"), fabric.remote)
        assert data_of(await anext(fabric_incoming)) == b"3"
        await us.close()
        await fabric.close()
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


class FabricStore(ConnectionStore):
    """Keeps what came in, and closes what it dialled where the other side's came first. Mirrors: connectionStore."""

    def add(self, connection: Connection, now_s: float, *, is_dialled: bool = False) -> Displaced:
        entry = self._entries.get(connection.info.pki_id)
        before = entry.current if entry is not None else None
        if before is not None and connection.is_outgoing:
            return Displaced(before, superseded=connection)
        self._entries[connection.info.pki_id] = Entry(connection, now_s)
        return Displaced(connection, superseded=before)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_ours_is_lost_on_a_fabric_peer_that_dials_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it closes it has not read; so what waits for our dial must not leave on the connection that it dialled."""

    async def one_round(rng: random.Random) -> None:
        network = MemoryNetwork()
        us = MemoryPeer(network, "us", config=CONFIG)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "ConnectionStore", FabricStore)
            fabric = MemoryPeer(network, f"fabric {rng.random()}", config=CONFIG)
        seen = Counter[bytes]()
        reading = asyncio.create_task(acknowledge_all(fabric.comm.accept(everything), seen))
        network.delay(us.endpoint, fabric.endpoint, rng.choice((0, 0.001, 0.1)))
        fabric.comm.send(data_message(b"theirs"), us.remote)
        await asyncio.sleep(rng.choice((0, 0.05, 0.15, 0.25)))
        sending = [us.comm.send_with_ack(data_message(b"%d" % number), 3, 1, fabric.remote) for number in range(8)]
        assert [result.error for results in await asyncio.gather(*sending) for result in results] == [None] * 8
        assert seen == {b"%d" % number: 1 for number in range(8)}
        await us.close()
        await fabric.close()
        await reading

    async def main() -> None:
        rng = random.Random(seed)
        for _ in range(ROUNDS):
            await one_round(rng)
        assert other_tasks() == []

    run_virtual(main())

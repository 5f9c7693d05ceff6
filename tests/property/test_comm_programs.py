"""Random programs of sends, asks, dials, flushes and slow links: nothing is lost, doubled, overtaken or left behind."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from itertools import count, permutations
from random import Random

import pytest

from gossip.api.comm import ReceivedMessage, Subscription
from gossip.api.peer import ConnectionInfo
from gossip.comm.config import CommConfig
from gossip.transport.memory import MemoryNetwork
from gossip.types import PkiId
from tests.support.peers import MemoryPeer, data_message, data_of, everything, other_tasks
from tests.support.virtual_time import run_virtual

NAMES = ("ann", "bob", "cid")
STEPS = 20
PATIENCE_S = 600.0

Way = tuple[PkiId, PkiId]
"""From whom to whom."""


class Program:
    """Three peers that read everything, and what one seed lets them do."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.network = MemoryNetwork(buffer_bytes=random.choice((1, 1000)))
        config = CommConfig(
            send_buffer=random.choice((3, 5)),
            subscription_buffer=random.choice((1, 256)),
            linger_s=random.choice((0.1, 2.0)),
        )
        self.peers = [MemoryPeer(self.network, name, config=config) for name in NAMES]
        self.sent = Counter[Way]()
        self.arrived = Counter[Way]()
        self.numbers = count(1)
        self.seen: set[int] = set()
        self.dead: list[PkiId] = []
        self.begun: list[asyncio.Task[object]] = []

    async def play(self) -> None:
        """Do everything, wait until it is done, and stop."""
        reading = [
            asyncio.create_task(work)
            for peer in self.peers
            for work in (self.read(peer, peer.comm.accept(everything)), self.mourn(peer.comm.presumed_dead()))
        ]
        for _ in range(STEPS):
            self.step()
            await asyncio.sleep(self.random.choice((0, 0, 0.01, 1, 5)))
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self.begun)
            for peer in self.peers:
                await peer.comm.flush()
        await asyncio.sleep(PATIENCE_S)
        assert self.dead == [], "before anybody stops"
        self.check_nothing_was_lost()
        for peer in self.peers:
            await peer.close()
        await asyncio.gather(*reading)

    def step(self) -> None:
        """Let something happen, or begin."""
        one, other = self.random.sample(self.peers, 2)
        match self.random.choice(("send", "both", "ask", "ask both", "flush", "handshake", "delay")):
            case "send":
                self.send(one, other, self.random.choice((1, 3, 12)))
            case "both":
                self.send(one, other, 1)
                self.send(other, one, 1)
            case "ask":
                self.begin(self.ask(one, other))
            case "ask both":
                for _ in range(50):
                    self.begin(self.ask(one, other))
                    self.begin(self.ask(other, one))
            case "flush":
                self.begin(one.comm.flush(other.remote))
            case "handshake":
                self.begin(one.comm.handshake(other.remote))
            case "delay":
                self.network.delay(one.endpoint, other.endpoint, self.random.choice((0, 0.01, 0.4)))

    def send(self, one: MemoryPeer, other: MemoryPeer, times: int) -> None:
        for _ in range(times):
            self.sent[one.pki_id, other.pki_id] += 1
            one.comm.send(data_message(b"%d" % next(self.numbers)), other.remote)

    async def ask(self, one: MemoryPeer, other: MemoryPeer) -> None:
        (result,) = await one.comm.send_with_ack(data_message(b"asks"), PATIENCE_S, 1, other.remote)
        assert result.error is None

    def begin(self, work: Coroutine[object, object, object]) -> None:
        self.begun.append(asyncio.create_task(work))

    async def read(self, peer: MemoryPeer, incoming: Subscription[ReceivedMessage]) -> None:
        """Acknowledge everything; what comes by one connection has to come in order, and once."""
        last: dict[int, tuple[ConnectionInfo, int]] = {}
        async for message in incoming:
            await message.ack()
            if data_of(message) == b"asks":
                continue
            info, number = message.get_connection_info(), int(data_of(message))
            assert number > last.get(id(info), (info, 0))[1]
            last[id(info)] = info, number
            assert number not in self.seen
            self.seen.add(number)
            self.arrived[info.pki_id, peer.pki_id] += 1

    async def mourn(self, dead: Subscription[PkiId]) -> None:
        async for pki_id in dead:
            self.dead.append(pki_id)

    def check_nothing_was_lost(self) -> None:
        """But for what found a full buffer."""
        for one, other in permutations(self.peers, 2):
            way = one.pki_id, other.pki_id
            assert self.sent[way] == self.arrived[way] + one.comm.dropped(other.remote)


@pytest.mark.parametrize("seed", range(10))
def test_nothing_is_lost_doubled_overtaken_or_left_behind(seed: int) -> None:
    async def main() -> None:
        await Program(seed).play()
        assert other_tasks() == []

    run_virtual(main())

"""This library, through its public interface."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from bench.contenders.base import Meter
from bench.material import Material
from gossip.api.peer import RemotePeer
from gossip.comm.engine import CommEngine
from gossip.comm.stages import Stages
from gossip.messages import GossipMessage
from gossip.node.peer import open_peer
from gossip.wire.codec import decode
from gossip.wire.signed import SignedMessage, noop_sign

ACK_TIMEOUT_S = 10.0
BATCH = 200
"""As many as a peer's send buffer holds."""


class OurClient:
    """A peer, and the peers that it sends to."""

    def __init__(self, comm: CommEngine, peers: Sequence[RemotePeer]) -> None:
        self.comm = comm
        self.peers = peers
        self._messages: list[SignedMessage] = []

    @property
    def dropped(self) -> int:
        """Messages that found a full send buffer."""
        return sum(self.comm.dropped(peer) for peer in self.peers)

    def load(self, payloads: Sequence[bytes]) -> None:
        """Prepare messages."""
        self._messages = [noop_sign(decode(GossipMessage, payload)) for payload in payloads]

    async def send_loaded(self) -> int:
        """Fill the send buffers, and wait until they are empty again."""
        for start in range(0, len(self._messages), BATCH):
            for message in self._messages[start : start + BATCH]:
                self.comm.send(message, *self.peers)
            await self.comm.flush(*self.peers)
        return len(self._messages) * len(self.peers)

    async def send_with_ack(self) -> None:
        """Send one and wait."""
        results = await self.comm.send_with_ack(self._messages[0], ACK_TIMEOUT_S, 1, self.peers[0])
        assert results.ack_count() == 1, results

    async def shake_hands(self, endpoint: str) -> dict[str, float]:
        """Dial, Ping, stream, both ConnEstablish, the other side's verdict."""
        stages = Stages()
        await self.comm.introduce(RemotePeer(endpoint), stages)
        return {stage.value: took_s for stage, took_s in stages.took_s.items() if stage.value != "dial"}


class Ours:
    """fabric-gossip."""

    name = "fabric-gossip"

    @asynccontextmanager
    async def serve(
        self, material: Material, servers: int, meter: Meter, *, read_objects: bool
    ) -> AsyncIterator[list[str]]:
        """Open so many peers, each with one subscriber."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            endpoints = []
            tasks = []
            for number in range(servers):
                peer = await stack.enter_async_context(open_peer(material.settings(1, f"peer{number}", listen=True)))
                endpoints.append(peer.endpoint)
                tasks.append(group.create_task(_subscribe(peer.comm, meter, read_objects)))
            yield endpoints
            for task in tasks:
                task.cancel()

    @asynccontextmanager
    async def connect(self, material: Material, endpoints: Sequence[str]) -> AsyncIterator[OurClient]:
        """Open a peer and learn who is there; the first message makes the connection."""
        async with open_peer(material.settings(0, "peer0", listen=False)) as peer:
            peers = []
            for endpoint in endpoints:
                accepted = await peer.comm.introduce(RemotePeer(endpoint), Stages())
                peers.append(RemotePeer(endpoint, accepted.info.pki_id))
            yield OurClient(peer.comm, peers)


async def _subscribe(comm: CommEngine, meter: Meter, read_objects: bool) -> None:
    with comm.accept(lambda _: True) as messages:
        async for message in messages:
            signed = message.get_gossip_message()
            if read_objects:
                assert signed.message.data_msg.payload.data
            if signed.nonce:
                await message.ack()
            meter.count += 1

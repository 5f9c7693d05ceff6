"""Whole peers on the network in memory, with names and shared keys for identities."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gossip.api.comm import ReceivedMessage
from gossip.api.peer import RemotePeer
from gossip.clock import Clock, SystemClock
from gossip.comm.config import CommConfig
from gossip.comm.engine import CommEngine
from gossip.comm.handshake.machine import certificate_hash
from gossip.comm.handshake.trust import Trust
from gossip.comm.observer import Observer
from gossip.identity.mapper import IdentityMapper
from gossip.messages import DataMessage, GossipMessage, GossipMessageTag, Payload
from gossip.metrics import Metrics
from gossip.transport.base import Dialer, FrameStream
from gossip.transport.memory import MemoryNetwork
from gossip.types import PkiId
from gossip.wire.conn_establish import encode_conn_establish
from gossip.wire.signed import SignedMessage, noop_sign
from tests.support.hmac_crypto import HmacCrypto, PrefixAdvisor, identity_of, pki_id_of


class MemoryPeer:
    """A peer that listens at ``name:7051`` and has a leaf certificate of its own."""

    def __init__(
        self,
        network: MemoryNetwork,
        name: str,
        organization: str = "org1",
        *,
        config: CommConfig | None = None,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
        observer: Observer | None = None,
        dialer: Dialer | None = None,
        endpoint: str | None = None,
        with_tls: bool = True,
    ) -> None:
        self.endpoint = endpoint or f"{name}:7051"
        self.identity = identity_of(name, organization)
        self.pki_id = pki_id_of(self.identity)
        self.crypto = HmacCrypto(self.identity)
        leaf = f"leaf of {name}".encode() if with_tls else None
        advisor, clock = PrefixAdvisor(), clock or SystemClock()
        self.mapper = IdentityMapper(self.identity, self.crypto, advisor, clock=clock)
        trust = Trust(self.identity, self.crypto, advisor, self.mapper, clock)
        dialer = dialer or network.dialer(leaf, self.endpoint)
        self.comm = CommEngine(dialer, trust, config, metrics, observer)
        self.listener = network.listen(self.endpoint, self.comm.serve_stream, leaf)

    @property
    def remote(self) -> RemotePeer:
        """How others address this peer."""
        return RemotePeer(self.endpoint, self.pki_id)

    async def close(self) -> None:
        """Stop in order, leaving nothing behind."""
        await self.comm.stop()
        await self.die()

    async def die(self) -> None:
        """Cut every incoming connection first, so that the others see this peer break off; then release the rest."""
        await self.listener.close()
        await self.comm.stop()
        self.mapper.stop()


@asynccontextmanager
async def memory_peers(
    *names: str, network: MemoryNetwork | None = None, config: CommConfig | None = None
) -> AsyncIterator[list[MemoryPeer]]:
    """Some peers of one organisation."""
    network = network or MemoryNetwork()
    peers = [MemoryPeer(network, name, config=config) for name in names]
    try:
        yield peers
    finally:
        for peer in peers:
            await peer.close()


class Stranger:
    """A peer that is played by hand: it opens a stream, and says what the test likes."""

    def __init__(
        self,
        network: MemoryNetwork,
        name: str,
        organization: str = "org1",
        *,
        with_tls: bool = True,
        port: int = 9999,
    ) -> None:
        self.endpoint = f"{name}:{port}"
        self.identity = identity_of(name, organization)
        self.pki_id = pki_id_of(self.identity)
        self.crypto = HmacCrypto(self.identity)
        self.leaf = f"leaf of {name}".encode() if with_tls else None
        self._dialer = network.dialer(self.leaf, self.endpoint)

    def conn_establish(
        self, *, pki_id: PkiId | None = None, tls_cert_hash: bytes | None = None, probe: bool = False
    ) -> bytes:
        """Our ConnEstablish, correct but for what is given; the signature holds over that too."""
        return encode_conn_establish(
            self.pki_id if pki_id is None else pki_id,
            self.identity,
            certificate_hash(self.leaf) if tls_cert_hash is None else tls_cert_hash,
            probe=probe,
            sign=self.crypto.sign,
        )

    async def open(self, peer: MemoryPeer) -> FrameStream:
        """A stream to ``peer`` on which nobody has said anything."""
        return await (await self._dialer.dial(peer.endpoint)).open_stream()

    async def join(self, peer: MemoryPeer) -> FrameStream:
        """An authenticated stream; the peer's own ConnEstablish has been read."""
        stream = await self.open(peer)
        await stream.send([self.conn_establish()])
        assert len(await stream.receive()) == 1
        return stream


def data_message(data: bytes = b"", nonce: int = 0) -> SignedMessage:
    """An unsigned data message that belongs to no channel."""
    content = DataMessage(payload=Payload(data=data))
    return noop_sign(GossipMessage(nonce=nonce, tag=GossipMessageTag(1), data_msg=content))


def data_of(received: ReceivedMessage) -> bytes:
    """What a data message carries."""
    data: bytes = received.get_gossip_message().message.data_msg.payload.data
    return data


def everything(_: ReceivedMessage) -> bool:
    """Accepts every message."""
    return True


async def settle() -> None:
    """Let everything that is ready run; no time passes."""
    for _ in range(50):
        await asyncio.sleep(0)


def other_tasks() -> list[str]:
    """The names of all tasks but the one that asks."""
    return sorted(task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()})

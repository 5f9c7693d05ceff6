"""Fabric's tests of its communication layer that need real sockets, over gRPC and mutual TLS."""

import asyncio
import hashlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gossip.api.comm import ReceivedMessage, Subscription
from gossip.api.options import DialOptions
from gossip.api.peer import ConnectionInfo, RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.observer import Observer
from gossip.errors import GossipError
from gossip.metrics import Metrics, Outcome
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.transport.base import FrameStream, Link
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from tests.support.bounded import run_bounded
from tests.support.peers import data_message, data_of, everything, other_tasks
from tests.support.recorders import RecordingMetrics
from tests.support.tls_files import CRYPTO, tls_files


def der_of(certificate: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.read_text())


@asynccontextmanager
async def peer_of(
    organization: int, metrics: Metrics | None = None, *, send_buffer: int = 200, observer: Observer | None = None
) -> AsyncIterator[Peer]:
    """peer0 of an organisation, which knows the other one."""
    other = 3 - organization
    settings = PeerSettings(
        mspid=f"Org{organization}MSP",
        msp_dir=CRYPTO / f"org{organization}" / "peers" / "peer0" / "msp",
        tls=tls_files(organization),
        listen="127.0.0.1:0",
        organizations={f"Org{other}MSP": CRYPTO / f"org{other}" / "msp"},
        comm=CommConfig(send_buffer=send_buffer),
    )
    async with open_peer(settings, metrics=metrics, observer=observer) as peer:
        yield peer


def remote(peer: Peer) -> RemotePeer:
    return RemotePeer(peer.endpoint, peer.comm.get_pki_id())


def test_certificate_extraction() -> None:
    """Mirrors: TestCertificateExtraction. Each side knows the other one's leaf, and the hashes are of its DER."""

    async def main() -> None:
        served: asyncio.Future[Link] = asyncio.get_running_loop().create_future()

        async def note(stream: FrameStream) -> None:
            served.set_result(stream.link)

        ours, theirs = tls_files(2, 1), tls_files(1, 0)
        listener = await listen("127.0.0.1:0", note, tls=theirs)
        channel = await GrpcDialer(DialOptions(tls=ours)).dial(listener.endpoint)
        await channel.open_stream()
        dialled, accepted = channel.link, await served
        assert dialled.peer_certificate == accepted.own_certificate == der_of(theirs.certificate)
        assert accepted.peer_certificate == dialled.own_certificate == der_of(ours.certificate)
        fingerprint = hashlib.sha256(der_of(ours.certificate)).digest()
        assert hashlib.sha256(accepted.peer_certificate or b"").digest() == fingerprint
        await channel.close()
        await listener.close()

    run_bounded(main)


def test_metrics() -> None:
    """Mirrors: TestMetrics. What is sent is what is received, and what a full buffer drops is counted."""
    burst = 500

    async def main() -> None:
        metrics = {1: RecordingMetrics(), 2: RecordingMetrics()}
        async with peer_of(1, metrics[1], send_buffer=20) as one, peer_of(2, metrics[2]) as two:
            incoming = two.comm.accept(everything)
            one.comm.send(data_message(b"first"), remote(two))
            await anext(incoming)
            assert metrics[1].handshakes == [(Outcome.ACCEPTED, True)]
            assert metrics[2].handshakes == [(Outcome.ACCEPTED, False)]
            for number in range(burst):
                one.comm.send(data_message(b"%d" % number), remote(two))
            dropped = len(metrics[1].overflown)
            assert set(metrics[1].overflown) == {two.comm.get_pki_id()}
            assert dropped == one.comm.dropped(remote(two)) > 0
            arrived = [data_of(await anext(incoming)) for _ in range(burst - dropped)]
            assert arrived == [b"%d" % number for number in range(burst - dropped)]
            await one.comm.stop()
        assert metrics[1].sent == metrics[2].received == 1 + burst - dropped
        assert [recorded.connected for recorded in metrics.values()] == [0, 0]
        assert other_tasks() == []

    run_bounded(main)


async def acknowledge_all(incoming: Subscription[ReceivedMessage]) -> Counter[bytes]:
    seen = Counter[bytes]()
    async for message in incoming:
        seen[data_of(message)] += 1
        await message.ack()
    return seen


def test_mutual_parallel_send_with_ack() -> None:
    """Mirrors: TestMutualParallelSendWithAck, without the connection that Fabric makes first."""
    count = 300

    async def main() -> None:
        async with peer_of(1) as one, peer_of(2) as two:
            reading = [asyncio.create_task(acknowledge_all(peer.comm.accept(everything))) for peer in (one, two)]
            sends = [
                sender.comm.send_with_ack(data_message(b"%d" % number), 20, 1, remote(receiver))
                for number in range(count)
                for sender, receiver in ((one, two), (two, one))
            ]
            for (result,) in await asyncio.gather(*sends):
                assert result.error is None
            await asyncio.gather(one.comm.stop(), two.comm.stop())
            for seen in await asyncio.gather(*reading):
                assert seen == Counter(b"%d" % number for number in range(count))
        assert other_tasks() == []

    run_bounded(main, limit_s=30)


def test_presumed_dead_and_back() -> None:
    """Mirrors: TestPresumedDead and TestReConnections."""

    async def main() -> None:
        async with peer_of(1) as one:
            dead = one.comm.presumed_dead()
            for round_ in range(2):
                async with peer_of(2) as two:
                    incoming = two.comm.accept(everything)
                    one.comm.send(data_message(b"%d" % round_), remote(two))
                    assert data_of(await anext(incoming)) == b"%d" % round_
                assert await anext(dead) == two.comm.get_pki_id()
        assert other_tasks() == []

    run_bounded(main)


def test_whoever_closes_takes_leave_in_order() -> None:
    """Mirrors: connection.close, which ends the stream before the connection: the other side finds no fault."""

    class Farewells(Observer):
        def __init__(self) -> None:
            self.seen: asyncio.Queue[GossipError | None] = asyncio.Queue()

        def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
            self.seen.put_nowait(error)

    async def main() -> None:
        farewells = Farewells()
        async with peer_of(1) as ours, peer_of(2, observer=farewells) as theirs:
            ours.comm.send(data_message(b"hello"), remote(theirs))
            await ours.comm.flush(remote(theirs))
            await ours.comm.close_conn(remote(theirs))
            assert await farewells.seen.get() is None

    run_bounded(main)

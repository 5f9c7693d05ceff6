"""Both directions with grpclib's own client and server, through the stubs that betterproto generates."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from gossip_protos.gossip import Empty, Envelope, GossipBase, GossipStub
from grpclib import GRPCError, Status
from grpclib.client import Channel
from grpclib.server import Server

from gossip.api.options import DialOptions
from gossip.errors import RefusedByPeerError, UnexpectedMessageError
from gossip.transport.base import FrameStream
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from gossip.transport.tls import contexts as tls
from tests.support.bounded import run_bounded
from tests.support.tls_files import tls_files

ENVELOPES = [Envelope(payload=b"x" * size, signature=b"s") for size in (0, 1, 1000, 50_000)]


async def echo(stream: FrameStream) -> None:
    while frames := await stream.receive():
        await stream.send(frames)


async def refuse(stream: FrameStream) -> None:
    await stream.receive()
    raise UnexpectedMessageError("wrong type")


class Gossip(GossipBase):
    """Echoes envelopes, and refuses those with the signature ``refuse``."""

    async def gossip_stream(self, envelope_iterator: AsyncIterator[Envelope]) -> AsyncIterator[Envelope]:
        async for envelope in envelope_iterator:
            if envelope.signature == b"refuse":
                raise GRPCError(Status.UNKNOWN, "no PKI-ID")
            yield envelope

    async def ping(self, empty: Empty) -> Empty:
        return empty


def stub_for(endpoint: str) -> tuple[Channel, GossipStub]:
    host, _, port = endpoint.rpartition(":")
    channel = Channel(host, int(port), ssl=tls.client_side(tls_files(2, 1)).context)
    return channel, GossipStub(channel)


def test_grpclib_client_pings_and_streams() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        channel, stub = stub_for(listener.endpoint)
        assert await stub.ping(Empty()) == Empty()
        assert [envelope async for envelope in stub.gossip_stream(ENVELOPES)] == ENVELOPES
        channel.close()
        await listener.close()

    run_bounded(main)


def test_grpclib_client_hears_our_refusal() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", refuse, tls=tls_files(1, 0))
        channel, stub = stub_for(listener.endpoint)
        with pytest.raises(GRPCError) as caught:
            async for _ in stub.gossip_stream(ENVELOPES[:1]):
                pass
        assert (caught.value.status, caught.value.message) == (Status.UNKNOWN, "wrong type")
        channel.close()
        await listener.close()

    run_bounded(main)


def test_grpclib_server_is_pinged_and_streamed_to() -> None:
    async def main() -> None:
        server = Server([Gossip()])
        await server.start("127.0.0.1", 0, ssl=tls.server_side(tls_files(1, 0)).context)
        assert server._server is not None
        port = server._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # an asyncio.Server has sockets
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(f"127.0.0.1:{port}")
        await channel.ping()
        stream = await channel.open_stream()
        sent = [bytes(envelope) for envelope in ENVELOPES]
        await stream.send(sent)
        received: list[bytes] = []
        while len(received) < len(sent):
            received.extend(await stream.receive())
        assert received == sent
        await stream.send([bytes(Envelope(signature=b"refuse"))])
        with pytest.raises(RefusedByPeerError) as caught:
            await stream.receive()
        assert (caught.value.grpc_status, caught.value.reason) == ("UNKNOWN", "no PKI-ID")
        await channel.close()
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)

    run_bounded(main)

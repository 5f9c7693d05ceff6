"""The transports that the contract suite holds to gossip.transport.base, each behind the same few verbs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from gossip.api.options import DialOptions
from gossip.transport.base import Channel, Dialer, FrameStream, Listener, StreamHandler
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from gossip.transport.memory import MemoryNetwork
from tests.support.tls_files import tls_files

DIALER_CERTIFICATE = b"dialer leaf"
LISTENER_CERTIFICATE = b"listener leaf"


class Transport(Protocol):
    """One way to get from a dialer to a listener on this machine."""

    async def listen(self, handler: StreamHandler) -> Listener: ...

    def dialer(self) -> Dialer: ...


class MemoryTransport:
    """The network in memory, without faults."""

    def __init__(self) -> None:
        self._network = MemoryNetwork()

    async def listen(self, handler: StreamHandler) -> Listener:
        return self._network.listen("127.0.0.1:0", handler, LISTENER_CERTIFICATE)

    def dialer(self) -> Dialer:
        return self._network.dialer(DIALER_CERTIFICATE)


class GrpcTransport:
    """gRPC over mutual TLS on the loopback interface: peer0 of Org1 listens, peer1 of Org2 dials."""

    async def listen(self, handler: StreamHandler) -> Listener:
        return await listen("127.0.0.1:0", handler, tls=tls_files(1, 0))

    def dialer(self) -> Dialer:
        return GrpcDialer(DialOptions(tls=tls_files(2, 1)))


TransportFactory = Callable[[], Transport]
TRANSPORTS: dict[str, TransportFactory] = {"memory": MemoryTransport, "grpc": GrpcTransport}


@asynccontextmanager
async def channel_to(transport: Transport, handler: StreamHandler) -> AsyncIterator[Channel]:
    """A channel to a new listener that serves ``handler``."""
    listener = await transport.listen(handler)
    try:
        channel = await transport.dialer().dial(listener.endpoint)
        try:
            yield channel
        finally:
            await channel.close()
    finally:
        await listener.close()


@asynccontextmanager
async def stream_to(transport: Transport, handler: StreamHandler) -> AsyncIterator[FrameStream]:
    """A stream to a new listener that serves ``handler``."""
    async with channel_to(transport, handler) as channel:
        stream = await channel.open_stream()
        try:
            yield stream
        finally:
            stream.abort()


async def receive_all(stream: FrameStream) -> list[bytes]:
    """Everything until the other side ends the stream."""
    frames: list[bytes] = []
    while batch := await stream.receive():
        frames += batch
    return frames


async def receive_count(stream: FrameStream, count: int) -> list[bytes]:
    """At least ``count`` frames."""
    frames: list[bytes] = []
    while len(frames) < count:
        batch = await stream.receive()
        assert batch, f"the stream ended after {len(frames)} frames"
        frames += batch
    return frames

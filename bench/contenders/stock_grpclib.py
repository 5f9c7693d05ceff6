"""grpclib with betterproto's generated service and codec, as their manuals show it."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from gossip_protos.gossip import Acknowledgement, Empty, Envelope, GossipBase, GossipMessage, GossipStub
from grpclib.client import Channel
from grpclib.server import Server

from bench.contenders.base import Meter
from bench.contenders.tls import client_context, server_context
from bench.material import Material

QUEUED = 200


class CountingGossip(GossipBase):
    """The far end."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    async def gossip_stream(self, envelope_iterator: AsyncIterator[Envelope]) -> AsyncIterator[Envelope]:
        """Count, and acknowledge what has a nonce."""
        async for envelope in envelope_iterator:
            message = GossipMessage().parse(envelope.payload)
            assert message.data_msg.payload.data
            if message.nonce:
                yield Envelope(payload=bytes(GossipMessage(nonce=message.nonce, ack=Acknowledgement())))
            self._meter.count += 1

    async def ping(self, empty: Empty) -> Empty:
        """Answer."""
        return empty


class Link:
    """One stream: a bounded queue in, acknowledgements out."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.queue: asyncio.Queue[Envelope] = asyncio.Queue(QUEUED)
        self.waiting: dict[int, asyncio.Future[None]] = {}

    async def run(self) -> None:
        """Send what is queued, and take acknowledgements."""
        async for envelope in GossipStub(self._channel).gossip_stream(self._queued()):
            self.waiting.pop(GossipMessage().parse(envelope.payload).nonce).set_result(None)

    async def _queued(self) -> AsyncIterator[Envelope]:
        while True:
            yield await self.queue.get()


class GrpclibClient:
    """Streams to each server."""

    dropped = 0

    def __init__(self, links: Sequence[Link], context: ssl.SSLContext) -> None:
        self._links = links
        self._context = context
        self._nonce = 0
        self._envelopes: list[Envelope] = []

    def load(self, payloads: Sequence[bytes]) -> None:
        """Prepare messages."""
        self._envelopes = [Envelope(payload=payload) for payload in payloads]

    async def send_loaded(self) -> int:
        """Queue each for every server."""
        for envelope in self._envelopes:
            for link in self._links:
                await link.queue.put(envelope)
        return len(self._envelopes) * len(self._links)

    async def send_with_ack(self) -> None:
        """Send one and wait."""
        self._nonce += 1
        link = self._links[0]
        acked = link.waiting[self._nonce] = asyncio.get_running_loop().create_future()
        message = GossipMessage().parse(self._envelopes[0].payload)
        message.nonce = self._nonce
        await link.queue.put(Envelope(payload=bytes(message)))
        await acked

    async def shake_hands(self, endpoint: str) -> dict[str, float]:
        """A connection and a Ping; nobody is authenticated beyond TLS."""
        started_s = time.perf_counter()
        channel = _channel(endpoint, self._context)
        await GossipStub(channel).ping(Empty())
        channel.close()
        return {"connect + Ping": time.perf_counter() - started_s}


class StockGrpclib:
    """grpclib and betterproto; no identities."""

    name = "grpclib + betterproto"

    @asynccontextmanager
    async def serve(
        self,
        material: Material,
        servers: int,
        meter: Meter,
        *,
        read_objects: bool,  # noqa: ARG002 -- it always does
    ) -> AsyncIterator[list[str]]:
        """Listen."""
        endpoints = []
        async with AsyncExitStack() as stack:
            for number in range(servers):
                server = Server([CountingGossip(meter)])
                await server.start("127.0.0.1", 0, ssl=server_context(material, f"peer{number}", alpn="h2"))
                stack.callback(server.close)
                assert isinstance(server._server, asyncio.Server)
                host, port = server._server.sockets[0].getsockname()
                endpoints.append(f"{host}:{port}")
            yield endpoints

    @asynccontextmanager
    async def connect(self, material: Material, endpoints: Sequence[str]) -> AsyncIterator[GrpclibClient]:
        """Open a stream to each."""
        context = client_context(material, alpn="h2")
        context.check_hostname = False
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            links, tasks = [], []
            for endpoint in endpoints:
                channel = _channel(endpoint, context)
                stack.callback(channel.close)
                links.append(Link(channel))
                tasks.append(group.create_task(links[-1].run()))
            yield GrpclibClient(links, context)
            for task in tasks:
                task.cancel()


def _channel(endpoint: str, context: ssl.SSLContext) -> Channel:
    host, port = endpoint.split(":")
    return Channel(host, int(port), ssl=context)

"""grpc.aio with Google's protobuf, as its manual shows it."""

# mypy: disable-error-code="attr-defined,call-arg,arg-type"
# The stubs in typings/ hold what the tests use of grpc.

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
from grpc import aio

from bench.contenders.base import Meter
from bench.google import google_class
from bench.material import Material

STREAM = "/gossip.Gossip/GossipStream"
PING = "/gossip.Gossip/Ping"
OPTIONS = (("grpc.ssl_target_name_override", "localhost"), ("grpc.use_local_subchannel_pool", 1))

Envelope: Any = google_class("gossip.Envelope")
GossipMessage: Any = google_class("gossip.GossipMessage")
Empty: Any = google_class("gossip.Empty")


class Link:
    """One stream with its acknowledgements."""

    def __init__(self, channel: aio.Channel) -> None:
        self.stream = channel.stream_stream(
            STREAM, request_serializer=Envelope.SerializeToString, response_deserializer=Envelope.FromString
        )()
        self.waiting: dict[int, asyncio.Future[None]] = {}

    async def run(self) -> None:
        """Take acknowledgements."""
        async for envelope in self.stream:
            self.waiting.pop(GossipMessage.FromString(envelope.payload).nonce).set_result(None)


class AioClient:
    """Streams to each server."""

    dropped = 0

    def __init__(self, links: Sequence[Link], credentials: grpc.ChannelCredentials) -> None:
        self._links = links
        self._credentials = credentials
        self._nonce = 0
        self._envelopes: list[Any] = []
        self._writing = asyncio.Lock()

    def load(self, payloads: Sequence[bytes]) -> None:
        """Prepare messages."""
        self._envelopes = [Envelope(payload=payload) for payload in payloads]

    async def send_loaded(self) -> int:
        """Write each to every server."""
        for envelope in self._envelopes:
            for link in self._links:
                await link.stream.write(envelope)
        return len(self._envelopes) * len(self._links)

    async def send_with_ack(self) -> None:
        """Send one and wait."""
        self._nonce += 1
        link = self._links[0]
        acked = link.waiting[self._nonce] = asyncio.get_running_loop().create_future()
        message = GossipMessage.FromString(self._envelopes[0].payload)
        message.nonce = self._nonce
        envelope = Envelope(payload=message.SerializeToString())
        async with self._writing:  # grpc.aio takes one write at a time
            await link.stream.write(envelope)
        await acked

    async def shake_hands(self, endpoint: str) -> dict[str, float]:
        """A connection and a Ping; nobody is authenticated beyond TLS."""
        started_s = time.perf_counter()
        async with aio.secure_channel(endpoint, self._credentials, options=OPTIONS) as channel:
            ping = channel.unary_unary(
                PING, request_serializer=Empty.SerializeToString, response_deserializer=Empty.FromString
            )
            await ping(Empty())
        return {"connect + Ping": time.perf_counter() - started_s}


class GrpcAio:
    """grpc.aio and protobuf; no identities."""

    name = "grpc.aio + protobuf"

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
                server = aio.server()
                server.add_generic_rpc_handlers((_handlers(meter),))
                port = server.add_secure_port("127.0.0.1:0", _server_credentials(material, f"peer{number}"))
                await server.start()
                stack.push_async_callback(server.stop, 0)
                endpoints.append(f"127.0.0.1:{port}")
            yield endpoints

    @asynccontextmanager
    async def connect(self, material: Material, endpoints: Sequence[str]) -> AsyncIterator[AioClient]:
        """Open a stream to each."""
        credentials = _client_credentials(material)
        async with AsyncExitStack() as stack:
            links, tasks = [], []
            for endpoint in endpoints:
                channel = await stack.enter_async_context(aio.secure_channel(endpoint, credentials, options=OPTIONS))
                links.append(Link(channel))
                tasks.append(asyncio.create_task(links[-1].run()))
            yield AioClient(links, credentials)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _handlers(meter: Meter) -> grpc.GenericRpcHandler:
    async def stream(envelopes: AsyncIterator[Any], context: Any) -> None:
        async for envelope in envelopes:
            message = GossipMessage.FromString(envelope.payload)
            assert message.data_msg.payload.data
            if message.nonce:
                ack = GossipMessage(nonce=message.nonce)
                ack.ack.SetInParent()
                await context.write(Envelope(payload=ack.SerializeToString()))
            meter.count += 1

    async def ping(_request: Any, _context: Any) -> Any:
        return Empty()

    return grpc.method_handlers_generic_handler(
        "gossip.Gossip",
        {
            "GossipStream": grpc.stream_stream_rpc_method_handler(
                stream, request_deserializer=Envelope.FromString, response_serializer=Envelope.SerializeToString
            ),
            "Ping": grpc.unary_unary_rpc_method_handler(
                ping, request_deserializer=Empty.FromString, response_serializer=Empty.SerializeToString
            ),
        },
    )


def _server_credentials(material: Material, host: str) -> grpc.ServerCredentials:
    files = material.tls(1, host)
    pair = (files.key.read_bytes(), files.certificate.read_bytes())
    return grpc.ssl_server_credentials([pair], material.tls_roots_pem(), require_client_auth=True)


def _client_credentials(material: Material) -> grpc.ChannelCredentials:
    files = material.tls(0, "peer0")
    return grpc.ssl_channel_credentials(
        material.tls_roots_pem(), files.key.read_bytes(), files.certificate.read_bytes()
    )

"""The limit of the machine from Python: asyncio's TLS with length prefixes, joined into large writes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from struct import Struct

from bench.contenders.base import Meter
from bench.contenders.tls import client_context, server_context
from bench.material import Material

LENGTH = Struct(">I")
WRITE_BYTES = 64 * 1024
ACK = LENGTH.pack(0)


class Counter(asyncio.Protocol):
    """The far end: counts whole messages, and answers one that is alone with an empty one."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Cut messages out, as bytes of their own."""
        data = self._held + data
        position, end = 0, len(data)
        while position + LENGTH.size <= end:
            (size,) = LENGTH.unpack_from(data, position)
            start = position + LENGTH.size
            if start + size > end:
                break
            message = data[start : start + size]
            position = start + size
            self._meter.count += 1
            if message[:1] == b"\x08":  # a nonce: it asks for an acknowledgement
                self._transport.write(ACK)
        self._held = data[position:]


class LimitClient(asyncio.Protocol):
    """The near end."""

    dropped = 0

    def __init__(self) -> None:
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._waiting: list[asyncio.Future[None]] = []
        self._others: list[LimitClient] = []
        self._payloads: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def pause_writing(self) -> None:
        """The socket is full."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """It is not any more."""
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        """Acknowledgements, in order."""
        for _ in range(len(data) // len(ACK)):
            self._waiting.pop(0).set_result(None)

    def also(self, others: Sequence["LimitClient"]) -> None:
        """Send to these as well."""
        self._others = list(others)

    def load(self, payloads: Sequence[bytes]) -> None:
        """Prepare messages."""
        self._payloads = list(payloads)

    async def send_loaded(self) -> int:
        """Join and write."""
        writes: list[bytes] = []
        parts: list[bytes] = []
        size = 0
        for payload in self._payloads:
            parts += (LENGTH.pack(len(payload)), payload)
            size += len(payload)
            if size >= WRITE_BYTES:
                writes.append(b"".join(parts))
                parts, size = [], 0
        if parts:
            writes.append(b"".join(parts))
        for client in (self, *self._others):
            for write in writes:
                await client._may_write.wait()
                client._transport.write(write)
        await asyncio.sleep(0)
        return len(self._payloads) * (1 + len(self._others))

    async def send_with_ack(self) -> None:
        """Send one and wait."""
        acked = asyncio.get_running_loop().create_future()
        self._waiting.append(acked)
        payload = b"\x08\x01" + self._payloads[0]
        self._transport.write(LENGTH.pack(len(payload)) + payload)
        await acked

    async def shake_hands(self, endpoint: str) -> dict[str, float]:
        """Nothing to compare: TLS alone is no handshake of peers."""
        raise NotImplementedError(endpoint)

    def close(self) -> None:
        """End."""
        self._transport.close()


class TlsLimit:
    """asyncio TLS with length prefixes: no gRPC, no protobuf, no identities."""

    name = "TLS limit"

    @asynccontextmanager
    async def serve(
        self, material: Material, servers: int, meter: Meter, *, read_objects: bool
    ) -> AsyncIterator[list[str]]:
        """Listen; there are no objects to read."""
        assert not read_objects
        loop = asyncio.get_running_loop()
        endpoints = []
        async with AsyncExitStack() as stack:
            for number in range(servers):
                context = server_context(material, f"peer{number}")
                server = await loop.create_server(lambda: Counter(meter), "127.0.0.1", 0, ssl=context)
                stack.callback(server.close)
                host, port = server.sockets[0].getsockname()
                endpoints.append(f"{host}:{port}")
            yield endpoints

    @asynccontextmanager
    async def connect(self, material: Material, endpoints: Sequence[str]) -> AsyncIterator[LimitClient]:
        """Connect to each."""
        context = client_context(material)
        clients = [await self._dial(context, endpoint) for endpoint in endpoints]
        clients[0].also(clients[1:])
        try:
            yield clients[0]
        finally:
            for client in clients:
                client.close()

    @staticmethod
    async def _dial(context: ssl.SSLContext, endpoint: str) -> LimitClient:
        host, port = endpoint.split(":")
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(LimitClient, host, int(port), ssl=context, server_hostname="localhost")
        return client

"""Both directions with Google's gRPC, as an ordinary client and server of the same service."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from grpc import aio

from gossip.api.options import DialOptions
from gossip.errors import RefusedByPeerError, UnexpectedMessageError
from gossip.transport.base import FrameStream, StreamHandler
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from tests.support.bounded import run_bounded
from tests.support.tls_files import tls_files
from tests.support.transports import receive_all

MIB = 1024 * 1024
SENT = [b"", b"a", b"b" * 1000, b"c" * 70_000, b"d" * (3 * MIB)]
OPTIONS = [("grpc.max_receive_message_length", 100 * MIB)]


async def echo(stream: FrameStream) -> None:
    stream.max_frame_bytes = 100 * MIB
    while frames := await stream.receive():
        await stream.send(frames)


async def refuse(stream: FrameStream) -> None:
    await stream.receive()
    raise UnexpectedMessageError("wrong type: 100% ümlaut")


def client_credentials() -> grpc.ChannelCredentials:
    files = tls_files(2, 1)
    return grpc.ssl_channel_credentials(
        files.roots[0].read_bytes(), files.key.read_bytes(), files.certificate.read_bytes()
    )


@contextmanager
def google_server() -> Iterator[str]:
    """Echoes each message; one that says ``refuse`` ends the stream with UNKNOWN."""

    def echo_all(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        for body in requests:
            if body == b"refuse":
                context.abort(grpc.StatusCode.UNKNOWN, "no PKI-ID")
            yield body

    handlers = {
        "GossipStream": grpc.stream_stream_rpc_method_handler(echo_all),
        "Ping": grpc.unary_unary_rpc_method_handler(lambda body, _: body),
    }
    files = tls_files(1, 0)
    credentials = grpc.ssl_server_credentials(
        [(files.key.read_bytes(), files.certificate.read_bytes())],
        b"".join(path.read_bytes() for path in files.roots),
        require_client_auth=True,
    )
    with ThreadPoolExecutor(4) as workers:
        server = grpc.server(workers, options=OPTIONS)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("gossip.Gossip", handlers),))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(0).wait()


def stream_to(channel: aio.Channel, path: str = "/gossip.Gossip/GossipStream") -> aio.StreamStreamCall[bytes, bytes]:
    begin: Callable[[], aio.StreamStreamCall[bytes, bytes]] = channel.stream_stream(path)
    return begin()


def test_google_client_pings_and_streams() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        async with aio.secure_channel(listener.endpoint, client_credentials(), OPTIONS) as channel:
            assert await channel.unary_unary("/gossip.Gossip/Ping")(b"") == b""
            call = stream_to(channel)
            for body in SENT:
                await call.write(body)
            await call.done_writing()
            assert [body async for body in call] == SENT
            assert await call.code() is grpc.StatusCode.OK
        await listener.close()

    run_bounded(main, 30)


def refused(handler: StreamHandler, body: bytes, compression: grpc.Compression | None = None) -> aio.AioRpcError:
    """What Google's client hears of one message."""
    caught: list[aio.AioRpcError] = []

    async def main() -> None:
        listener = await listen("127.0.0.1:0", handler, tls=tls_files(1, 0))
        async with aio.secure_channel(listener.endpoint, client_credentials(), compression=compression) as channel:
            call = stream_to(channel)
            await call.write(body)
            with pytest.raises(aio.AioRpcError) as raised:
                await call.read()
            caught.append(raised.value)
        await listener.close()

    run_bounded(main, 30)
    return caught[0]


async def read(stream: FrameStream) -> None:
    await receive_all(stream)


def test_google_client_hears_our_refusal() -> None:
    error = refused(refuse, b"hello")
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, "wrong type: 100% ümlaut")


def test_google_client_that_compresses_hears_unimplemented() -> None:
    assert refused(read, b"x" * 1000, grpc.Compression.Gzip).code() is grpc.StatusCode.UNIMPLEMENTED


def test_google_client_over_the_limit_hears_resource_exhausted() -> None:
    assert refused(read, b"x" * 70_000).code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_google_client_hears_that_a_method_is_not_served() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        async with aio.secure_channel(listener.endpoint, client_credentials()) as channel:
            with pytest.raises(aio.AioRpcError) as raised:
                await stream_to(channel, "/gossip.Gossip/Nothing").read()
            assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED
        await listener.close()

    run_bounded(main, 30)


def test_google_server_is_pinged_and_streamed_to() -> None:
    async def main(endpoint: str) -> None:
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(endpoint)
        await channel.ping()
        stream = await channel.open_stream()
        stream.max_frame_bytes = 100 * MIB
        sending = asyncio.create_task(stream.send(SENT))
        received: list[bytes] = []
        while len(received) < len(SENT):
            received.extend(await stream.receive())
        await sending
        await stream.end()
        assert await stream.receive() == []
        assert received == SENT
        await channel.ping()
        await channel.close()

    with google_server() as endpoint:
        run_bounded(lambda: main(endpoint), 30)


def test_google_servers_refusal_is_told_behind_its_messages() -> None:
    async def main(endpoint: str) -> None:
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(endpoint)
        stream = await channel.open_stream()
        await stream.send([b"one", b"refuse"])
        assert await stream.receive() == [b"one"]
        with pytest.raises(RefusedByPeerError) as caught:
            await stream.receive()
        assert (caught.value.grpc_status, caught.value.reason) == ("UNKNOWN", "no PKI-ID")
        await channel.close()

    with google_server() as endpoint:
        run_bounded(lambda: main(endpoint), 30)


def test_a_thousand_messages_each_way_at_once() -> None:
    sent = [b"%d" % number + b"x" * (number % 5000) for number in range(1000)]

    async def main(endpoint: str) -> None:
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(endpoint)
        stream = await channel.open_stream()
        received: list[bytes] = []

        async def write() -> None:
            for start in range(0, len(sent), 50):
                await stream.send(sent[start : start + 50])
            await stream.end()

        writing = asyncio.create_task(write())
        while batch := await stream.receive():
            received.extend(batch)
        await writing
        assert received == sent
        await channel.close()

    with google_server() as endpoint:
        run_bounded(lambda: main(endpoint), 30)

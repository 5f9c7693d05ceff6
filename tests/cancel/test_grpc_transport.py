"""Cancel the gRPC transport at each of its awaits: no task and no socket is left, and what should still work does."""

import asyncio
import gc
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from gossip.api.options import DialOptions
from gossip.transport.base import FrameStream
from gossip.transport.grpc.client import GrpcChannel, GrpcDialer
from gossip.transport.grpc.server import listen
from tests.support.bounded import run_bounded
from tests.support.odd_servers import begin_http2_and_stop, full_backlog, over_tls, say_nothing, tcp_server
from tests.support.tls_files import tls_files
from tests.support.transports import receive_all

MIB = 1024 * 1024


def open_files() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


async def settle() -> None:
    """Let what was closed be closed."""
    for _ in range(10):
        await asyncio.sleep(0)


async def cancel_when_it_waits(call: Awaitable[object], waited_s: float = 0.1) -> None:
    task = asyncio.ensure_future(call)
    done, _ = await asyncio.wait([task], timeout=waited_s)
    assert not done, f"it did not wait: {task}"
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


def leaves_nothing(main: Callable[[], Awaitable[None]]) -> None:
    """Run ``main`` and see that its loop has no other task and the process no other file afterwards."""

    async def checked() -> None:
        before = open_files()
        await main()
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert open_files() == before

    run_bounded(checked)


def dialer() -> GrpcDialer:
    return GrpcDialer(DialOptions(tls=tls_files(2, 1), dial_timeout_s=30))


@pytest.mark.parametrize("stage", ["tcp", "tls", "http2"])
def test_dial(stage: str) -> None:
    with ExitStack() as stack:
        if stage == "tcp":
            endpoint = stack.enter_context(full_backlog())
        else:
            handle = say_nothing if stage == "tls" else over_tls(tls_files(1, 0), say_nothing, alpn="h2")
            endpoint = stack.enter_context(tcp_server(handle))

        async def main() -> None:
            await cancel_when_it_waits(dialer().dial(endpoint))

        async def checked() -> None:
            await main()
            await settle()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        run_bounded(checked)  # the server's own files come and go, so only ours are looked at
        gc.collect()


def test_ping_to_a_server_that_does_not_answer() -> None:
    async def main(endpoint: str) -> None:
        channel = await dialer().dial(endpoint)
        await cancel_when_it_waits(channel.ping())
        await cancel_when_it_waits(channel.ping())
        assert not channel._protocol.processor.streams, "a cancelled Ping was left open"
        channel.abort()
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with tcp_server(over_tls(tls_files(1, 0), begin_http2_and_stop, alpn="h2")) as endpoint:
        run_bounded(lambda: main(endpoint))


async def with_channel(
    handler: Callable[[FrameStream], Awaitable[None]], use: Callable[[GrpcChannel], Awaitable[None]]
) -> None:
    listener = await listen("127.0.0.1:0", handler, tls=tls_files(1, 0))
    channel = await dialer().dial(listener.endpoint)
    try:
        await use(channel)
    finally:
        channel.abort()
        await listener.close()


async def wait_forever(stream: FrameStream) -> None:
    await asyncio.Event().wait()


async def echo(stream: FrameStream) -> None:
    stream.max_frame_bytes = 20 * MIB
    while frames := await stream.receive():
        await stream.send(frames)


def test_receive_and_receive_again() -> None:
    async def use(channel: GrpcChannel) -> None:
        stream = await channel.open_stream()
        await cancel_when_it_waits(stream.receive())
        await stream.send([b"still here"])
        assert await stream.receive() == [b"still here"]

    leaves_nothing(lambda: with_channel(echo, use))


def test_send_that_waits_for_the_window() -> None:
    async def use(channel: GrpcChannel) -> None:
        stream = await channel.open_stream()
        await cancel_when_it_waits(stream.send([bytes(MIB)]))
        stream.abort()
        await channel.ping()

    leaves_nothing(lambda: with_channel(wait_forever, use))


def test_close_while_the_peer_does_not_read() -> None:
    async def main(endpoint: str) -> None:
        channel = await dialer().dial(endpoint)
        stream = await channel.open_stream()
        connection = channel._protocol.connection
        connection.http2.outbound_flow_control_window = stream.http2_stream.outbound_flow_control_window = 2**30
        await cancel_when_it_waits(stream.send([bytes(100 * MIB)]), 0.3)
        await cancel_when_it_waits(channel.close())
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    def read_no_more(connection: socket.socket) -> None:
        connection.sendall(b"\0\0\0\4\0\0\0\0\0")
        say_later.wait()

    say_later = threading.Event()
    with tcp_server(over_tls(tls_files(1, 0), read_no_more, alpn="h2")) as endpoint:
        try:
            run_bounded(lambda: main(endpoint))
        finally:
            say_later.set()


def test_listener_that_closes_while_a_handler_cleans_up() -> None:
    async def clean_up(stream: FrameStream) -> None:
        try:
            await wait_forever(stream)
        finally:
            await wait_forever(stream)

    async def main() -> None:
        listener = await listen("127.0.0.1:0", clean_up, tls=tls_files(1, 0))
        channel = await dialer().dial(listener.endpoint)
        await channel.open_stream()
        await channel.ping()
        await cancel_when_it_waits(listener.close())
        channel.abort()

    leaves_nothing(main)


def test_handler_whose_listener_closes() -> None:
    seen: list[str] = []

    async def note(stream: FrameStream) -> None:
        try:
            await receive_all(stream)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            seen.append("released")

    async def use(channel: GrpcChannel) -> None:
        await channel.open_stream()
        await channel.ping()

    leaves_nothing(lambda: with_channel(note, use))
    assert seen[-1] == "released"


def test_connections_that_are_half_made_when_the_listener_closes() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", wait_forever, tls=tls_files(1, 0))
        host, _, port = listener.endpoint.rpartition(":")
        plain = [await asyncio.open_connection(host, int(port)) for _ in range(3)]
        await listener.close()
        for _, writer in plain:
            writer.transport.abort()

    leaves_nothing(main)

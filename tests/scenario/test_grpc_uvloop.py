"""The gRPC transport on uvloop, and between its loop and asyncio's own."""

import asyncio
import gc
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from gossip.api.options import DialOptions
from gossip.errors import DialError, RefusedByPeerError, StreamBrokenError, UnexpectedMessageError
from gossip.transport.base import FrameStream
from gossip.transport.endpoint import parse_endpoint
from gossip.transport.gate import Offence
from gossip.transport.grpc.client import GrpcChannel, GrpcDialer
from gossip.transport.grpc.client_protocol import ClientProtocol
from gossip.transport.grpc.server import listen
from tests.support.raw_http2 import PING, raw_client, request, reset
from tests.support.tls_files import tls_files

uvloop = pytest.importorskip("uvloop", reason="the fast extra is not installed")

MIB = 1024 * 1024
Run = Callable[[Coroutine[object, object, None]], None]


async def echo(stream: FrameStream) -> None:
    stream.max_frame_bytes = MIB
    while frames := await stream.receive():
        if frames[-1] == b"refuse":
            raise UnexpectedMessageError("wrong type")
        await stream.send(frames)


async def talk_to(endpoint: str) -> None:
    channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(endpoint)
    await channel.ping()
    stream = await channel.open_stream()
    stream.max_frame_bytes = MIB
    sent = [b"x" * 1000] * 100 + [b"y" * 500_000]
    sending = asyncio.create_task(stream.send(sent))
    received: list[bytes] = []
    while len(received) < len(sent):
        received.extend(await stream.receive())
    await sending
    assert received == sent
    await stream.send([b"refuse"])
    with pytest.raises(RefusedByPeerError, match="wrong type"):
        await stream.receive()
    await channel.close()
    with pytest.raises(StreamBrokenError):
        await channel.ping()


@pytest.mark.parametrize("client", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("server", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_both_loops_talk_to_each_other(client: Run, server: Run) -> None:
    listening: Future[tuple[str, Callable[[], None]]] = Future()

    async def serve() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        end, loop = asyncio.Event(), asyncio.get_running_loop()
        listening.set_result((listener.endpoint, lambda: loop.call_soon_threadsafe(end.set)))  # type: ignore[arg-type]
        await end.wait()
        await listener.close()

    thread = threading.Thread(target=lambda: server(serve()))
    thread.start()
    endpoint, stop = listening.result(10)
    try:
        client(asyncio.wait_for(talk_to(endpoint), 10))
    finally:
        stop()
        thread.join()


def test_a_dial_that_is_given_up_as_tcp_stands_hears_of_the_end_and_closes_its_own_socket_alone(tmp_path: Path) -> None:
    """What TLS holds is freed then; and whoever gets the socket's number afterwards keeps what is opened under it."""
    begun: list[ClientProtocol] = []
    opened: list[IO[bytes]] = []
    dials: list[asyncio.Task[GrpcChannel]] = []

    class GivenUp(ClientProtocol):
        async def _enter_loop(self, connected: socket.socket) -> None:
            begun.append(self)
            dials[0].cancel()
            await super()._enter_loop(connected)

        def connection_lost(self, exc: BaseException | None) -> None:
            super().connection_lost(exc)
            opened.extend((tmp_path / str(number)).open("wb") for number in range(8))

    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        dials.append(asyncio.create_task(GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)))
        await asyncio.wait(dials)
        assert dials.pop().cancelled()
        (protocol,) = begun
        await protocol.closed.wait()
        await listener.close()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("gossip.transport.grpc.client.ClientProtocol", GivenUp)
        uvloop.run(asyncio.wait_for(main(), 10))
    begun.clear()
    gc.collect()
    assert len(opened) == 8
    for file in opened:
        os.fstat(file.fileno())
        file.close()


def test_failures_are_told_as_on_asyncio() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        with pytest.raises(DialError, match="the peer's certificate was refused by us"):
            await GrpcDialer(DialOptions(tls=tls_files(2, 1, trusts=(2,)))).dial(listener.endpoint)
        async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            for stream_id in range(1, 2001, 2):
                peer.write(peer.headers(stream_id, request(PING)), reset(stream_id, 8))
            await peer.wait_cut()
        assert listener.cut == {Offence.TLS: 1, Offence.FLOOD: 1}
        await listener.close()
        with pytest.raises(DialError, match="refused"):
            await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)

    uvloop.run(asyncio.wait_for(main(), 10))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("rounds", range(6))
def test_a_listener_closes_while_somebody_comes_in(run: Run, rounds: int) -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=None)
        with socket.create_connection(parse_endpoint(listener.endpoint)) as guest:
            for _ in range(rounds):
                await asyncio.sleep(0)
            async with asyncio.timeout(5.0):
                await listener.close()
            guest.settimeout(5.0)
            with suppress(ConnectionResetError):
                while guest.recv(1000):
                    pass

    run(main())

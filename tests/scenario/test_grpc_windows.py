"""The window opens for a message that began while its reader was busy."""

import asyncio
from dataclasses import replace

import pytest
from hyperframe.frame import HeadersFrame, SettingsFrame

from gossip.api.options import DialOptions
from gossip.errors import RefusedByPeerError, StreamBrokenError
from gossip.transport.base import FrameStream
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from gossip.transport.grpc.stream import GrpcStream
from gossip.transport.limits import ServerLimits
from tests.support.bounded import run_bounded
from tests.support.peers import settle
from tests.support.raw_http2 import RESPONSE, RawPeer, raw_client, raw_server, request
from tests.support.tls_files import tls_files

MIB = 1024 * 1024
FIRST_PING, STREAM = 1, 3


def window_of_nothing() -> SettingsFrame:
    return SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0})


def test_who_waits_for_a_window_hears_that_the_server_ended_the_call() -> None:
    async def main() -> None:
        may_end = asyncio.Event()

        async def script(peer: RawPeer) -> None:
            peer.write(window_of_nothing())
            await peer.until(HeadersFrame, STREAM)
            await may_end.wait()
            peer.write(peer.headers(STREAM, RESPONSE), peer.trailers(STREAM, 0))

        async with raw_server(script, tls_files(1, 0)) as endpoint:
            channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(endpoint)
            stream = await channel.open_stream()
            sending = asyncio.create_task(stream.send([b"never"]))
            await settle()
            may_end.set()
            assert await stream.receive() == []
            with pytest.raises(StreamBrokenError, match="ended the stream"):
                async with asyncio.timeout(2.0):
                    await sending
            channel.abort()

    run_bounded(main)


def test_a_ping_that_is_refused_before_there_is_room_for_it_tells_why() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            peer.write(window_of_nothing())
            for ping in (FIRST_PING, STREAM):
                await peer.until(HeadersFrame, ping)
                peer.write(peer.headers(ping, RESPONSE), peer.trailers(ping, 12, "no Ping here"))

        async with raw_server(script, tls_files(1, 0)) as endpoint:
            channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(endpoint)
            for _ in range(2):
                with pytest.raises(RefusedByPeerError, match="no Ping here"):
                    async with asyncio.timeout(2.0):
                        await channel.ping()
            channel.abort()

    run_bounded(main)


def test_who_waits_for_a_window_hears_that_the_handler_ended_the_call() -> None:
    async def main() -> None:
        told: asyncio.Queue[BaseException | None] = asyncio.Queue()

        async def serve(stream: FrameStream) -> None:
            sending = asyncio.create_task(stream.send([bytes(MIB)]))
            sending.add_done_callback(lambda task: told.put_nowait(task.exception()))
            await settle()

        listener = await listen("127.0.0.1:0", serve, tls=tls_files(1, 0))
        async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            peer.write(peer.headers(1, request()))
            async with asyncio.timeout(2.0):
                error = await told.get()
        assert isinstance(error, StreamBrokenError)
        assert "ended by us" in str(error)
        await listener.close()

    run_bounded(main)


@pytest.mark.parametrize("has_tls", [True, False])
def test_a_long_message_that_fills_the_window_while_its_reader_is_busy_becomes_whole(has_tls: bool) -> None:
    async def main() -> None:
        received: asyncio.Queue[int] = asyncio.Queue()
        served: list[GrpcStream] = []
        may_go_on = asyncio.Event()

        async def read(stream: FrameStream) -> None:
            assert isinstance(stream, GrpcStream)
            served.append(stream)
            stream.max_frame_bytes = 4 * MIB
            while frames := await stream.receive():
                for frame in frames:
                    received.put_nowait(len(frame))
                await may_go_on.wait()

        listener = await listen("127.0.0.1:0", read, tls=tls_files(1, 0) if has_tls else None)
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1) if has_tls else None)).dial(listener.endpoint)
        stream = await channel.open_stream()
        await stream.send([b"short"])
        assert await received.get() == len(b"short")
        sending = asyncio.create_task(stream.send([bytes(3 * MIB)]))
        while served[0].connection.http2.receivable_bytes(served[0].http2_stream):  # noqa: ASYNC110 -- it has no event
            await asyncio.sleep(0)
        assert not sending.done(), "the window is used up"
        may_go_on.set()
        async with asyncio.timeout(5.0):
            assert await received.get() == 3 * MIB
        await sending
        await channel.close()
        await listener.close()

    run_bounded(main)


@pytest.mark.parametrize("window_bytes", [64 * 1024 - 1, 70_000, MIB])
@pytest.mark.parametrize("max_streams", [1, 2, 3, 100])
@pytest.mark.parametrize("before", [1, 5000, 50_000])
def test_messages_longer_than_a_window_come_through_however_few_streams_there_may_be(
    max_streams: int, window_bytes: int, before: int
) -> None:
    async def main() -> None:
        received: list[int] = []

        async def read(stream: FrameStream) -> None:
            received.extend(map(len, await stream.receive()))
            stream.max_frame_bytes = 4 * MIB
            while frames := await stream.receive():
                received.extend(map(len, frames))

        limits = ServerLimits()
        connection = replace(limits.connection, window_bytes=window_bytes, max_streams=max_streams)
        listener = await listen("127.0.0.1:0", read, tls=None, limits=replace(limits, connection=connection))
        channel = await GrpcDialer(DialOptions()).dial(listener.endpoint)
        await channel.ping()
        stream = await channel.open_stream()
        sent = [before, window_bytes - 4, 3 * window_bytes, window_bytes // 2, 3 * MIB]
        async with asyncio.timeout(5.0):
            for size in sent:
                await stream.send([bytes(size)])
            await stream.end()
            assert await stream.receive() == []
        assert received == sent
        await channel.close()
        await listener.close()

    run_bounded(main)

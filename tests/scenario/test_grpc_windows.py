"""The window opens for a message that began while its reader was busy."""

import asyncio

import pytest

from gossip.api.options import DialOptions
from gossip.transport.base import FrameStream
from gossip.transport.grpc_client import GrpcDialer
from gossip.transport.grpc_server import listen
from gossip.transport.grpc_stream import GrpcStream
from tests.support.bounded import run_bounded
from tests.support.tls_files import tls_files

MIB = 1024 * 1024


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

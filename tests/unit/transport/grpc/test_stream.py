"""What a stream costs, and what becomes of a long message that stops half-way."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from math import inf

import pytest
from grpclib.const import Status
from grpclib.protocol import AbstractHandler, Stream
from hpack import Encoder
from hyperframe.frame import HeadersFrame, SettingsFrame, WindowUpdateFrame

from gossip import turns
from gossip.errors import StreamBrokenError
from gossip.transport.grpc import frame_reader
from gossip.transport.grpc import stream as module
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.protocol import GrpcProtocol
from gossip.transport.grpc.server_stream import ServerStream
from gossip.transport.http2.connection import http2_configuration
from gossip.transport.http2.frame import WINDOW_BYTES
from gossip.transport.limits import ConnectionLimits
from tests.support.bounded import run_bounded
from tests.support.no_network import Socket
from tests.support.raw_http2 import PREFACE, data, request, reset
from tests.support.virtual_time import run_virtual

LONG_BYTES = 1024 * 1024
PART = b"x" * 16_000
HALF_A_MESSAGE = data(1, b"\0" + (100_000).to_bytes(4, "big") + PART).serialize() + data(1, PART[:-9]).serialize()

LIMIT_BYTES = 1_000_000
BLOCK = Encoder().encode(request())


class Handler(AbstractHandler):
    """Takes the first call."""

    stream: ServerStream

    def accept(self, stream: Stream, headers: object, release_stream: Callable[[], None]) -> None:
        assert isinstance(stream, ServerStream)
        self.stream = stream
        stream.serve_gossip()

    def cancel(self, stream: Stream) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def _slow_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait for a turn, however slow this machine is."""
    monkeypatch.setattr(turns, "AT_ONCE_S", inf)
    monkeypatch.setattr(turns, "ALONE_S", inf)


@pytest.fixture(autouse=True)
def time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader takes at once depends on the clock, and a busy machine lets a millisecond go by anywhere."""
    monkeypatch.setattr(frame_reader, "perf_counter", lambda: 0.0)


class Server(GrpcProtocol):
    """Has calls whose callers are never authenticated."""

    def make_stream(self, connection: GrpcConnection, stream_id: int) -> ServerStream:
        return ServerStream(connection, stream_id, LIMIT_BYTES, lambda: None)


def begun() -> tuple[GrpcProtocol, ServerStream]:
    """A stream on which nothing has come."""
    handler = Handler()
    protocol = Server(handler, http2_configuration(client_side=False), ConnectionLimits(), None)
    protocol.tcp_connected(socket := Socket())
    protocol.connection_made(socket)
    call = HeadersFrame(1, data=BLOCK, flags=("END_HEADERS",))
    protocol.data_received(PREFACE + SettingsFrame(0).serialize() + call.serialize())
    return protocol, handler.stream


def half_way() -> tuple[GrpcProtocol, ServerStream]:
    """A stream in the middle of a long message."""
    protocol, stream = begun()
    protocol.data_received(HALF_A_MESSAGE)
    return protocol, stream


ENDINGS: dict[str, Callable[[GrpcProtocol, ServerStream], None]] = {
    "the peer resets it": lambda protocol, _: protocol.data_received(reset(1).serialize()),
    "the connection is lost": lambda protocol, _: protocol.connection_lost(None),
    "its handler ends it": lambda _, stream: stream.finish(Status.OK),
    "its handler is cancelled": lambda _, stream: stream.abort(),
}


def test_what_comes_for_a_stream_that_has_left_is_not_kept() -> None:
    async def main() -> None:
        protocol, stream = half_way()
        frame = data(1, PART).serialize()
        protocol.data_received(frame[:100])
        stream.finish(Status.OK)
        protocol.data_received(frame[100:])
        assert not stream._inbox._parts

    run_bounded(main)


def test_an_open_call_costs_less_than_2500_bytes_beside_its_handler() -> None:
    async def main() -> None:
        protocol, _ = half_way()  # what is made with the first call is made
        numbers = range(3, 2 * ConnectionLimits().max_streams, 2)
        tracemalloc.start()
        try:
            for number in numbers:
                protocol.data_received(HeadersFrame(number, data=BLOCK, flags=("END_HEADERS",)).serialize())
            gc.collect()  # when it last ran is chance
            taken_bytes, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(protocol.connection.reading) == 1 + len(numbers)
        assert taken_bytes / len(numbers) < 2500

    run_bounded(main)


@pytest.mark.parametrize(("streams", "is_cut"), [(1, False), (2, False), (3, True)])
def test_messages_under_way_on_all_streams_together_may_be_as_long_as_one(streams: int, is_cut: bool) -> None:
    async def main() -> None:
        protocol, first = half_way()
        first.max_frame_bytes = LIMIT_BYTES
        numbers = range(3, 2 * streams + 2, 2)
        for number in numbers:
            protocol.data_received(HeadersFrame(number, data=BLOCK, flags=("END_HEADERS",)).serialize())
        calls = [protocol.connection.reading[number] for number in numbers]
        for call in calls:
            call.max_frame_bytes = LIMIT_BYTES
        receiving = [asyncio.create_task(call.receive()) for call in calls]
        await asyncio.sleep(0)
        for number in numbers:
            protocol.data_received(data(number, b"\0" + (900_000).to_bytes(4)).serialize())
            for _ in range(28):
                protocol.data_received(data(number, PART).serialize())
        assert bool(protocol.failure) is is_cut
        if is_cut:
            assert "more than 1000000 bytes of messages that are incomplete" in str(protocol.failure)
        else:
            assert [call.unfinished_bytes for call in calls] == [28 * len(PART)] * streams
        for task in receiving:
            task.cancel()

    run_bounded(main)


@pytest.mark.parametrize(("parts", "is_cut"), [(60, False), (61, True)])
def test_of_two_streams_each_counts(parts: int, is_cut: bool) -> None:
    async def main() -> None:
        protocol, first = half_way()
        first.max_frame_bytes = LIMIT_BYTES
        protocol.data_received(HeadersFrame(3, data=BLOCK, flags=("END_HEADERS",)).serialize())
        second = protocol.connection.reading[3]
        second.max_frame_bytes = LIMIT_BYTES
        receiving = asyncio.create_task(second.receive())
        await asyncio.sleep(0)
        protocol.data_received(data(3, b"\0" + (990_000).to_bytes(4)).serialize())
        for _ in range(parts):
            protocol.data_received(data(3, PART).serialize())
        assert bool(protocol.failure) is is_cut
        receiving.cancel()

    run_bounded(main)


def test_strangers_messages_under_way_get_room_for_one_whatever_the_number_of_streams() -> None:
    async def main() -> None:
        protocol, _ = half_way()
        came_bytes = 5 + 2 * len(PART) - 9
        numbers = (3, 5, 7)
        receiving = []
        for number in numbers:
            protocol.data_received(HeadersFrame(number, data=BLOCK, flags=("END_HEADERS",)).serialize())
            receiving.append(asyncio.create_task(protocol.connection.reading[number].receive()))
            await asyncio.sleep(0)
            protocol.data_received(data(number, b"\0" + (100_000).to_bytes(4)).serialize())
            came_bytes += 5
            streams = protocol.connection.http2.streams
            assert streams[number].inbound_flow_control_window == 100_000
        assert protocol.connection.http2.inbound_flow_control_window == 5 + LIMIT_BYTES - came_bytes
        for task in receiving:
            task.cancel()

    run_bounded(main)


def test_who_took_what_waited_for_it_is_not_cut_later() -> None:
    async def main() -> None:
        protocol, stream = half_way()
        sending = asyncio.create_task(stream.send([bytes(WINDOW_BYTES)]))
        await asyncio.sleep(1)
        assert not sending.done(), "its prefix is too much"
        for number in (0, 1):
            protocol.data_received(WindowUpdateFrame(number, window_increment=5).serialize())
        await sending
        await asyncio.sleep(2 * ConnectionLimits().unread_timeout_s)
        assert protocol.failure is None

    run_virtual(main())


def test_who_waits_for_the_socket_hears_that_the_connection_is_lost() -> None:
    async def main() -> None:
        protocol, stream = half_way()
        protocol.pause_writing()
        sending = asyncio.create_task(stream.send([b"hello"]))
        await asyncio.sleep(0)
        assert not sending.done()
        protocol.connection_lost(None)
        with pytest.raises(StreamBrokenError):
            await sending

    run_bounded(main, limit_s=5)


@pytest.mark.parametrize("comes_back", [True, False])
def test_long_messages_that_were_delivered_count_until_their_readers_come_back(comes_back: bool) -> None:
    async def main() -> None:
        protocol, first = half_way()
        first.max_frame_bytes = 5 * len(LONG_MESSAGE) // 2
        for number in (3, 5, 7):
            protocol.data_received(HeadersFrame(number, data=BLOCK, flags=("END_HEADERS",)).serialize())
            protocol.connection.reading[number].max_frame_bytes = first.max_frame_bytes
        readers = {}
        for number, size in ((3, len(LONG_MESSAGE)), (5, len(LONG_MESSAGE)), (7, 3 * len(LONG_MESSAGE) // 4)):
            call = protocol.connection.reading[number]
            readers[number] = asyncio.create_task(call.receive())
            await asyncio.sleep(0)
            message = (b"\0" + len(LONG_MESSAGE).to_bytes(4) + LONG_MESSAGE)[: 5 + size]
            for start in range(0, len(message), len(PART)):
                protocol.data_received(data(number, message[start : start + len(PART)]).serialize())
            if size == len(LONG_MESSAGE):
                assert await readers[number] == [LONG_MESSAGE]
                assert call.unfinished_bytes == len(LONG_MESSAGE)
            if comes_back and number == 3:
                readers[1] = asyncio.create_task(call.receive())
                await asyncio.sleep(0)
        assert (protocol.failure is None) is comes_back
        for reader in readers.values():
            reader.cancel()

    run_bounded(main)


def test_the_short_limit_of_a_stranger_s_stream_is_not_that_of_the_long_message_beside_it() -> None:
    async def main() -> None:
        protocol, first = half_way()
        first.max_frame_bytes = LIMIT_BYTES
        protocol.data_received(HeadersFrame(3, data=BLOCK, flags=("END_HEADERS",)).serialize())
        second = protocol.connection.reading[3]
        second._inbox.limit_bytes = 10_000
        receiving = asyncio.create_task(second.receive())
        await asyncio.sleep(0)
        protocol.data_received(data(3, b"\0" + (9_000).to_bytes(4) + bytes(5_000)).serialize())
        assert first.unfinished_bytes + second.unfinished_bytes > 10_000
        assert protocol.failure is None
        receiving.cancel()

    run_bounded(main)


LONG_MESSAGE = bytes(range(256)) * (2 * LONG_BYTES // 256)


async def long_message(
    protocol: GrpcProtocol, stream: ServerStream, end: int | None = None, behind: bytes = b""
) -> asyncio.Task[Sequence[bytes]]:
    """Let a long message come, up to ``end``, and what is behind it, for a reader who waits."""
    stream.max_frame_bytes = len(LONG_MESSAGE)
    receiving = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    while not receiving.done():
        protocol.data_received(data(1, bytes(min(16_000, stream._inbox.missing_bytes))).serialize())
        await asyncio.sleep(0)
    receiving = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    body = b"\0" + len(LONG_MESSAGE).to_bytes(4) + LONG_MESSAGE[:end] + behind
    for start in range(0, len(body), 16_000):
        protocol.data_received(data(1, body[start : start + 16_000]).serialize())
        await asyncio.sleep(0)
    return receiving


@pytest.mark.parametrize("ending", ENDINGS)
def test_half_a_long_message_is_freed_in_turns(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        protocol, stream = half_way()
        receiving = await long_message(protocol, stream, end=-9)
        freed: list[BytesIO] = []
        monkeypatch.setattr(module, "free_in_turns", freed.append)
        ENDINGS[ending](protocol, stream)
        assert [memory.getvalue() for memory in freed] == [LONG_MESSAGE[:-9]]
        receiving.cancel()

    run_bounded(main)


def test_a_long_message_comes_in_order() -> None:
    async def main() -> None:
        protocol, stream = half_way()
        receiving = await long_message(protocol, stream, behind=b"\0\0\0\0\1b")
        assert await receiving == [LONG_MESSAGE, b"b"]
        protocol.data_received(data(1, b"\0\0\0\0\1c").serialize())
        assert await stream.receive() == [b"c"]

    run_bounded(main)


def test_a_long_message_is_kept_when_its_reader_is_cancelled() -> None:
    async def main() -> None:
        protocol, stream = half_way()
        receiving = await long_message(protocol, stream, end=-1)
        receiving.cancel()
        await asyncio.wait([receiving])
        protocol.data_received(data(1, LONG_MESSAGE[-1:]).serialize())
        assert await stream.receive() == [LONG_MESSAGE]

    run_bounded(main)


def test_a_long_message_that_is_whole_outlives_its_connection() -> None:
    async def main() -> None:
        protocol, stream = half_way()
        receiving = await long_message(protocol, stream)
        protocol.connection_lost(None)
        assert await receiving == [LONG_MESSAGE]
        with pytest.raises(StreamBrokenError):
            await stream.receive()

    run_bounded(main)


def test_of_a_stream_that_we_abort_nothing_is_received_any_more() -> None:
    async def main() -> None:
        protocol, _ = half_way()
        protocol.data_received(HeadersFrame(3, data=BLOCK, flags=("END_HEADERS",)).serialize())
        call = protocol.connection.reading[3]
        protocol.data_received(data(3, b"\0\0\0\0\1a").serialize())
        call.abort()
        with pytest.raises(StreamBrokenError, match="was aborted by us"):
            await call.receive()

    run_bounded(main)


def message(text: bytes) -> bytes:
    """One DATA frame with one message in it, as Go sends them."""
    return data(1, b"\0" + len(text).to_bytes(4) + text).serialize()


async def waited_for() -> tuple[GrpcProtocol, ServerStream, "asyncio.Task[Sequence[bytes]]", list[list[bytes]]]:
    """A stream that somebody waits for, and what a taker has been offered meanwhile and took."""
    protocol, stream = begun()
    offered: list[list[bytes]] = []

    def take(messages: Sequence[bytes]) -> int:
        offered.append(list(messages))
        return len(messages)

    stream.offer_to(take)
    receiving = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    return protocol, stream, receiving, offered


def test_messages_in_frames_of_their_own_are_handed_over_together_where_they_come_together() -> None:
    async def main() -> None:
        protocol, _, receiving, offered = await waited_for()
        protocol.data_received(message(b"alone"))
        protocol.data_received(message(b"too"))
        assert offered == [[b"alone"], [b"too"]]
        protocol.data_received(message(b"one") + message(b"y" * 1000) + message(b"three"))
        assert await receiving == [b"one", b"y" * 1000, b"three"]
        assert len(offered) == 2

    run_bounded(main)


def test_other_frames_come_after_the_messages_before_them() -> None:
    async def main() -> None:
        protocol, _, receiving, offered = await waited_for()
        protocol.data_received(message(b"before") + reset(1).serialize())
        assert offered == [[b"before"]]
        with pytest.raises(StreamBrokenError, match="reset"):
            await receiving

    run_bounded(main)


def test_what_came_before_a_breach_is_received() -> None:
    async def main() -> None:
        protocol, stream, receiving, _ = await waited_for()
        breach = b"\0\0\1\6\0\0\0\0\0!"  # a PING of one byte
        protocol.data_received(message(b"one") + message(b"two") + breach)
        assert await receiving == [b"one", b"two"]
        with pytest.raises(StreamBrokenError):
            await stream.receive()

    run_bounded(main)


def test_frames_that_hold_a_message_are_no_fragments_however_small() -> None:
    async def main() -> None:
        protocol, _, receiving, _ = await waited_for()
        count = 3 * ConnectionLimits().frames.fragments
        for _ in range(count):
            protocol.data_received(message(b"x") * 2)
        assert len(await receiving) == 2 * count
        assert protocol.connection.failure is None
        for _ in range(count):
            protocol.data_received(data(1, b"").serialize())
        assert "fragments of messages a second" in str(protocol.connection.failure)

    run_bounded(main)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_nobody_read_of_a_stream_that_ended_is_given_back(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection's other streams need it."""

    async def main() -> None:
        protocol, stream = half_way()
        given_back: list[tuple[int, int]] = []
        monkeypatch.setattr(protocol.connection, "ack", lambda *arguments: given_back.append(arguments))
        ENDINGS[ending](protocol, stream)
        came = [] if ending == "the connection is lost" else [(1, 5 + 2 * len(PART) - 9)]
        assert given_back == came

    run_bounded(main)


class FillingSocket(Socket):
    """Is full after the first write, as one is that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: GrpcProtocol | None = None

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        super().writelines(list_of_data)
        assert self.protocol is not None
        self.protocol.pause_writing()


@pytest.mark.parametrize("frames", [[bytes(4_000_000)], [bytes(1000)] * 4000], ids=["one long", "many short"])
def test_before_it_is_seen_that_a_socket_is_full_some_128_kib_are_written(frames: Sequence[bytes]) -> None:
    async def main() -> None:
        protocol, stream = half_way()
        settings = SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 2**30})
        protocol.data_received(settings.serialize() + WindowUpdateFrame(0, window_increment=2**30).serialize())
        stream.max_frame_bytes = LIMIT_BYTES
        await asyncio.sleep(0)
        socket = FillingSocket()
        socket.protocol = protocol
        protocol.connection.transport = socket
        sending = asyncio.create_task(stream.send(frames))
        await asyncio.sleep(0)
        assert not sending.done()
        assert 127 * 1024 < len(socket.written) < 130 * 1024
        sending.cancel()

    run_bounded(main)

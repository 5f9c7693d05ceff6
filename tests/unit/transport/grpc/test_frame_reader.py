"""How much of what came in one read is taken at once, and what counts when it comes in small pieces."""

import asyncio
from contextlib import nullcontext, suppress
from itertools import count
from typing import Any

import pytest
from grpclib.protocol import AbstractHandler
from h2.connection import H2Connection
from h2.exceptions import DenialOfServiceError, FrameTooLargeError, ProtocolError
from hyperframe.frame import GoAwayFrame, PingFrame

from gossip.transport.grpc import frame_reader
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.events import GrpcEvents
from gossip.transport.grpc.frame_reader import FrameReader
from gossip.transport.grpc.protocol import GrpcProtocol
from gossip.transport.grpc.stream import GrpcStream
from gossip.transport.http2.connection import http2_configuration
from gossip.transport.http2.frame import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEADER,
    FRAME_HEADER_BYTES,
    HEADERS,
    RESET,
    SETTINGS_ACK,
)
from gossip.transport.http2.guard import Kind
from gossip.transport.http2.header_compression import SelfContainedEncoder
from gossip.transport.limits import ConnectionLimits
from gossip.turns import ALONE_S
from tests.support.bounded import run_bounded

MAX_FRAME_BYTES = 65_536
UNKNOWN = 0xBE
FRAGMENTS_AT_ONCE = 64
OTHERS_AT_ONCE = 8
FRAGMENT_BYTES = 256
HEADERS_BYTES = 256
WHOLE_BYTES = 4096
MESSAGE = bytes.fromhex("0000000001") + b"m"
REQUEST = [(b":method", b"POST"), (b":path", b"/"), (b":scheme", b"https"), (b":authority", b"here")]
BLOCK = SelfContainedEncoder().encode(REQUEST)


class Unread(GrpcStream):
    """A call that nobody reads."""

    def check_sendable(self) -> None:
        pass

    def check_ending(self) -> None:
        pass

    @property
    def unread(self) -> int:
        return len(self._inbox.take())


class Server(GrpcProtocol):
    """Has calls that nobody reads."""

    def make_stream(self, connection: GrpcConnection, stream_id: int) -> Unread:
        return Unread(connection, stream_id, 10_000)


class Handler(AbstractHandler):
    """Lets data come in on every call."""

    def __init__(self) -> None:
        self.streams: list[Unread] = []

    def accept(self, stream: Any, headers: Any, release_stream: Any) -> None:  # grpclib's signature
        stream.connection.reading[stream.id] = stream
        self.streams.append(stream)

    def cancel(self, stream: Any) -> None:
        raise AssertionError(stream)

    def close(self) -> None:
        pass


class Nowhere(asyncio.Transport):
    """Takes what is written."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def abort(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        raise AssertionError("the protocol would wait for its turn, which this test takes itself")


class Reading:
    """A server's reader, and the client that it reads from."""

    def __init__(self) -> None:
        self.handler = Handler()
        self.client = H2Connection(http2_configuration(client_side=True))
        self.client.initiate_connection()
        server = http2_configuration(client_side=False)
        protocol = Server(self.handler, server, ConnectionLimits(), None)
        protocol.tcp_connected(nowhere := Nowhere())
        protocol.connection_made(nowhere)
        self.connection: GrpcConnection = protocol.connection
        self.events: GrpcEvents = protocol.processor
        self.reader: FrameReader = protocol._reader
        self.client.send_headers(1, REQUEST)
        self.reader.take(self.client.data_to_send())


@pytest.fixture(autouse=True)
def time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken at once depends on the clock, and a busy machine lets a millisecond go by anywhere."""
    monkeypatch.setattr(frame_reader, "perf_counter", lambda: 0.0)


@pytest.mark.parametrize("is_known", [False, True])
def test_small_data_of_anybody_is_taken_by_and_by(is_known: bool) -> None:
    async def main() -> None:
        reading = Reading()
        reading.connection.is_known = is_known
        for _ in range(2 * FRAGMENTS_AT_ONCE + 1):
            reading.client.send_data(1, MESSAGE)
        taken = []
        reading.reader.take(reading.client.data_to_send())
        taken.append(reading.handler.streams[0].unread)
        while reading.reader.has_more:
            reading.reader.take(b"")
            taken.append(reading.handler.streams[0].unread)
        assert taken == [FRAGMENTS_AT_ONCE, FRAGMENTS_AT_ONCE, 1]

    run_bounded(main)


@pytest.mark.parametrize(("frame_s", "expected"), [(0.0, [90]), (ALONE_S / 3.5, [40, 40, 10]), (2 * ALONE_S, [10] * 9)])
def test_large_data_is_taken_until_the_clock_ends_it(
    frame_s: float, expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it costs depends on how many messages there are in it."""
    now_s = 0.0

    async def main() -> None:
        nonlocal now_s
        reading = Reading()
        data_came = reading.handler.streams[0].data_came

        def take(*arguments: Any) -> int:
            nonlocal now_s
            now_s += frame_s
            return data_came(*arguments)

        monkeypatch.setattr(reading.handler.streams[0], "data_came", take)
        monkeypatch.setattr(frame_reader, "perf_counter", lambda: now_s)
        for _ in range(9):
            reading.client.send_data(1, 10 * (bytes.fromhex("0000000040") + bytes(64)))
        taken: list[int] = []
        data = reading.client.data_to_send()
        while not taken or reading.reader.has_more:
            reading.reader.take(data)
            taken.append(reading.handler.streams[0].unread)
            data = b""
        assert taken == expected

    run_bounded(main)


@pytest.mark.parametrize(("frame_bytes", "at_once"), [(FRAGMENT_BYTES - 1, FRAGMENTS_AT_ONCE), (FRAGMENT_BYTES, 100)])
def test_data_of_some_size_is_taken_at_once_also_from_a_stranger(frame_bytes: int, at_once: int) -> None:
    async def main() -> None:
        reading = Reading()
        message = (frame_bytes - 5).to_bytes(5) + bytes(frame_bytes - 5)
        for _ in range(100):
            reading.client.send_data(1, message)
        reading.reader.take(reading.client.data_to_send())
        assert reading.handler.streams[0].unread == at_once

    run_bounded(main)


def test_what_ends_with_the_last_frame_that_is_taken_at_once_leaves_nothing() -> None:
    async def main() -> None:
        reading = Reading()
        for _ in range(FRAGMENTS_AT_ONCE):
            reading.client.send_data(1, MESSAGE)
        reading.reader.take(reading.client.data_to_send())
        assert not reading.reader.has_more
        for number in range(OTHERS_AT_ONCE + 1):
            reading.client.ping(b"number%02d" % number)
        reading.reader.take(reading.client.data_to_send())
        assert reading.reader.has_more

    run_bounded(main)


@pytest.mark.parametrize(("look_s", "has_more"), [(0.0005, False), (0.0015, True)])
def test_frames_that_take_more_than_a_millisecond_let_others_come_in_between(
    look_s: float, has_more: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        reading = Reading()
        looks = count()
        monkeypatch.setattr(frame_reader, "perf_counter", lambda: look_s * next(looks))
        for number in range(2):
            reading.client.ping(b"number%02d" % number)
        reading.reader.take(reading.client.data_to_send())
        assert reading.reader.has_more is has_more

    run_bounded(main)


class Watched(Reading):
    """A reader whose peer has spent what fragments it may send this second."""

    def __init__(self) -> None:
        super().__init__()
        for _ in range(self.connection.limits.frames.fragments):
            assert self.connection.guard.count(Kind.FRAGMENT) is None


def a_frame(size_bytes: int) -> bytes:
    """DATA with the beginning of a long message."""
    body = (b"\0" + (9_000).to_bytes(4)).ljust(size_bytes, b"x")
    return FRAME_HEADER.pack(size_bytes << 8 | DATA, 0, 1) + body


@pytest.mark.parametrize(
    ("piece", "is_fragment"),
    [
        (a_frame(1000)[:1], True),
        (a_frame(1000)[: FRAGMENT_BYTES - 1], True),
        (a_frame(1000)[:FRAGMENT_BYTES], False),
        (a_frame(1000), False),
        (PingFrame(0, bytes(8)).serialize(), False),
        (PingFrame(0, bytes(8)).serialize()[:-1], True),
        (PingFrame(0, bytes(8)).serialize() * (OTHERS_AT_ONCE + 1), False),
    ],
    ids=[
        "one byte",
        "less than a fragment",
        "a large part",
        "a frame",
        "a small one",
        "most of it",
        "more than a turn's",
    ],
)
def test_a_small_piece_that_ends_in_mid_frame_is_a_fragment(piece: bytes, is_fragment: bool) -> None:
    async def main() -> None:
        watched = Watched()
        watched.reader.take(piece)
        assert (watched.connection.failure is not None) is is_fragment

    run_bounded(main)


def test_each_piece_of_a_frame_that_comes_byte_by_byte_is_one() -> None:
    async def main() -> None:
        reading, frame = Reading(), a_frame(2000)
        for index in range(len(frame)):
            if reading.connection.failure is not None:
                break
            reading.reader.take(frame[index : index + 1])
        assert reading.connection.failure is not None
        assert index == reading.connection.limits.frames.fragments + 1

    run_bounded(main)


@pytest.mark.parametrize(("frame_bytes", "fragments"), [(WHOLE_BYTES - 1, 0), (WHOLE_BYTES, 1)])
def test_a_large_frame_makes_up_for_one_fragment(frame_bytes: int, fragments: int) -> None:
    async def main() -> None:
        watched = Watched()
        watched.reader.take(a_frame(frame_bytes))
        for _ in range(fragments):
            watched.reader.take(FRAME_HEADER.pack(1 << 8 | DATA, 0, 1) + b"x")
            assert watched.connection.failure is None
        watched.reader.take(FRAME_HEADER.pack(1 << 8 | DATA, 0, 1) + b"x")
        assert watched.connection.failure is not None

    run_bounded(main)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_a_reset_of_what_is_over_is_nothing_but_must_be_one(size: int) -> None:
    async def main() -> None:
        reading = Reading()
        reading.client.reset_stream(1)
        reading.reader.take(reading.client.data_to_send())
        with nullcontext() if size == 4 else pytest.raises(ProtocolError):
            reading.reader.take(FRAME_HEADER.pack(size << 8 | RESET, 0, 1) + bytes(size))

    run_bounded(main)


@pytest.mark.parametrize("kind", [DATA, UNKNOWN])
@pytest.mark.parametrize("too_much", [0, 1])
def test_a_frame_may_be_as_long_as_we_announce(kind: int, too_much: int) -> None:
    async def main() -> None:
        reading = Reading()
        reading.connection.widen_window(1)
        size = MAX_FRAME_BYTES + too_much
        with pytest.raises(FrameTooLargeError, match="65537") if too_much else nullcontext():
            reading.reader.take(FRAME_HEADER.pack(size << 8 | kind, 0, 1) + bytes(size))
        assert (reading.handler.streams[0].unread > 0) is (kind == DATA and not too_much)

    run_bounded(main)


@pytest.mark.parametrize("too_much", [0, 1])
def test_a_header_block_may_be_as_long_as_the_limit(too_much: int) -> None:
    async def main() -> None:
        reading = Reading()
        body = bytes(reading.connection.limits.max_header_bytes - FRAME_HEADER_BYTES - 10 + too_much)
        reading.reader.take(FRAME_HEADER.pack(len(body) << 8 | HEADERS, 0, 3) + body)
        continuation = FRAME_HEADER.pack(1 << 8 | CONTINUATION, 0, 3) + b"x"
        if too_much:
            with pytest.raises(DenialOfServiceError, match="a header block of more than 16384 bytes"):
                reading.reader.take(continuation)
        else:
            reading.reader.take(continuation)

    run_bounded(main)


@pytest.mark.parametrize(
    "frame",
    [
        SETTINGS_ACK,
        PingFrame(0, bytes(8)).serialize(),
        GoAwayFrame(0).serialize(),
        FRAME_HEADER.pack(4 << 8 | RESET, 0, 1) + bytes(4),
        FRAME_HEADER.pack(DATA, 0, 3),
        FRAME_HEADER.pack(DATA, END_STREAM, 3),
        FRAME_HEADER.pack(len(BLOCK) << 8 | HEADERS, END_HEADERS, 7) + BLOCK,
        FRAME_HEADER.pack(CONTINUATION, END_HEADERS, 7),
        FRAME_HEADER.pack(UNKNOWN, 0, 0),
    ],
    ids=[
        "acknowledgement",
        "ping",
        "goaway",
        "reset of what is over",
        "data",
        "last data",
        "a block that is known",
        "another stream's",
        "unknown",
    ],
)
def test_nothing_interrupts_a_header_block(frame: bytes) -> None:
    async def main() -> None:
        reading = Reading()
        reading.client.reset_stream(1)
        reading.reader.take(reading.client.data_to_send())
        reading.reader.take(FRAME_HEADER.pack(len(BLOCK) << 8 | HEADERS, END_HEADERS, 3) + BLOCK)
        reading.reader.take(FRAME_HEADER.pack(1 << 8 | HEADERS, 0, 5) + BLOCK[:1])
        with pytest.raises(ProtocolError):
            reading.reader.take(frame)

    run_bounded(main)


@pytest.mark.parametrize(("frame_bytes", "weight"), [(HEADERS_BYTES - 1, 1), (HEADERS_BYTES, 2), (4096, 17)])
def test_long_header_blocks_count_as_many(frame_bytes: int, weight: int) -> None:
    async def main() -> None:
        reading = Reading()
        budget = reading.connection.limits.frames.headers
        for _ in range(budget - 1 - weight):  # one has come
            assert reading.connection.guard.count(Kind.HEADERS) is None
        size = frame_bytes - FRAME_HEADER_BYTES
        with suppress(ProtocolError):
            reading.reader.take(FRAME_HEADER.pack(size << 8 | HEADERS, 0, 3) + bytes(size))
        assert reading.connection.failure is None
        assert reading.connection.guard.count(Kind.HEADERS) is not None

    run_bounded(main)

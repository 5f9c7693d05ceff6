"""What a client's frames get from our server, seen frame by frame."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from gossip.errors import FrameTooLargeError, StreamBrokenError
from gossip.transport.base import FrameStream, StreamHandler
from gossip.transport.gate import Progress
from gossip.transport.grpc import server as grpc_server
from gossip.transport.grpc.headers import request_headers
from gossip.transport.grpc.server import GrpcListener, listen
from gossip.transport.http2.frame import WINDOW_BYTES
from gossip.transport.http2.header_compression import encode_block
from gossip.transport.limits import ServerLimits
from tests.support.bounded import run_bounded
from tests.support.raw_http2 import PING, RawPeer, data, message, raw_client, request, reset, split_headers, window
from tests.support.tls_files import tls_files
from tests.support.transports import receive_all

EMPTY = message(b"")
UNKNOWN_FIELD = b"\x10\x01" * 1024
MAX_IN_SOCKETS_BYTES = 64 * 1024 * 1024
"""What the system may keep of what nobody reads, and we."""


async def echo(stream: FrameStream) -> None:
    while frames := await stream.receive():
        await stream.send(frames)


@asynccontextmanager
async def listening(handler: StreamHandler = echo, limits: ServerLimits | None = None) -> AsyncIterator[GrpcListener]:
    listener = await listen("127.0.0.1:0", handler, tls=tls_files(1, 0), limits=limits)
    try:
        yield listener
    finally:
        await listener.close()


@asynccontextmanager
async def server(
    handler: StreamHandler = echo, limits: ServerLimits | None = None
) -> AsyncIterator[tuple[GrpcListener, RawPeer]]:
    async with listening(handler, limits) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
        yield listener, peer


def test_ping_is_answered_at_once_and_ended() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING)), data(1, EMPTY, "END_STREAM"))
            assert await peer.fields(1) == {":status": "200", "content-type": "application/grpc"}
            assert await peer.messages(1, 5) == EMPTY
            assert await peer.fields(1) == {"grpc-status": "0"}

    run_bounded(main)


def test_a_known_peer_stays_known_when_it_calls_again() -> None:
    called: list[FrameStream] = []

    async def know(stream: FrameStream) -> None:
        called.append(stream)
        if len(called) == 1:
            stream.max_frame_bytes = 1000
        await echo(stream)

    async def main() -> None:
        async with server(know) as (listener, peer):
            for number in (1, 3):
                peer.write(peer.headers(number, request()), data(number, EMPTY))
                assert await peer.messages(number, 5) == EMPTY
            assert [visitor.progress for visitor in listener.gate] == [Progress.AUTHENTICATED]

    run_bounded(main)


def test_who_resets_a_stream_before_it_is_known_stays_a_stranger() -> None:
    async def main() -> None:
        received, may_know, knows = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def know_late(stream: FrameStream) -> None:
            await stream.receive()
            received.set()
            await may_know.wait()
            stream.max_frame_bytes = 1000
            knows.set()

        async with server(know_late) as (listener, peer):
            peer.write(peer.headers(1, request()), data(1, EMPTY))
            await received.wait()
            peer.write(reset(1), peer.headers(3, request(PING)), data(3, EMPTY, "END_STREAM"))
            assert await peer.messages(3, 5) == EMPTY
            may_know.set()
            await knows.wait()
            assert [visitor.progress for visitor in listener.gate] == [Progress.STREAM]

    run_bounded(main)


def test_a_listener_without_connections_leaves_no_timer() -> None:
    async def main() -> None:
        async with server() as (listener, peer):
            peer.write(peer.headers(1, request()), data(1, EMPTY))
            assert await peer.messages(1, 5) == EMPTY
            assert sweeps(listener) == 1
        assert sweeps(listener) == 0

    def sweeps(listener: GrpcListener) -> int:
        timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # asyncio's own list of timers
        return sum(not timer.cancelled() and timer._callback == listener._sweep for timer in timers)

    run_bounded(main)


def test_ping_whose_end_comes_in_an_empty_frame_is_answered() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING)), data(1, EMPTY), data(1, b"", "END_STREAM"))
            await peer.fields(1)
            assert await peer.messages(1, 5) == EMPTY

    run_bounded(main)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "a Ping is one message, not 0"),
        (EMPTY + EMPTY, "a Ping is one message, and a short one"),
        (EMPTY + b"\0", "a Ping is one message, not 1 and a part"),
    ],
)
def test_ping_of_another_number_of_messages_is_refused(body: bytes, text: str) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING)), data(1, body, "END_STREAM"))
            fields = await peer.fields(1)
            assert (fields["grpc-status"], fields["grpc-message"]) == ("13", text)

    run_bounded(main)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xff\xff", "not a Ping: malformed Empty at byte 0: truncated in a varint"),
        (b"\n", "not a Ping: malformed Empty.field 1 at byte 1: truncated in a varint"),
    ],
)
def test_ping_that_is_no_message_is_refused(body: bytes, text: str) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING)), data(1, message(body), "END_STREAM"))
            fields = await peer.fields(1)
            assert (fields["grpc-status"], fields["grpc-message"]) == ("13", text)

    run_bounded(main)


@pytest.mark.parametrize(("size", "status"), [(1024, "0"), (1026, "8")])
def test_ping_may_hold_a_kib_that_we_do_not_know(size: int, status: str) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING)), data(1, message(UNKNOWN_FIELD[:size]), "END_STREAM"))
            fields = await peer.fields(1)
            if status == "0":
                fields = await peer.fields(1)
            assert fields["grpc-status"] == status

    run_bounded(main)


@pytest.mark.parametrize(
    ("body", "status"),
    [(EMPTY + EMPTY, "13"), (b"\0" + (2000).to_bytes(4) + b"x", "8")],
    ids=["two messages", "a long one"],
)
def test_ping_that_is_more_than_a_short_message_is_refused_before_its_end(body: bytes, status: str) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING)), data(1, body))
            fields = await peer.fields(1)
            assert fields["grpc-status"] == status
            assert "a Ping is one message, and a short one" in fields["grpc-message"]

    run_bounded(main)


@pytest.mark.parametrize(
    ("changed", "http_status", "grpc_status", "text"),
    [
        ({"method": "GET"}, "405", "13", "must be POST, not 'GET'"),
        ({"method": None}, "405", "13", "not nothing"),
        ({"path": "/gossip.Gossip/Nothing"}, "200", "12", "nothing is served at '/gossip.Gossip/Nothing'"),
        ({"path": None}, "200", "12", "nothing is served at nothing"),
        ({"content_type": "text/html"}, "415", "3", "'text/html' is not gRPC"),
        ({"content_type": None}, "415", "3", "nothing is not gRPC"),
        ({"content_type": "application/grpcx"}, "415", "3", "'application/grpcx' is not gRPC"),
    ],
)
def test_request_that_is_not_served_gets_its_status(
    changed: dict[str, Any], http_status: str, grpc_status: str, text: str
) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(**changed)))
            answer = await peer.fields(1)
            ending = await peer.fields(1)
            assert answer[":status"] == http_status
            assert ending["grpc-status"] == grpc_status
            assert text in ending["grpc-message"]
            peer.write(peer.headers(3, request(PING)), data(3, EMPTY, "END_STREAM"))
            assert await peer.messages(3, 5) == EMPTY, "the connection is of no more use"

    run_bounded(main)


@pytest.mark.parametrize(
    "changed",
    [
        {"grpc_timeout": "1n"},
        {"grpc_timeout": "soon"},
        {"grpc_encoding": "gzip"},
        {"grpc_accept_encoding": "gzip"},
        {"te": None},
        {"scheme": None},
        {"authority": None},
        {"user_agent": "anybody"},
        {"trace_bin": "not base64!"},
        {"x_spaces": " around "},
    ],
)
def test_what_else_a_request_says_changes_nothing(changed: dict[str, Any]) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING, **changed)), data(1, EMPTY, "END_STREAM"))
            assert await peer.messages(1, 5) == EMPTY
            assert await peer.fields(1) == {"grpc-status": "0"}

    run_bounded(main)


def test_request_may_end_with_header_fields() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            end = peer.headers(1, [("x-checksum", "1")], "END_HEADERS", "END_STREAM")
            peer.write(peer.headers(1, request(PING)), data(1, EMPTY), end)
            assert await peer.messages(1, 5) == EMPTY
            assert await peer.fields(1) == {"grpc-status": "0"}

    run_bounded(main)


@pytest.mark.parametrize("content_type", ["application/grpc+proto", "application/grpc;charset=utf-8"])
def test_other_names_of_grpc_are_served(content_type: str) -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request(PING, content_type=content_type)), data(1, EMPTY, "END_STREAM"))
            assert await peer.messages(1, 5) == EMPTY

    run_bounded(main)


def test_messages_cut_anywhere_come_out_whole() -> None:
    sent = [b"", b"a", b"b" * 300, b"c" * 1000]
    body = b"".join(map(message, sent))

    async def main() -> None:
        received: list[bytes] = []

        async def note(stream: FrameStream) -> None:
            received.extend(await receive_all(stream))

        async with server(note) as (_, peer):
            peer.write(peer.headers(1, request()))
            for start in range(0, len(body), 7):
                peer.write(data(1, body[start : start + 7]))
            peer.write(data(1, b"", "END_STREAM"))
            assert (await peer.fields(1))["grpc-status"] == "0"
        assert received == sent

    run_bounded(main)


def test_frames_cut_anywhere_by_tcp_are_put_together() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            frames = peer.headers(1, request()).serialize() + data(1, message(b"one") + message(b"two")).serialize()
            frames += PingFrame(0, opaque_data=b"12345678").serialize() + data(1, message(b"three")).serialize()
            for byte in frames:
                peer.write(bytes([byte]))
                await asyncio.sleep(0)
            expected = message(b"one") + message(b"two") + message(b"three")
            assert await peer.messages(1, len(expected)) == expected

    run_bounded(main)


def test_padded_data_costs_its_padding_and_comes_out_without_it() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(peer.headers(1, request()))
            frame = DataFrame(1, data=message(b"x" * 10), pad_length=255, flags=("PADDED",))
            for _ in range(3):  # each round takes four fifths of the window
                peer.write(*[frame] * 200)
                assert await peer.messages(1, 15 * 200) == message(b"x" * 10) * 200

    run_bounded(main)


def test_unknown_frames_and_empty_data_change_nothing() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            unknown = b"\0\0\x08\xbe\0\0\0\0\x01whatever"
            peer.write(unknown, peer.headers(1, request()), data(1), unknown, data(1, EMPTY[:2]), data(1))
            peer.write(data(1, EMPTY[2:]))
            assert await peer.messages(1, 5) == EMPTY

    run_bounded(main)


def test_pings_of_http2_are_answered_with_their_payload() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            peer.write(PingFrame(0, opaque_data=b"bdp-ping"))
            answer = await peer.until(PingFrame)
            assert isinstance(answer, PingFrame)
            assert (answer.opaque_data, "ACK" in answer.flags) == (b"bdp-ping", True)

    run_bounded(main)


@pytest.mark.parametrize("encoding", [None, "identity", "gzip"])
@pytest.mark.parametrize("compressed", [1, 2])
def test_compressed_message_is_refused(encoding: str | None, compressed: int) -> None:
    """gRPC has two verdicts: one on a compression that we do not know, the other where none was named."""

    async def main() -> None:
        raised: list[str] = []

        async def note(stream: FrameStream) -> None:
            try:
                await stream.receive()
            except StreamBrokenError as error:
                raised.append(str(error))
                raise

        async with server(note) as (_, peer):
            body = bytes([compressed]) + message(b"zipped")[1:]
            peer.write(peer.headers(1, request(grpc_encoding=encoding)), data(1, body))
            fields = await peer.fields(1)
            is_known = encoding == "gzip"
            assert fields["grpc-status"] == ("12" if is_known else "13")
            assert fields.get("grpc-accept-encoding") == ("identity" if is_known else None)
        assert "compressed" in raised[0]

    run_bounded(main)


def test_message_over_the_limit_is_refused_by_its_prefix() -> None:
    async def main() -> None:
        raised: list[FrameTooLargeError] = []

        async def note(stream: FrameStream) -> None:
            assert await stream.receive() == [b"small"]
            try:
                await stream.receive()
            except FrameTooLargeError as error:
                raised.append(error)
                raise

        async with server(note) as (_, peer):
            prefix = b"\0" + (2**31).to_bytes(4, "big")
            peer.write(peer.headers(1, request()), data(1, message(b"small") + prefix))
            fields = await peer.fields(1)
            assert fields["grpc-status"] == "8"
            assert "2147483648" in fields["grpc-message"]
        assert (raised[0].size_bytes, raised[0].limit_bytes) == (2**31, 64 * 1024)

    run_bounded(main)


def test_long_message_behind_the_handshake_waits_for_the_limit_to_be_raised() -> None:
    """A peer that was accepted may send at once, before our handler has read its first message."""

    async def main() -> None:
        received: list[bytes] = []
        much_has_come = asyncio.Event()

        async def authenticate(stream: FrameStream) -> None:
            received.extend(await stream.receive())
            await much_has_come.wait()
            stream.max_frame_bytes = 1024 * 1024
            while len(received) < 2:
                received.extend(await stream.receive())

        async with server(authenticate) as (_, peer):
            body = message(b"hello") + message(b"x" * 100_000)
            peer.write(peer.headers(1, request()))
            for start in range(0, 60_000, 10_000):
                peer.write(data(1, body[start : start + 10_000]))
            await peer.wait_taken()
            much_has_come.set()
            await peer.until(type(window(1, 1)), 1)
            for start in range(60_000, len(body), 10_000):
                peer.write(data(1, body[start : start + 10_000]))
            assert (await peer.fields(1))["grpc-status"] == "0"
        assert received == [b"hello", b"x" * 100_000]

    run_bounded(main)


def test_half_a_message_at_the_end_is_an_internal_error() -> None:
    async def main() -> None:
        raised: list[str] = []

        async def note(stream: FrameStream) -> None:
            try:
                await receive_all(stream)
            except StreamBrokenError as error:
                raised.append(str(error))
                raise

        async with server(note) as (_, peer):
            peer.write(peer.headers(1, request()), data(1, message(b"whole") + message(b"broken")[:-1], "END_STREAM"))
            assert (await peer.fields(1))["grpc-status"] == "13"
        assert "in the middle of a message" in raised[0]

    run_bounded(main)


def test_reset_reaches_the_handler_with_its_code() -> None:
    async def main() -> None:
        raised: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        is_read = asyncio.Event()

        async def note(stream: FrameStream) -> None:
            is_read.set()
            try:
                await stream.receive()
            except StreamBrokenError as error:
                raised.set_result(str(error))
                raise

        async with server(note) as (_, peer):
            peer.write(peer.headers(1, request()))
            await is_read.wait()
            peer.write(reset(1, 8))
            assert "reset the stream with CANCEL" in await raised

    run_bounded(main)


def test_handler_that_returns_while_the_client_may_still_send_resets_behind_the_status() -> None:
    async def main() -> None:
        async def answer_once(stream: FrameStream) -> None:
            await stream.send([b"answer"])

        async with server(answer_once) as (_, peer):
            peer.write(peer.headers(1, request()), data(1, message(b"request")))
            await peer.fields(1)
            assert await peer.messages(1, 11) == message(b"answer")
            assert (await peer.fields(1))["grpc-status"] == "0"
            frame = await peer.until(RstStreamFrame, 1)
            assert isinstance(frame, RstStreamFrame)
            assert frame.error_code == 0

    run_bounded(main)


def test_data_for_an_ended_stream_gives_the_connections_window_back() -> None:
    async def main() -> None:
        async def return_at_once(stream: FrameStream) -> None:
            return

        async with server(return_at_once) as (_, peer):
            peer.write(peer.headers(1, request()))
            assert (await peer.fields(1))["grpc-status"] == "0"
            for _ in range(8):
                peer.write(data(1, bytes(10_000)))
            increments = 0
            while increments < 60_000:
                frame = await peer.until(type(window(0, 1)), 0)
                increments += frame.window_increment  # type: ignore[attr-defined]

    run_bounded(main)


def test_the_reserved_bit_of_a_stream_s_number_is_nothing() -> None:
    """Neither on a connection whose header blocks are new to us, nor on one where they are known."""

    def reserved(frame: Frame) -> bytes:
        serialized = frame.serialize()
        return serialized[:5] + bytes((serialized[5] | 0x80,)) + serialized[6:]

    def begun(stream_id: int) -> HeadersFrame:
        """A block that stands for itself, as ours do."""
        block = encode_block(request_headers(b"/gossip.Gossip/GossipStream", "localhost", b"https"))
        return HeadersFrame(stream_id, data=block, flags=["END_HEADERS"])

    async def main() -> None:
        async with listening() as listener:
            for _ in range(2):
                async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
                    peer.write(reserved(begun(1)), reserved(data(1, message(b"one"))))
                    assert await peer.messages(1, 8) == message(b"one")
                    peer.write(reserved(reset(1)), begun(3), data(3, message(b"two")))
                    assert await peer.messages(3, 8) == message(b"two")

    run_bounded(main)


def test_an_answer_begins_where_its_messages_have_no_room_yet() -> None:
    """As flow control is for DATA alone, a client may open the window when it sees the answer begin."""

    async def say_hello(stream: FrameStream) -> None:
        await stream.send([b"hello"])

    async def main() -> None:
        no_room = {SettingsFrame.INITIAL_WINDOW_SIZE: 0}
        async with (
            listening(say_hello) as listener,
            raw_client(listener.endpoint, tls_files(2, 1), no_room) as peer,
        ):
            peer.write(peer.headers(1, request()))
            assert (await peer.fields(1))[":status"] == "200"
            peer.write(window(1, 100))
            assert await peer.messages(1, 10) == message(b"hello")

    run_bounded(main)


@pytest.mark.parametrize("is_first_known", [False, True])
def test_the_longest_first_message_comes_through_beside_another_stream(*, is_first_known: bool) -> None:
    """Whether the other one's messages are still to be given back to the shared window, or it has widened that."""
    longest = message(bytes(64 * 1024))

    async def main() -> None:
        sizes: asyncio.Queue[int] = asyncio.Queue()

        async def serve(stream: FrameStream) -> None:
            while frames := await stream.receive():
                if is_first_known and frames[0] == b"hello":
                    stream.max_frame_bytes = 1024 * 1024
                for frame in frames:
                    sizes.put_nowait(len(frame))

        async with server(serve) as (_, peer):
            peer.write(peer.headers(1, request()), data(1, message(b"hello")))
            assert await sizes.get() == 5
            peer.write(peer.headers(3, request()))
            windows = {0: WINDOW_BYTES - 10, 3: WINDOW_BYTES}
            sent = 0
            while sent < len(longest):
                size = min(*windows.values(), 16 * 1024, len(longest) - sent)
                if size:
                    peer.write(data(3, longest[sent : sent + size]))
                    sent += size
                    windows = {number: left - size for number, left in windows.items()}
                else:
                    frame = await peer.until(WindowUpdateFrame)
                    assert isinstance(frame, WindowUpdateFrame)
                    if frame.stream_id in windows:
                        windows[frame.stream_id] += frame.window_increment
            assert await sizes.get() == 64 * 1024

    run_bounded(main)


def test_what_nobody_has_read_is_not_given_back_for_a_message_under_way_beside_it() -> None:
    """Or a stranger who drips one message could make us hold others without end."""
    waiting: list[FrameStream] = []

    async def serve(stream: FrameStream) -> None:
        waiting.append(stream)
        if len(waiting) == 1:
            await asyncio.Event().wait()
        await stream.receive()

    async def main() -> None:
        async with server(serve) as (_, peer):
            peer.write(peer.headers(1, request()), *(data(1, message(bytes(1000)) * 16) for _ in range(3)))
            peer.write(peer.headers(3, request()), data(3, message(b"drip")[:6]))
            for _ in range(3):
                peer.write(PingFrame(0, opaque_data=b"anything"))
                while not isinstance(frame := await peer.frame(), PingFrame):
                    assert not isinstance(frame, WindowUpdateFrame) or frame.stream_id != 1
                peer.write(data(3, b"d"))

    run_bounded(main)


def test_headers_in_many_continuations_are_one_request() -> None:
    async def main() -> None:
        async with server() as (_, peer):
            block = peer.encoder.encode(request(PING))
            peer.write(*split_headers(1, block, 5), data(1, EMPTY, "END_STREAM"))
            assert await peer.messages(1, 5) == EMPTY

    run_bounded(main)


def test_peer_with_small_frames_and_windows_gets_everything() -> None:
    async def main() -> None:
        body = bytes(range(256)) * 1000

        async def send_much(stream: FrameStream) -> None:
            await stream.send([body])

        listener = await listen("127.0.0.1:0", send_much, tls=tls_files(1, 0))
        try:
            async with raw_client(
                listener.endpoint,
                tls_files(2, 1),
                {SettingsFrame.INITIAL_WINDOW_SIZE: 1000, SettingsFrame.MAX_FRAME_SIZE: 16384},
            ) as peer:
                peer.write(peer.headers(1, request()))
                received = b""
                while len(received) < len(body) + 5:
                    frame = await peer.until(DataFrame, 1)
                    assert isinstance(frame, DataFrame)
                    assert len(frame.data) <= 1000
                    received += frame.data
                    peer.write(window(1, len(frame.data)), window(0, len(frame.data)))
                assert received == message(body)
        finally:
            await listener.close()

    run_bounded(main)


def test_closing_waits_for_nobody_who_does_not_read() -> None:
    async def main() -> None:
        is_full = asyncio.Event()
        sent_bytes = 0

        async def send_without_end(stream: FrameStream) -> None:
            nonlocal sent_bytes
            await stream.send([b"first"])
            while stream.send_nowait(bytes(16_000)):
                sent_bytes += 16_000  # until the socket is full
            is_full.set()
            await stream.send([bytes(1000)])

        listener = await listen("127.0.0.1:0", send_without_end, tls=None)
        wide = {SettingsFrame.INITIAL_WINDOW_SIZE: 2**30}
        async with raw_client(listener.endpoint, None, wide) as peer:
            peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads, too
            peer.write(window(0, 2**30), peer.headers(1, request()))
            await is_full.wait()
            assert sent_bytes < MAX_IN_SOCKETS_BYTES
            async with asyncio.timeout(5):
                await listener.close()

    run_bounded(main)


def test_close_tells_clients_to_go_and_refuses_new_streams() -> None:
    async def main() -> None:
        may_end = asyncio.Event()

        async def wait(stream: FrameStream) -> None:
            stream.max_frame_bytes = 1000
            await may_end.wait()
            await stream.send([b"bye"])

        listener = await listen("127.0.0.1:0", wait, tls=tls_files(1, 0))
        async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            peer.write(peer.headers(1, request()), peer.headers(3, request(PING)), data(3, EMPTY, "END_STREAM"))
            await peer.messages(3, 5)
            listener.stop_accepting()
            frame = await peer.until(GoAwayFrame)
            assert isinstance(frame, GoAwayFrame)
            assert (frame.last_stream_id, frame.error_code) == (3, 0)
            peer.write(peer.headers(5, request()))
            refused = await peer.until(RstStreamFrame, 5)
            assert isinstance(refused, RstStreamFrame)
            assert refused.error_code == 7
            may_end.set()
            assert await peer.messages(1, 8) == message(b"bye")
            assert (await peer.fields(1))["grpc-status"] == "0"
            closing = asyncio.create_task(listener.close())
            peer.write(PingFrame(0, opaque_data=b"all read"))
            await peer.until(PingFrame)
            assert not closing.done(), "TCP would drop what the client has not read"
            peer.writer.close()
            await closing

    run_bounded(main)


def test_a_client_that_does_not_close_is_cut_when_the_listener_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_server, "LAST_WORD_S", 0.05)
    known = asyncio.Event()

    async def know(stream: FrameStream) -> None:
        stream.max_frame_bytes = 1000
        known.set()
        await stream.receive()

    async def main() -> None:
        async with server(know) as (listener, peer):
            peer.write(peer.headers(1, request()))
            await known.wait()
            await listener.close()
            await peer.wait_cut()

    run_bounded(main)

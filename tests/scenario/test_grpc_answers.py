"""What our client makes of a server's frames, scripted frame by frame."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import cast

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame

from gossip.api.options import DialOptions
from gossip.errors import FrameTooLargeError, RefusedByPeerError, StreamBrokenError
from gossip.transport.grpc.client import GrpcChannel, GrpcDialer
from gossip.transport.http2.frame import PING_PAYLOAD
from tests.support.bounded import run_bounded
from tests.support.raw_http2 import RESPONSE, RawPeer, data, goaway, message, raw_server, reset, window
from tests.support.tls_files import tls_files
from tests.support.transports import receive_all

MAX_INFORMATIONAL = 8
Script = Callable[[RawPeer], Awaitable[None]]
Makes = Callable[[RawPeer], Frame | bytes]
FIRST_PING, STREAM, SECOND = 1, 3, 5
RESERVED_BIT = 2**31
"""The numbers that our client gives to its calls; its first Ping leaves with the connection's first bytes."""


@asynccontextmanager
async def channel_to(script: Script, **options: float) -> AsyncIterator[GrpcChannel]:
    async with raw_server(script, tls_files(1, 0)) as endpoint:
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1), **options)).dial(endpoint)  # type: ignore[arg-type]
        try:
            yield channel
        finally:
            channel.abort()


def answer(*frames: Makes, taken: asyncio.Event | None = None) -> Script:
    """A server that answers the GossipStream with these frames, in one write, and tells when they were taken."""

    async def script(peer: RawPeer) -> None:
        await peer.until(HeadersFrame, STREAM)
        peer.write(*[frame(peer) for frame in frames])
        if taken is not None:
            await peer.wait_taken()
            taken.set()

    return script


def begins(peer: RawPeer) -> Frame:
    return peer.headers(STREAM, RESPONSE)


def says(body: bytes) -> Makes:
    return lambda _: data(STREAM, body)


def ends(status: int, text: str | None = None) -> Makes:
    return lambda peer: peer.trailers(STREAM, status, text)


def resets(code: int = 0) -> Makes:
    return lambda _: reset(STREAM, code)


def test_trailers_and_reset_in_one_write_lose_neither_messages_nor_verdict() -> None:
    """A Fabric peer ends a probe handshake so."""

    async def main() -> None:
        taken = asyncio.Event()
        script = answer(begins, says(message(b"establish") + message(b"more")), ends(0), resets(), taken=taken)
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            await taken.wait()
            assert await stream.receive() == [b"establish", b"more"]
            assert await stream.receive() == []
            assert await stream.receive() == []

    run_bounded(main)


@pytest.mark.parametrize(
    ("status", "text", "name", "reason"),
    [
        (2, "wrong type", "UNKNOWN", "wrong type"),
        (2, "100%25 %C3%BCmlaut", "UNKNOWN", "100% ümlaut"),
        (14, None, "UNAVAILABLE", ""),
        (12, "nothing here", "UNIMPLEMENTED", "nothing here"),
        (99, "odd", "UNKNOWN", "the answer ended with the status '99', which gRPC does not know"),
    ],
)
@pytest.mark.parametrize("rest", [[], [resets()]])
def test_status_is_told_by_name_behind_the_messages(
    status: int, text: str | None, name: str, reason: str, rest: list[Makes]
) -> None:
    async def main() -> None:
        script = answer(begins, says(message(b"first")), ends(status, text), *rest)
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            assert await stream.receive() == [b"first"]
            with pytest.raises(RefusedByPeerError) as caught:
                await stream.receive()
            assert (caught.value.grpc_status, caught.value.reason) == (name, reason)
            with pytest.raises(StreamBrokenError):
                await stream.send([b"late"])

    run_bounded(main)


def test_answer_of_trailers_alone_is_a_verdict() -> None:
    async def main() -> None:
        fields = [*RESPONSE, ("grpc-status", "7"), ("grpc-message", "go away")]
        script = answer(lambda peer: peer.headers(STREAM, fields, "END_HEADERS", "END_STREAM"))
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(RefusedByPeerError) as caught:
                await stream.receive()
            assert (caught.value.grpc_status, caught.value.reason) == ("PERMISSION_DENIED", "go away")

    run_bounded(main)


def test_a_status_at_the_beginning_of_an_answer_that_goes_on_is_no_verdict() -> None:
    async def main() -> None:
        fields = [*RESPONSE, ("grpc-status", "7")]
        script = answer(lambda peer: peer.headers(STREAM, fields), says(message(b"first")), ends(0))
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            assert await receive_all(stream) == [b"first"]

    run_bounded(main)


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ([(":status", "502")], "UNAVAILABLE", "HTTP status '502'"),
        ([(":status", "200"), ("content-type", "text/html")], "UNKNOWN", "the content-type 'text/html' is not gRPC's"),
        ([("content-type", "application/grpc")], "UNKNOWN", "HTTP status nothing"),
    ],
)
@pytest.mark.parametrize("page", [data(STREAM, b"<html>", "END_STREAM"), data(STREAM, b"<html>"), b""])
def test_what_a_web_server_answers_is_a_refusal_whether_its_page_ends_or_not(
    fields: list[tuple[str, str]], name: str, reason: str, page: Frame | bytes
) -> None:
    async def main() -> None:
        script = answer(lambda peer: peer.headers(STREAM, fields), lambda _: page)
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(RefusedByPeerError) as caught:
                await stream.receive()
            assert (caught.value.grpc_status, caught.value.reason) == (name, reason)

    run_bounded(main)


@pytest.mark.parametrize(
    "field",
    [
        ("X-Upper", "x"),
        ("", "x"),
        ("a b", "x"),
        ("x", "a\0b"),
        (":status", "200"),
        (":path", "/"),
        ("connection", "close"),
        ("te", "gzip"),
    ],
)
@pytest.mark.parametrize("beginning", [False, True])
def test_what_are_no_header_fields_of_an_answer_break_the_stream(field: tuple[str, str], *, beginning: bool) -> None:
    async def main() -> None:
        trailers = [("grpc-status", "0")]
        begun, ended = ([*RESPONSE, field], trailers) if beginning else (RESPONSE, [*trailers, field])
        frames: list[Makes] = [
            lambda peer: peer.headers(STREAM, begun),
            says(message(b"first")),
            lambda peer: peer.headers(STREAM, ended, "END_HEADERS", "END_STREAM"),
        ]
        async with channel_to(answer(*frames)) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="answered with header fields that HTTP/2 forbids"):
                await receive_all(stream)

    run_bounded(main)


@pytest.mark.parametrize(("count", "error"), [(110, None), (120, "larger than 16384")])
def test_header_fields_of_an_answer_that_are_too_many_end_the_connection(count: int, error: str | None) -> None:
    async def main() -> None:
        fields = [*RESPONSE, *[(f"x{number}", "a" * 110) for number in range(count)]]
        script = answer(lambda peer: peer.headers(STREAM, fields), ends(0))
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with nullcontext() if error is None else pytest.raises(StreamBrokenError, match=error):
                assert await receive_all(stream) == []

    run_bounded(main)


def test_end_without_trailers_is_no_verdict() -> None:
    async def main() -> None:
        script = answer(begins, lambda _: data(STREAM, message(b"last"), "END_STREAM"))
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            assert await stream.receive() == [b"last"]
            with pytest.raises(StreamBrokenError, match="ended the stream without a status"):
                await stream.receive()

    run_bounded(main)


def test_ok_in_the_middle_of_a_message_is_broken() -> None:
    async def main() -> None:
        async with channel_to(answer(begins, says(message(b"half")[:-1]), ends(0))) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="in the middle of a message"):
                await stream.receive()

    run_bounded(main)


def test_reset_alone_breaks_the_stream_behind_its_messages() -> None:
    async def main() -> None:
        taken = asyncio.Event()
        async with channel_to(answer(begins, says(message(b"first")), resets(2), taken=taken)) as channel:
            stream = await channel.open_stream()
            await taken.wait()
            assert await stream.receive() == [b"first"]
            with pytest.raises(StreamBrokenError, match="reset the stream with INTERNAL_ERROR"):
                await stream.receive()

    run_bounded(main)


def test_compressed_message_breaks_the_stream() -> None:
    async def main() -> None:
        async with channel_to(answer(begins, says(message(b"zip", compressed=True)))) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="compressed"):
                await stream.receive()

    run_bounded(main)


def test_prefix_over_the_limit_is_refused_before_anything_is_kept() -> None:
    async def main() -> None:
        async with channel_to(answer(begins, says(b"\0\xff\xff\xff\xff"))) as channel:
            stream = await channel.open_stream()
            with pytest.raises(FrameTooLargeError) as caught:
                await stream.receive()
            assert (caught.value.size_bytes, caught.value.limit_bytes) == (2**32 - 1, 64 * 1024)

    run_bounded(main)


def informs(peer: RawPeer) -> Frame:
    return peer.headers(STREAM, [(":status", "103")])


def test_some_informational_answers_and_unknown_frames_are_nothing() -> None:
    async def main() -> None:
        unknown = b"\0\0\x02\xbe\0\0\0\0\0hi"
        script = answer(*[informs] * MAX_INFORMATIONAL, lambda _: unknown, begins, ends(0))
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            assert await stream.receive() == []

    run_bounded(main)


def test_a_server_that_goes_on_informing_is_cut_off_and_that_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    dialer = GrpcDialer(DialOptions(tls=tls_files(2, 1)))

    async def main() -> None:
        async with raw_server(answer(*[informs] * (MAX_INFORMATIONAL + 1), begins), tls_files(1, 0)) as endpoint:
            for _ in range(2):
                channel = await dialer.dial(endpoint)
                stream = await channel.open_stream()
                with pytest.raises(StreamBrokenError, match="more than 8 informational answers"):
                    await stream.receive()
            assert [text.partition(": ")[::2] for text in caplog.messages] == [
                (f"cut off {endpoint}", "the peer breaks the rules of HTTP/2: more than 8 informational answers")
            ]

    with caplog.at_level(logging.WARNING, "gossip.transport"):
        run_bounded(main)


def test_goaway_lets_open_streams_end_and_takes_no_new_ones() -> None:
    async def main() -> None:
        may_end = asyncio.Event()

        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            peer.write(peer.headers(FIRST_PING, [*RESPONSE, ("grpc-status", "0")], "END_HEADERS", "END_STREAM"))
            peer.write(peer.headers(STREAM, RESPONSE), goaway(STREAM), data(STREAM, message(b"still here")))
            await may_end.wait()
            peer.write(data(STREAM, message(b"bye")), peer.trailers(STREAM, 0))
            await peer.wait_cut()
            peer_saw_the_end.set()

        peer_saw_the_end = asyncio.Event()
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            assert await stream.receive() == [b"still here"]
            with pytest.raises(StreamBrokenError, match="closing"):
                await channel.open_stream()
            may_end.set()
            assert await receive_all(stream) == [b"bye"]
            await peer_saw_the_end.wait()

    run_bounded(main)


@pytest.mark.parametrize("last_stream_id", [0, RESERVED_BIT])
def test_goaway_breaks_streams_that_it_did_not_take(last_stream_id: int) -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            header, body = goaway(0).serialize()[:9], last_stream_id.to_bytes(4, "big") + bytes(4)
            peer.write(header + body)

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="did not take the stream") as caught:
                await stream.receive()
            assert not caught.value.was_taken

    run_bounded(main)


def test_a_first_ping_that_was_not_taken_says_so_though_the_connection_has_closed() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, FIRST_PING)
            peer.write(goaway(0))
            await peer.wait_cut()
            is_closed.set()

        is_closed = asyncio.Event()
        async with channel_to(script) as channel:
            await is_closed.wait()
            with pytest.raises(StreamBrokenError, match="did not take the stream") as caught:
                await channel.ping()
            assert not caught.value.was_taken

    run_bounded(main)


@pytest.mark.parametrize(("code", "was_taken"), [(7, False), (2, True)], ids=["REFUSED_STREAM", "INTERNAL_ERROR"])
def test_a_stream_that_was_refused_was_not_taken(code: int, was_taken: bool) -> None:
    async def main() -> None:
        async with channel_to(answer(resets(code))) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="reset the stream") as caught:
                await stream.receive()
            assert caught.value.was_taken == was_taken

    run_bounded(main)


def test_goaway_with_a_complaint_ends_everything_with_its_words() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            peer.write(goaway(STREAM, 11, b"too_many_pings"))

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="ENHANCE_YOUR_CALM too_many_pings"):
                await stream.receive()

    run_bounded(main)


def test_connection_that_is_cut_breaks_readers_and_blocked_writers() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(DataFrame, STREAM)
            peer.writer.transport.abort()

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            writing = asyncio.create_task(stream.send([b"x" * 10_000_000]))
            with pytest.raises(StreamBrokenError, match="is gone"):
                await stream.receive()
            with pytest.raises(StreamBrokenError, match="is gone"):
                await writing

    run_bounded(main)


def test_window_of_the_server_is_kept_and_its_growth_used() -> None:
    async def main() -> None:
        received = bytearray()
        window_is_small = asyncio.Event()

        async def script(peer: RawPeer) -> None:
            peer.write(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 100}))
            await peer.wait_taken()
            window_is_small.set()
            frame = await peer.until(DataFrame, STREAM)
            while True:
                assert isinstance(frame, DataFrame)
                received.extend(frame.data)
                if len(received) == 1005:
                    peer.write(peer.headers(STREAM, RESPONSE), peer.trailers(STREAM, 0))
                    return
                peer.write(window(STREAM, 50), window(0, 50))
                frame = await peer.until(DataFrame, STREAM)

        async with channel_to(script) as channel:
            await window_is_small.wait()
            stream = await channel.open_stream()
            await stream.send([b"y" * 1000])
            assert await stream.receive() == []
        assert bytes(received) == message(b"y" * 1000)

    run_bounded(main)


def test_ping_tells_the_servers_refusal() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, FIRST_PING)
            fields = [*RESPONSE, ("grpc-status", "12"), ("grpc-message", "no gossip here")]
            peer.write(peer.headers(FIRST_PING, fields, "END_HEADERS", "END_STREAM"))

        async with channel_to(script) as channel:
            with pytest.raises(RefusedByPeerError) as caught:
                await channel.ping()
            assert (caught.value.grpc_status, caught.value.reason) == ("UNIMPLEMENTED", "no gossip here")

    run_bounded(main)


@pytest.mark.parametrize("count", [0, 2])
def test_ping_needs_exactly_one_message(count: int) -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, FIRST_PING)
            peer.write(
                peer.headers(FIRST_PING, RESPONSE),
                data(FIRST_PING, message(b"") * count),
                peer.trailers(FIRST_PING, 0),
            )

        async with channel_to(script) as channel:
            with pytest.raises(StreamBrokenError, match=f"answered Ping with {count} messages"):
                await channel.ping()

    run_bounded(main)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"\xff\xff", "malformed Empty at byte 0: truncated in a varint"),
        (b"\x10\x01" * 513, "1026 bytes are more than 1024"),
        (b"\x10\x01" * 512, None),
    ],
    ids=["malformed", "long", "unknown fields"],
)
def test_the_answer_to_a_ping_is_a_short_message(answer: bytes, fault: str | None) -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, FIRST_PING)
            peer.write(
                peer.headers(FIRST_PING, RESPONSE), data(FIRST_PING, message(answer)), peer.trailers(FIRST_PING, 0)
            )

        async with channel_to(script) as channel:
            if fault is None:
                await channel.ping()
                return
            with pytest.raises(StreamBrokenError, match=f"answered Ping with no message: {fault}$"):
                await channel.ping()

    run_bounded(main)


def test_a_later_ping_is_a_call_of_its_own() -> None:
    async def main() -> None:
        asked: list[int] = []

        async def script(peer: RawPeer) -> None:
            while True:
                frame = await peer.until(HeadersFrame)
                asked.append(frame.stream_id)
                peer.write(
                    peer.headers(frame.stream_id, RESPONSE),
                    data(frame.stream_id, message(b"")),
                    peer.trailers(frame.stream_id, 0),
                )

        async with channel_to(script) as channel:
            await channel.ping()
            await channel.ping()
        assert asked == [1, 3]

    run_bounded(main)


def test_silent_connection_is_pinged_and_kept_while_it_answers() -> None:
    async def main() -> None:
        pings: asyncio.Queue[float] = asyncio.Queue()

        async def script(peer: RawPeer) -> None:
            while True:
                frame = await peer.until(PingFrame)
                assert isinstance(frame, PingFrame)
                if "ACK" not in frame.flags:
                    pings.put_nowait(asyncio.get_running_loop().time())
                    peer.write(PingFrame(0, opaque_data=frame.opaque_data, flags=("ACK",)))

        async with channel_to(script, keepalive_interval_s=0.1, keepalive_timeout_s=0.1) as channel:
            times = [await pings.get() for _ in range(3)]
            assert times[2] - times[0] >= 0.2, "it pinged more often than it may"
            assert (await channel.open_stream()) is not None

    run_bounded(main)


def test_connection_closes_in_order_when_its_last_bytes_leave_late() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            peer.write(window(0, 2**30), window(STREAM, 2**30), PingFrame(0, opaque_data=b"received"))
            await peer.until(PingFrame)
            window_is_wide.set()
            await closing.wait()
            await peer.wait_cut()

        window_is_wide, closing = asyncio.Event(), asyncio.Event()
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            await window_is_wide.wait()
            while stream.send_nowait(bytes(16_000)):
                pass  # until the socket is full
            closing.set()
            await channel.close()
            channel.abort()

    run_bounded(main)


class LateClockLoop(asyncio.SelectorEventLoop):
    """Its clock is late, until it is set right; uvloop's is late by up to a millisecond, now more and now less."""

    late_s = 0.05

    def time(self) -> float:
        return super().time() - self.late_s


def test_peer_is_not_pinged_early_because_the_clock_was_late_when_it_answered() -> None:
    interval_s = 0.1

    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(PingFrame)
            pinged_at_s.append(time.monotonic())
            peer.write(PingFrame(0, opaque_data=PING_PAYLOAD, flags=("ACK",)), PingFrame(0, opaque_data=b"received"))
            await peer.until(PingFrame)
            loop.late_s = 0
            await peer.until(PingFrame)
            pinged_at_s.append(time.monotonic())
            done.set()

        pinged_at_s: list[float] = []
        done = asyncio.Event()
        async with channel_to(script, keepalive_interval_s=interval_s, keepalive_timeout_s=0.01):
            await done.wait()
        waited_s = pinged_at_s[1] - pinged_at_s[0]
        assert waited_s >= interval_s, "a Fabric peer ends the connection for the third ping that comes early"

    with asyncio.Runner(loop_factory=LateClockLoop) as runner:
        loop = cast("LateClockLoop", runner.get_loop())
        runner.run(asyncio.wait_for(main(), 10))


def test_connection_that_does_not_answer_a_ping_is_cut() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.wait_cut()
            cut.set()

        cut = asyncio.Event()
        async with channel_to(script, keepalive_interval_s=0.05, keepalive_timeout_s=0.1) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match=r"no answer to a keepalive PING within 0\.1 s"):
                await stream.receive()
            await cut.wait()

    run_bounded(main)


def test_flooding_server_is_cut() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            peer.write(*[SettingsFrame(0)] * 1000)
            await peer.wait_cut()

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="more than 20 SETTINGS frames a second"):
                await stream.receive()

    run_bounded(main)


def test_server_that_allows_no_streams_is_told_of() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            peer.write(SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 0}))
            for _ in range(3):  # the client's own, and an acknowledgement of each of ours
                await peer.until(SettingsFrame)
            taken.set()

        taken = asyncio.Event()
        async with channel_to(script) as channel:
            await taken.wait()
            with pytest.raises(StreamBrokenError, match="allows no more calls at once"):
                await channel.open_stream()

    run_bounded(main)


def test_a_malformed_answer_is_reset_as_one() -> None:
    async def main() -> None:
        code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            peer.write(peer.headers(STREAM, [*RESPONSE, ("connection", "close")]))
            frame = await peer.until(RstStreamFrame, STREAM)
            assert isinstance(frame, RstStreamFrame)
            code.set_result(frame.error_code)

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="header fields that HTTP/2 forbids"):
                await stream.receive()
            assert await code == ErrorCodes.PROTOCOL_ERROR

    run_bounded(main)


def test_abort_resets_the_stream_with_cancel() -> None:
    async def main() -> None:
        code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def script(peer: RawPeer) -> None:
            frame = await peer.until(RstStreamFrame, STREAM)
            assert isinstance(frame, RstStreamFrame)
            code.set_result(frame.error_code)

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            stream.abort()
            assert await code == 8

    run_bounded(main)


def test_push_and_streams_of_the_server_are_breaches() -> None:
    async def main() -> None:
        async def script(peer: RawPeer) -> None:
            await peer.until(HeadersFrame, STREAM)
            peer.write(peer.headers(2, RESPONSE))
            frame = await peer.until(GoAwayFrame)
            assert isinstance(frame, GoAwayFrame)
            code.set_result(frame.error_code)

        code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            with pytest.raises(StreamBrokenError, match="breaks the rules of HTTP/2"):
                await stream.receive()
            assert await code == 1

    run_bounded(main)


def test_ping_waits_for_a_window_that_a_stream_has_used_up() -> None:
    async def main() -> None:
        may_go_on = asyncio.Event()

        async def script(peer: RawPeer) -> None:
            await may_go_on.wait()
            peer.write(window(0, 1000))
            frame = await peer.until(HeadersFrame, SECOND)
            assert await peer.messages(SECOND, 5) == message(b"")
            peer.write(
                peer.headers(frame.stream_id, RESPONSE),
                data(frame.stream_id, message(b"")),
                peer.trailers(frame.stream_id, 0),
            )

        async with channel_to(script) as channel:
            stream = await channel.open_stream()
            writing = asyncio.create_task(stream.send([bytes(100_000)]))
            pinging = asyncio.create_task(channel.ping())
            done, _ = await asyncio.wait([writing, pinging], timeout=0.1)
            assert done == set()
            stream.abort()
            may_go_on.set()
            await pinging
            with pytest.raises(StreamBrokenError):
                await writing

    run_bounded(main)

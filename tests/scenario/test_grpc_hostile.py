"""Clients that mean harm: each is cut off, counted and said once, and an honest peer notices nothing."""

import asyncio
import errno
import gc
import logging
import socket
import ssl
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    RstStreamFrame,
    SettingsFrame,
)

from gossip import turns
from gossip.api.options import DialOptions
from gossip.transport.base import FrameStream
from gossip.transport.gate import Offence
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import GrpcListener, listen
from gossip.transport.grpc.server_protocol import ServerProtocol
from gossip.transport.limits import ConnectionLimits, FrameBudgets, ServerLimits
from gossip.turns import ROUND_S
from tests.support.bounded import run_bounded
from tests.support.raw_http2 import (
    GOSSIP_STREAM,
    PING,
    PREFACE,
    RawPeer,
    data,
    message,
    raw_client,
    request,
    reset,
    window,
)
from tests.support.tls_files import tls_ca, tls_files

SHORT = ServerLimits(tls_timeout_s=0.3, stream_timeout_s=0.3, authenticate_timeout_s=0.3, idle_timeout_s=0.3)
Attack = Callable[[RawPeer], Awaitable[None] | None]


async def read_slowly(stream: FrameStream) -> None:
    """Read what comes, as one who was not authenticated."""
    while await stream.receive():
        pass


async def wait_forever(stream: FrameStream) -> None:
    """Read nothing."""
    await asyncio.Event().wait()


async def trust(stream: FrameStream) -> None:
    """Echo, as to one who was authenticated."""
    stream.max_frame_bytes = 1024 * 1024
    while frames := await stream.receive():
        await stream.send(frames)


async def trust_who_speaks(stream: FrameStream) -> None:
    """Echo, once the first message has come."""
    while frames := await stream.receive():
        stream.max_frame_bytes = 1024 * 1024
        await stream.send(frames)


@asynccontextmanager
async def server(
    handler: Callable[[FrameStream], Awaitable[None]] = read_slowly, limits: ServerLimits | None = None
) -> AsyncIterator[GrpcListener]:
    told: list[Offence] = []
    listener = await listen("127.0.0.1:0", handler, tls=tls_files(1, 0), limits=limits, on_cut=told.append)
    tasks = len(asyncio.all_tasks())
    try:
        yield listener
        assert Counter(told) == listener.cut
    finally:
        await listener.close()
    assert len(listener.gate) == 0
    assert len(asyncio.all_tasks()) == tasks, "a task was left behind"


async def honest_ping(listener: GrpcListener) -> None:
    channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)
    await channel.ping()
    await channel.close()


async def open_tls(listener: GrpcListener) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """TLS without a client certificate, and nothing in it yet."""
    context = ssl.create_default_context(cafile=tls_ca(1))
    context.set_alpn_protocols(["h2"])
    host, _, port = listener.endpoint.rpartition(":")
    return await asyncio.open_connection(host, int(port), ssl=context, server_hostname="localhost")


def open_stream(peer: RawPeer, stream_id: int = 1) -> None:
    peer.write(peer.headers(stream_id, request()))


def rapid_reset(peer: RawPeer) -> None:
    for stream_id in range(1, 2001, 2):
        peer.write(peer.headers(stream_id, request()), reset(stream_id, 8))


def rapid_reset_of_pings(peer: RawPeer) -> None:
    for stream_id in range(1, 2001, 2):
        peer.write(peer.headers(stream_id, request(PING)), reset(stream_id, 8))


def ping_flood(peer: RawPeer) -> None:
    peer.write(*[PingFrame(0, opaque_data=b"12345678")] * 5000)


def ping_answer_flood(peer: RawPeer) -> None:
    peer.write(*[PingFrame(0, opaque_data=b"12345678", flags=("ACK",))] * 5000)


def settings_flood(peer: RawPeer) -> None:
    peer.write(*[SettingsFrame(0, settings={1: number}) for number in range(1000)])


def settings_answer_flood(peer: RawPeer) -> None:
    peer.write(*[SettingsFrame(0, flags=("ACK",))] * 1000)


def priority_flood(peer: RawPeer) -> None:
    peer.write(*[PriorityFrame(number, depends_on=0, stream_weight=1) for number in range(1, 4001, 2)])


def window_flood(peer: RawPeer) -> None:
    peer.write(*[window(0, 1)] * 5000)


def empty_data_flood(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(*[data(1)] * 5000)


def one_byte_flood(peer: RawPeer) -> None:
    open_stream(peer)
    body = message(b"x" * 5000)
    peer.write(*[data(1, body[index : index + 1]) for index in range(len(body))])


def padding_flood(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(*[DataFrame(1, data=b"", pad_length=10, flags=("PADDED",))] * 3000)


def unknown_flood(peer: RawPeer) -> None:
    peer.write(b"\0\0\0\xbe\0\0\0\0\0" * 5000)


def continuation_flood(peer: RawPeer) -> None:
    block = peer.encoder.encode(request())
    peer.write(HeadersFrame(1, data=block), *[ContinuationFrame(1, data=b"")] * 5000)


def request_flood(peer: RawPeer) -> None:
    for stream_id in range(1, 10_001, 2):
        peer.write(peer.headers(stream_id, request(PING)), data(stream_id, message(b""), "END_STREAM"))


FLOODS = [
    (rapid_reset, "more than 100 stream resets a second"),
    (rapid_reset_of_pings, "more than 100 stream resets a second"),
    (ping_flood, "more than 100 PING frames a second"),
    (ping_answer_flood, "more than 100 PING frames a second"),
    (settings_flood, "more than 20 SETTINGS frames a second"),
    (settings_answer_flood, "more than 20 SETTINGS frames a second"),
    (priority_flood, "more than 100 PRIORITY frames a second"),
    (window_flood, "more than 1000 WINDOW_UPDATE frames a second"),
    (empty_data_flood, "more than 1000 fragments of messages a second"),
    (one_byte_flood, "more than 1000 fragments of messages a second"),
    (padding_flood, "more than 1000 fragments of messages a second"),
    (unknown_flood, "more than 100 frames of unknown types a second"),
    (request_flood, "more than 200 HEADERS frames a second"),
]
FEW_REQUESTS = ServerLimits(connection=ConnectionLimits(frames=FrameBudgets(headers=200)))
"""A slow machine does not answer so many more in a second that it would see a flood of them."""


def long_header_block(peer: RawPeer) -> None:
    peer.write(peer.headers(1, [*request(), ("x-long", "v" * 10_000), ("x-longer", "w" * 10_000)]))


def hpack_bomb(peer: RawPeer) -> None:
    """A field that the table keeps, repeated by one byte each."""
    first = peer.encoder.encode([*request(), ("bomb", "b" * 3000)])
    peer.write(HeadersFrame(1, data=first + b"\xbe" * 8000, flags=("END_HEADERS",)))


def endless_header_block(peer: RawPeer) -> None:
    peer.write(HeadersFrame(1, data=bytes(10_000)), *[ContinuationFrame(1, data=bytes(16_000))] * 80)


def half_a_header_block_that_is_too_long(peer: RawPeer) -> None:
    peer.write(HeadersFrame(1, data=bytes(10_000)), ContinuationFrame(1, data=bytes(10_000)))


def too_long_frame(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(b"\xff\xff\xff\0\0\0\0\0\1", bytes(100_000))


def more_than_the_stream_window(peer: RawPeer) -> None:
    peer.write(peer.headers(1, request(PING)))  # which is not read before it is whole
    peer.write(*[DataFrame(1, pad_length=255, flags=("PADDED",))] * 300)


def frame_inside_a_header_block(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(HeadersFrame(3, data=peer.encoder.encode(request())), data(1, message(b"x")))


def unknown_frame_inside_a_header_block(peer: RawPeer) -> None:
    peer.write(HeadersFrame(3, data=peer.encoder.encode(request())), b"\0\0\0\xbe\0\0\0\0\0")


def broken_hpack(peer: RawPeer) -> None:
    peer.write(HeadersFrame(1, data=b"\xff\xff\xff\xff\xff\xff\xff\xff", flags=("END_HEADERS",)))


def data_on_no_stream(peer: RawPeer) -> None:
    peer.write(data(7, b"x"))


def reset_of_no_stream(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(reset(7))


def data_on_stream_zero(peer: RawPeer) -> None:
    peer.write(b"\0\0\1\0\0\0\0\0\0x")


def headers_on_stream_zero(peer: RawPeer) -> None:
    peer.write(b"\0\0\1\1\4\0\0\0\0\x82")


def even_stream(peer: RawPeer) -> None:
    open_stream(peer, 2)


def stream_that_went_by(peer: RawPeer) -> None:
    open_stream(peer, 5)
    open_stream(peer, 3)


def malformed_end(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(peer.headers(1, [(":path", PING)], "END_HEADERS", "END_STREAM"))


def naked_continuation(peer: RawPeer) -> None:
    peer.write(ContinuationFrame(1, data=b"", flags=("END_HEADERS",)))


def short_ping(peer: RawPeer) -> None:
    peer.write(b"\0\0\4\6\0\0\0\0\0abcd")


def short_settings(peer: RawPeer) -> None:
    peer.write(b"\0\0\5\4\0\0\0\0\0abcde")


def short_goaway(peer: RawPeer) -> None:
    peer.write(b"\0\0\4\7\0\0\0\0\0abcd")


def goaway_on_a_stream(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(b"\0\0\x08\7\0\0\0\0\1", bytes(8))


def window_of_zero(peer: RawPeer) -> None:
    peer.write(b"\0\0\4\x08\0\0\0\0\0\0\0\0\0")


def window_past_the_end(peer: RawPeer) -> None:
    peer.write(window(0, 2**31 - 1))


def settings_out_of_range(peer: RawPeer) -> None:
    peer.write(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 2**31}))


def push_from_a_client(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(b"\0\0\5\5\4\0\0\0\1\0\0\0\2\x82")


def padding_longer_than_the_frame(peer: RawPeer) -> None:
    open_stream(peer)
    peer.write(b"\0\0\2\0\x08\0\0\0\1\xff\0")


def body_of_another_length(peer: RawPeer) -> None:
    peer.write(peer.headers(1, [*request(), ("content-length", "3")]), data(1, message(b"")))


def preface_again(peer: RawPeer) -> None:
    peer.write(PREFACE)


BREACHES = [
    long_header_block,
    hpack_bomb,
    endless_header_block,
    half_a_header_block_that_is_too_long,
    too_long_frame,
    more_than_the_stream_window,
    frame_inside_a_header_block,
    unknown_frame_inside_a_header_block,
    broken_hpack,
    continuation_flood,
    data_on_no_stream,
    reset_of_no_stream,
    data_on_stream_zero,
    headers_on_stream_zero,
    even_stream,
    stream_that_went_by,
    malformed_end,
    naked_continuation,
    short_ping,
    short_settings,
    short_goaway,
    goaway_on_a_stream,
    window_of_zero,
    window_past_the_end,
    settings_out_of_range,
    push_from_a_client,
    padding_longer_than_the_frame,
    body_of_another_length,
    preface_again,
]


def said(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What we logged; asyncio, asked to debug, complains of a busy machine."""
    return [record for record in caplog.records if record.name.startswith("gossip")]


@pytest.mark.parametrize(("attack", "reason"), FLOODS, ids=[attack.__name__ for attack, _ in FLOODS])
def test_flood_is_cut_with_its_name(attack: Attack, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with server(limits=FEW_REQUESTS) as listener:
            async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
                attack(peer)
                await peer.wait_cut()
            assert listener.cut == {Offence.FLOOD: 1}
            await honest_ping(listener)

    run_bounded(main)
    (record,) = said(caplog)
    assert record.getMessage().endswith(reason)


@pytest.mark.parametrize("attack", BREACHES)
def test_breach_of_the_protocol_is_cut(attack: Attack, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with server(wait_forever) as listener:
            async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
                attack(peer)
                await peer.wait_cut()
            assert listener.cut == {Offence.BREACH: 1}
            await honest_ping(listener)

    run_bounded(main)
    (record,) = said(caplog)
    assert "the peer breaks the rules of HTTP/2" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", bytes(64), PREFACE + bytes(64)])
def test_what_does_not_begin_like_http2_is_cut(first: bytes) -> None:
    async def main() -> None:
        async with server() as listener:
            reader, writer = await open_tls(listener)
            writer.write(first)
            await RawPeer(reader, writer).wait_cut()
            assert listener.cut == {Offence.BREACH: 1}
            writer.transport.abort()

    run_bounded(main)


def test_repeated_offences_are_said_once_and_counted_always(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with server() as listener:
            for _ in range(5):
                async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
                    ping_flood(peer)
                    await peer.wait_cut()
            assert listener.cut == {Offence.FLOOD: 5}

    run_bounded(main)
    assert len(said(caplog)) == 1


def test_authenticated_peers_are_held_to_the_budgets_too() -> None:
    async def main() -> None:
        async with server(trust) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            open_stream(peer)
            peer.write(data(1, message(b"hello")))
            assert await peer.messages(1, 10) == message(b"hello")
            ping_flood(peer)
            await peer.wait_cut()
            assert listener.cut == {Offence.FLOOD: 1}

    run_bounded(main)


def test_many_small_messages_are_no_fragments() -> None:
    async def main() -> None:
        async with server(trust) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            open_stream(peer)
            body = message(b"ack")
            for _ in range(10):
                peer.write(*[data(1, body)] * 1000, window(0, 60_000), window(1, 60_000))
                assert await peer.messages(1, 1000 * len(body)) == body * 1000
            assert listener.cut == {}

    run_bounded(main)


def test_pings_that_our_data_provokes_are_answered() -> None:
    """A Go peer measures its bandwidth so: one PING for each DATA frame that it gets."""

    async def main() -> None:
        async with server(trust) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            open_stream(peer)
            for _ in range(400):
                peer.write(data(1, message(b"x")), window(0, 6), window(1, 6))
                assert await peer.messages(1, 6) == message(b"x")
                peer.write(PingFrame(0, opaque_data=b"bdp-ping"))
                await peer.until(PingFrame)
            assert listener.cut == {}

    run_bounded(main)


async def no_tls(listener: GrpcListener) -> None:
    host, _, port = listener.endpoint.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    await RawPeer(reader, writer).wait_cut()
    writer.transport.abort()


@pytest.mark.parametrize("come_and_go", [no_tls, honest_ping])
def test_memory_of_openssl_is_freed_when_a_connection_ends(
    come_and_go: Callable[[GrpcListener], Awaitable[None]],
) -> None:
    """The collector of garbage comes seldom, and knows nothing of what OpenSSL holds."""

    async def main() -> None:
        async with server() as listener:
            for _ in range(3):
                await come_and_go(listener)
            await listener.close()
            assert [each for each in gc.get_objects() if isinstance(each, ssl.SSLObject) and each.server_side] == []

    gc.collect()
    gc.disable()
    try:
        run_bounded(main)
    finally:
        gc.enable()


def test_many_who_come_at_once_find_room_in_the_queue() -> None:
    """They are let in a few at a time, for the others' sake; none is turned away for that."""

    async def main() -> None:
        async with server() as listener:
            host, _, port = listener.endpoint.rpartition(":")
            sockets = [socket.socket() for _ in range(100)]
            for each in sockets:
                each.setblocking(False)
                assert each.connect_ex((host, int(port))) in (0, errno.EINPROGRESS)
            while len(listener.gate) < len(sockets):  # noqa: ASYNC110  # the gate has no event
                await asyncio.sleep(0)
            for each in sockets:
                each.close()

    run_bounded(main)


def test_strangers_who_call_at_once_without_tls_are_served_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes a round of the loop, also where the clock shows no time but what their calls need."""
    rounds, now_s = 0, 0.0
    served: dict[int, set[ServerProtocol]] = defaultdict(set)

    def accept(protocol: ServerProtocol, stream: Any, headers: Any, release_stream: Any) -> None:
        nonlocal now_s
        now_s += 2 * ROUND_S  # one alone may be a rounding error short of it
        served[rounds].add(protocol)
        accepted(protocol, stream, headers, release_stream)

    accepted = ServerProtocol.accept
    monkeypatch.setattr(ServerProtocol, "accept", accept)
    monkeypatch.setattr(turns, "perf_counter", lambda: now_s)

    async def main() -> None:
        nonlocal rounds
        listener = await listen("127.0.0.1:0", read_slowly, tls=None)
        host, _, port = listener.endpoint.rpartition(":")
        callers = [RawPeer(*await asyncio.open_connection(host, int(port))) for _ in range(5)]
        for caller in callers:
            caller.write(PREFACE, SettingsFrame(0))
            await caller.until(SettingsFrame)
        for caller in callers:
            caller.write(*[caller.headers(stream_id, request()) for stream_id in range(1, 17, 2)])
        while sum(map(len, served.values())) < len(callers):
            await asyncio.sleep(0)
            rounds += 1
        assert {len(protocols) for protocols in served.values()} == {1}
        for caller in callers:
            caller.writer.transport.abort()
        await listener.close()

    run_bounded(main)


@pytest.mark.parametrize("kind", ["tcp", "garbage", "tls", "http2", "ping", "stream", "authenticated"])
def test_whoever_stops_half_way_is_cut_in_time(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    texts = {
        "tcp": "TLS handshake not finished after 0.3 s",
        "garbage": "TLS handshake not finished after 0.3 s",
        "tls": "no request after 0.3 s",
        "http2": "no request after 0.3 s",
        "ping": "no request after 0.3 s",
        "stream": "the peer is not authenticated after 0.3 s",
        "authenticated": "silent for 0.3 s",
    }

    async def main() -> None:
        async with server(trust if kind == "authenticated" else read_slowly, SHORT) as listener:
            host, _, port = listener.endpoint.rpartition(":")
            if kind in ("tcp", "garbage"):
                reader, writer = await asyncio.open_connection(host, int(port))
                if kind == "garbage":
                    writer.write(b"\x16\x03\x01\x02\x00\x01")  # a ClientHello that never goes on
                await RawPeer(reader, writer).wait_cut()
                writer.transport.abort()
            elif kind == "tls":
                reader, writer = await open_tls(listener)
                await RawPeer(reader, writer).wait_cut()
                writer.transport.abort()
            else:
                async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
                    if kind == "ping":
                        peer.write(peer.headers(1, request(PING)), data(1, message(b""), "END_STREAM"))
                    if kind in ("stream", "authenticated"):
                        open_stream(peer)
                    await peer.wait_cut()
            assert listener.cut == {Offence.SLOW: 1}

    run_bounded(main)
    assert said(caplog)[-1].getMessage().endswith(texts[kind])


def test_whoever_answers_a_ping_is_not_silent() -> None:
    """A Fabric peer pings us only after a minute or more without traffic, as its operator likes."""

    async def main() -> None:
        async with server(trust, SHORT) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            open_stream(peer)
            for _ in range(4):
                asked = await peer.until(PingFrame)
                assert isinstance(asked, PingFrame)
                peer.write(PingFrame(0, opaque_data=asked.opaque_data, flags=("ACK",)))
            peer.write(data(1, message(b"still here")))
            assert await peer.messages(1, 15) == message(b"still here")
            assert listener.cut == {}

    run_bounded(main)


def test_those_whose_tls_failed_and_who_stay_are_strangers_like_others() -> None:
    async def main() -> None:
        async with server(limits=ServerLimits(max_unauthenticated=2)) as listener:
            host, _, port = listener.endpoint.rpartition(":")
            writers = []
            for _ in range(6):
                reader, writer = await asyncio.open_connection(host, int(port))
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert await reader.read() == b"", "its side is closed, and ours is not"
                writers.append(writer)
            await asyncio.sleep(0)
            assert len(listener.gate) == 2
            assert listener.cut == {Offence.TLS: 6}
            for writer in writers:
                writer.close()

    run_bounded(main)


def test_slow_dripping_does_not_win_time() -> None:
    async def main() -> None:
        async with server(read_slowly, SHORT) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            open_stream(peer)
            cut = asyncio.create_task(peer.wait_cut())
            while not cut.done():
                peer.write(data(1, b"\0"))
                await asyncio.wait([cut], timeout=0.02)
            assert listener.cut == {Offence.SLOW: 1}

    run_bounded(main)


@pytest.mark.parametrize(
    ("first", "text"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", "what the peer speaks is not TLS (HTTP_REQUEST)"),
        (b"\x16\x03\x01\x00\x05\x01\0\0\x01\0", "length too short"),
    ],
)
def test_client_that_does_not_manage_tls_is_answered_and_named(
    first: bytes, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with server() as listener:
            host, _, port = listener.endpoint.rpartition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(first)
            assert (await reader.read())[:1] in (b"", b"\x15"), "neither an alert nor an end"
            writer.transport.abort()

    run_bounded(main)
    assert said(caplog)[0].getMessage().endswith(text)


def test_crowd_of_strangers_keeps_nobody_out() -> None:
    async def main() -> None:
        limits = replace(ServerLimits(), max_unauthenticated=5)
        async with server(trust, limits) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as friend:
            open_stream(friend)
            friend.write(data(1, message(b"hello")))
            await friend.messages(1, 10)
            host, _, port = listener.endpoint.rpartition(":")
            silent = [await asyncio.open_connection(host, int(port)) for _ in range(12)]
            await honest_ping(listener)
            friend.write(data(1, message(b"still")))
            assert await friend.messages(1, 10) == message(b"still")
            assert listener.cut[Offence.CROWD] >= 7
            for _, writer in silent:
                writer.transport.abort()

    run_bounded(main)


def test_reader_that_waits_costs_a_window_and_no_more() -> None:
    """The peer may send what its window allows, and the rest stays with it."""

    async def main() -> None:
        async def never_read(stream: FrameStream) -> None:
            stream.max_frame_bytes = 1024 * 1024
            await stream.send([b"ready"])
            await asyncio.Event().wait()

        async with server(never_read) as listener:
            channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)
            stream = await channel.open_stream()
            await stream.receive()
            sending = asyncio.create_task(stream.send([bytes(1000)] * 10_000))
            await asyncio.wait([sending], timeout=0.3)
            assert not sending.done()
            assert channel._protocol.connection.http2.sendable_bytes(stream.http2_stream) == 0
            await channel.ping()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            channel.abort()

    run_bounded(main)


@pytest.mark.parametrize("frame", [window(1, 10), data(1, b"x"), reset(1), PriorityFrame(1, depends_on=0)])
def test_frames_for_a_stream_that_just_ended_are_no_breach(frame: Frame) -> None:
    """They were on their way when we ended it."""

    async def main() -> None:
        async def return_at_once(stream: FrameStream) -> None:
            return

        async with server(return_at_once) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            open_stream(peer)
            assert (await peer.fields(1))["grpc-status"] == "0"
            peer.write(frame, peer.headers(3, request(PING)), data(3, message(b""), "END_STREAM"))
            assert await peer.messages(3, 5) == message(b"")
            assert listener.cut == {}

    run_bounded(main)


@pytest.mark.parametrize("path", [PING, GOSSIP_STREAM])
def test_a_stream_too_many_is_refused_and_the_others_go_on(path: str) -> None:
    """Also one that is opened before our settings have come."""

    async def main() -> None:
        limits = ServerLimits(connection=ConnectionLimits(max_streams=2))
        async with server(trust, limits) as listener, raw_client(listener.endpoint, tls_files(2, 1)) as peer:
            for stream_id in (1, 3, 5, 7):
                peer.write(peer.headers(stream_id, request(path)))
            for stream_id in (5, 7):
                refused = await peer.until(RstStreamFrame)
                assert isinstance(refused, RstStreamFrame)
                assert (refused.stream_id, refused.error_code) == (stream_id, ErrorCodes.REFUSED_STREAM)
            peer.write(data(5, message(b"under way")), reset(5), data(1, message(b""), "END_STREAM"))
            assert await peer.messages(1, 5) == message(b"")
            peer.write(peer.headers(9, request(PING)), data(9, message(b""), "END_STREAM"))
            assert await peer.messages(9, 5) == message(b"")
            assert listener.cut == {}

    run_bounded(main)


def test_a_handshake_too_many_on_a_connection_is_refused_until_one_has_ended() -> None:
    async def main() -> None:
        async with (
            server(limits=ServerLimits(max_handshakes=2)) as listener,
            raw_client(listener.endpoint, tls_files(2, 1)) as peer,
        ):
            for stream_id in (1, 3, 5):
                open_stream(peer, stream_id)
            await peer.fields(5)
            fields = await peer.fields(5)
            assert (fields["grpc-status"], fields["grpc-message"]) == (
                "8",
                "as many handshakes are under way on this connection as may be",
            )
            peer.write(data(1, b"", "END_STREAM"))
            assert (await peer.fields(1))["grpc-status"] == "0"
            open_stream(peer, 7)
            peer.write(data(7, b"", "END_STREAM"))
            assert (await peer.fields(7))["grpc-status"] == "0"
            assert listener.cut == {}

    run_bounded(main)


def test_who_is_authenticated_may_begin_more_handshakes() -> None:
    async def main() -> None:
        async with (
            server(trust_who_speaks, ServerLimits(max_handshakes=1)) as listener,
            raw_client(listener.endpoint, tls_files(2, 1)) as peer,
        ):
            open_stream(peer, 1)
            peer.write(data(1, message(b"hello")))
            assert await peer.messages(1, 10) == message(b"hello")
            for stream_id in (3, 5):
                open_stream(peer, stream_id)
            for stream_id in (3, 5):
                peer.write(data(stream_id, message(b"hello")))
                assert await peer.messages(stream_id, 10) == message(b"hello")

    run_bounded(main)


class Queue:
    """Turns that come when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.came = asyncio.Event()

    def wait(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)
        self.came.set()


def test_who_is_authenticated_just_before_its_time_is_up_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        may_go_on, is_known, queue = asyncio.Event(), asyncio.Event(), Queue()

        async def authenticate_late(stream: FrameStream) -> None:
            await may_go_on.wait()
            stream.max_frame_bytes = 1024
            is_known.set()
            while await stream.receive():
                pass

        limits = ServerLimits(authenticate_timeout_s=0.1)
        listener = await listen("127.0.0.1:0", authenticate_late, tls=None, limits=limits)
        monkeypatch.setattr(listener, "_turns", queue)
        channel = await GrpcDialer(DialOptions()).dial(listener.endpoint, b"greeting")
        await queue.came.wait()
        may_go_on.set()
        await is_known.wait()
        for work in queue.waiting:
            work()
        await channel.ping()
        assert listener.cut == {}
        channel.abort()
        await listener.close()

    run_bounded(main)

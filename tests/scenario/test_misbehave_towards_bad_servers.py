"""What ``gossip misbehave`` tells of servers that misbehave themselves: never that all is well, and it ends."""

import asyncio
import os
import socket
from collections.abc import Callable
from random import Random

import pytest
from hpack import Encoder

from gossip.api.options import MIB
from gossip.misbehave import frames
from gossip.misbehave import run as run_module
from gossip.misbehave.conversation import MAX_UNREAD_BYTES
from gossip.misbehave.http2_peer import MAX_SAID_BYTES, Http2Peer
from gossip.misbehave.session import data_envelope
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import encode_conn_establish
from gossip.wire.envelope_bytes import encode_envelope
from tests.support.misbehaving import endings_of, misbehave, over_http2
from tests.support.odd_servers import EMPTY_SETTINGS, Handler, say_nothing, tcp_server


def saying(said: bytes) -> Handler:
    """Begin HTTP/2, say this at once, and nothing more."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(EMPTY_SETTINGS + said)
        say_nothing(connection)

    return answer


NOT_HPACK = "HEADERS that are not HPACK, "
FOUR_BYTES = "unpack requires a buffer of 4 bytes"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (frames.headers(1, b"\xff" * 4), NOT_HPACK + "HPACKDecodingError"),
        (frames.headers(1, b"\xff" * 8000 + b"\x7f"), NOT_HPACK + "HPACKDecodingError"),
        (frames.headers(1, b"\xbf"), NOT_HPACK + "InvalidTableIndex"),
        (frames.headers(1, b"\x3f\xe2\x1f"), NOT_HPACK + "InvalidTableSizeError"),
        (
            frames.headers(1, b"\x40\x01a\x7f\xa1\x1e" + b"b" * 4000 + b"\xbe" * 20),
            NOT_HPACK + "OversizedHeaderListError",
        ),
        (frames.frame(frames.RST_STREAM, 0, 1, b"abc"), FOUR_BYTES),
        (frames.frame(frames.RST_STREAM, 0, 1, b"abcde"), FOUR_BYTES),
        (frames.frame(frames.WINDOW_UPDATE, 0, 1, b"ab"), FOUR_BYTES),
        (
            frames.frame(frames.GOAWAY, 0, 0, b"abcd"),
            "unpack_from requires a buffer of at least 8 bytes for unpacking 4 bytes at offset 4 "
            "(actual buffer size is 4)",
        ),
        (
            frames.frame(frames.GOAWAY, 0, 0),
            "unpack_from requires a buffer of at least 8 bytes for unpacking 4 bytes at offset 4 "
            "(actual buffer size is 0)",
        ),
    ],
    ids=[
        "HPACK",
        "HPACK-endless-number",
        "HPACK-index",
        "HPACK-table",
        "HPACK-bomb",
        "RST_STREAM-short",
        "RST_STREAM-long",
        "WINDOW_UPDATE-short",
        "GOAWAY-short",
        "GOAWAY-empty",
    ],
)
def test_frames_that_cannot_be_read_are_a_breach(frame: bytes, words: str, caplog: pytest.LogCaptureFixture) -> None:
    with tcp_server(over_http2(saying(frame))) as endpoint:
        outcome = misbehave(endpoint, "ping-and-stay", "--patience=5")
    assert endings_of(outcome) == {f"breach (a frame cannot be read: {words})": 1}
    assert (outcome.exit_code, outcome.object["ok"]) == (1, False)
    assert caplog.records == []


def trailers(**fields: bytes) -> bytes:
    """HEADERS that end stream 1."""
    block = Encoder().encode([(name.replace("_", "-").encode(), value) for name, value in fields.items()])
    return frames.frame(frames.HEADERS, frames.END_HEADERS | frames.END_STREAM, 1, bytes(block))


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        (trailers(grpc_status=b""), "status UNKNOWN (the answer ended with the status '', which gRPC does not know)"),
        (
            trailers(grpc_status=b"-1"),
            "status UNKNOWN (the answer ended with the status '-1', which gRPC does not know)",
        ),
        (
            trailers(grpc_status=b"9" * 5000),
            f"status UNKNOWN (the answer ended with the status '{'9' * 100}', which gRPC does not know)",
        ),
        (trailers(grpc_status=b"2", grpc_message=b"%ff%\xc3%"), "status UNKNOWN (\ufffd%\ufffd%)"),
        (
            trailers(grpc_status=b"\xb2"),
            "status UNKNOWN (the answer ended with the status '\u00b2', which gRPC does not know)",
        ),
        (frames.frame(frames.SETTINGS, 0, 0, bytes(5)), "nothing"),
        (frames.frame(frames.SETTINGS, 0, 0, b"\0\4" + b"\xff" * 4), "nothing"),
        (frames.frame(frames.PING, 0, 0, b"abc"), "nothing"),
        (frames.frame(frames.WINDOW_UPDATE, 0, 0, b"\xff" * 4) * 3, "nothing"),
        (frames.frame(0xEE, 0xFF, 2**32 - 1, b"?"), "nothing"),
        (frames.data(1, frames.message(b"x", announced_bytes=2**32 - 1)), "nothing"),
        (frames.data(0, frames.message(b"x") * 2), "nothing"),
        (frames.headers(1, b"")[:-1], "nothing"),
    ],
    ids=[
        "status-empty",
        "status-negative",
        "status-of-5000-digits",
        "message-not-utf-8",
        "status-a-digit-of-unicode",
        "settings-short",
        "settings-largest-window",
        "ping-short",
        "window-past-all-numbers",
        "unknown-frame",
        "message-of-4-GiB",
        "data-for-the-connection",
        "header-of-a-frame-short",
    ],
)
def test_odd_answers_are_told_or_passed_over(said: bytes, ending: str, caplog: pytest.LogCaptureFixture) -> None:
    with tcp_server(over_http2(saying(said))) as endpoint:
        outcome = misbehave(endpoint, "silent-stream", "--patience=0.3")
    assert endings_of(outcome) == {ending: 1}
    assert caplog.records == []


CONN_ESTABLISH = encode_conn_establish(
    PkiId(b"pki-id"), PeerIdentityType(b"identity"), b"hash", probe=False, sign=lambda _: b"signature"
)
NOT_READ = "breach (a message cannot be read: "


@pytest.mark.parametrize("fault", ["unasked-acks", "second-hello", "goaway-in-mid-stream"])
@pytest.mark.parametrize(
    ("first", "then", "ending"),
    [
        (b"\xff", b"", NOT_READ + "malformed Envelope"),
        (encode_envelope(b"\xff", b""), b"", NOT_READ + "malformed GossipMessage"),
        (b"", b"", "breach (says none where its ConnEstablish belongs)"),
        (data_envelope(b"x"), b"", "breach (says data_msg where its ConnEstablish belongs)"),
        (CONN_ESTABLISH, b"\xff", NOT_READ + "malformed Envelope"),
        (CONN_ESTABLISH, encode_envelope(b"\xb2\x01\x05", b""), NOT_READ + "malformed GossipMessage"),
        (CONN_ESTABLISH, encode_envelope(b"\xba\x01\xe0\xa7\x12" + b"\x0a\x00" * 150_000, b"")[:60_000], NOT_READ),
    ],
    ids=["garbage", "garbage-inside", "empty", "data", "garbage-later", "half-an-ack-later", "half-a-message-later"],
)
def test_messages_that_cannot_be_read_are_a_breach(
    fault: str, first: bytes, then: bytes, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = frames.message(first) + frames.message(then)
    said = b"".join(frames.data(1, body[start : start + 16_000]) for start in range(0, len(body), 16_000))
    with tcp_server(over_http2(saying(said))) as endpoint:
        outcome = misbehave(endpoint, fault, "--patience=5")
    (observed,) = endings_of(outcome)
    assert observed.startswith(ending)
    assert (outcome.exit_code, outcome.object["ok"]) == (1, False)
    assert caplog.records == []


def test_tls_that_breaks_once_it_stands_is_a_breach() -> None:
    def break_tls(connection: socket.socket) -> None:
        os.write(connection.fileno(), b"HTTP/1.1 400 Bad Request\r\n\r\n")  # below TLS
        connection.recv(65536)

    with tcp_server(over_http2(break_tls)) as endpoint:
        outcome = misbehave(endpoint, "ping-and-stay", "--patience=5")
    (observed,) = endings_of(outcome)
    assert observed in {
        "breach (its TLS cannot be read: what the peer speaks is not TLS (WRONG_VERSION_NUMBER))",
        "breach (its TLS cannot be read: record layer failure)",  # all that later releases of OpenSSL say
    }
    assert outcome.exit_code == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_bytes_are_an_exception(seed: int) -> None:
    random = Random(seed)

    def some_bytes(most: int) -> bytes:
        return bytes(random.choice(ODD_BYTES) for _ in range(random.randint(0, most)))

    async def main() -> None:
        for _ in range(200):
            peer = Http2Peer()
            peer.begin()
            peer.open()
            for _ in range(20):
                if not peer.breach:
                    peer.data_received(
                        frames.frame(random.randrange(11), random.randrange(256), random.randrange(4), some_bytes(14))
                    )

    asyncio.run(main())


ODD_BYTES = (0, 1, 2, 4, 0x20, 0x3F, 0x40, 0x61, 0x7F, 0x80, 0x88, 0xBE, 0xFF)
"""The corners of HPACK, lengths and flags."""


def half_messages(streams: range, size_bytes: int) -> bytes:
    """On each stream so many bytes of a message that does not end."""
    prefix = frames.message(b"", announced_bytes=size_bytes + 1)
    body = prefix + bytes(size_bytes - len(prefix))
    return b"".join(
        frames.data(stream_id, body[start : start + 16_000])
        for stream_id in streams
        for start in range(0, size_bytes, 16_000)
    )


def on_streams(count: int, frame_on: Callable[[int], bytes]) -> bytes:
    """A frame on each of so many streams, of which the fault's is none."""
    return b"".join(map(frame_on, range(3, 2 * count + 3, 2)))


def reset_on(stream_id: int) -> bytes:
    return frames.reset(stream_id)


def nothing_on(stream_id: int) -> bytes:
    return frames.data(stream_id)


def status_on(stream_id: int) -> bytes:
    return frames.headers(stream_id, b"\x00\x0bgrpc-status\x010")


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        (frames.data(3, bytes(16_384)), "nothing"),
        (frames.data(3, bytes(16_385)), "breach (a frame of 16385 bytes, of which 16384 are allowed)"),
        (b"HTTP/1.1 400 Bad Request", "breach (a frame of 4740180 bytes, of which 16384 are allowed)"),
        (half_messages(range(1, 2), MIB), "nothing"),
        (half_messages(range(1, 2), MIB + 1), "breach (messages of more than 1048576 bytes are under way)"),
        (half_messages(range(1, 129, 2), MIB // 64), "nothing"),
        (half_messages(range(1, 131, 2), MIB // 64), "breach (messages of more than 1048576 bytes are under way)"),
        (on_streams(10_000, reset_on), "nothing"),
        (on_streams(10_001, reset_on), "breach (speaks of more than 10000 streams)"),
        (on_streams(10_001, nothing_on), "breach (speaks of more than 10000 streams)"),
        (on_streams(10_001, status_on), "breach (speaks of more than 10000 streams)"),
    ],
    ids=[
        "frame-in-bounds",
        "frame",
        "HTTP/1.1",
        "message-in-bounds",
        "message",
        "messages-in-bounds",
        "messages",
        "streams-in-bounds",
        "streams-reset",
        "streams-of-nothing",
        "streams-ended",
    ],
)
def test_what_is_kept_of_the_other_side_is_bounded(said: bytes, ending: str) -> None:
    with tcp_server(over_http2(saying(said))) as endpoint:
        outcome = misbehave(endpoint, "silent-after-preface", f"--patience={0.5 if ending == 'nothing' else 30}")
    assert endings_of(outcome) == {ending: 1}


def pour(connection: socket.socket) -> None:
    """Say more and more until nobody listens."""
    while True:
        connection.sendall(bytes(65536))


def pour_frames(connection: socket.socket) -> None:
    """The same in HTTP/2, as PINGs that are answers."""
    connection.sendall(EMPTY_SETTINGS)
    while True:
        connection.sendall((b"\0\0\x08\6\1\0\0\0\0" + bytes(8)) * 1000)


def test_who_never_stops_talking_is_left() -> None:
    with tcp_server(pour) as endpoint:
        outcome = misbehave(endpoint, "silent", "--patience=60")
    assert endings_of(outcome) == {f"breach (says more than {MAX_UNREAD_BYTES} bytes)": 1}
    assert outcome.exit_code == 1


def test_who_never_stops_talking_http2_is_left() -> None:
    with tcp_server(over_http2(pour_frames)) as endpoint:
        outcome = misbehave(endpoint, "ping-and-stay", "--patience=60")
    assert endings_of(outcome) == {f"breach (says more than {MAX_SAID_BYTES} bytes)": 1}
    assert outcome.exit_code == 1


def drip(connection: socket.socket) -> None:
    """A TLS record of 16 KiB, byte by byte, until nobody listens."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    connection.settimeout(0.01)
    while True:
        connection.sendall(b"\2")
        try:
            if not connection.recv(65536):
                return
        except TimeoutError:
            pass


@pytest.mark.parametrize("fault", ["broken-record", "key-update-flood"])
def test_tls_that_drips_is_waited_for_no_longer_than_patience(fault: str) -> None:
    with tcp_server(drip) as endpoint:
        outcome = misbehave(endpoint, fault, "--patience=0.3")
    assert outcome.exit_code == 3
    assert str(outcome.object["message"]).endswith(f"cannot connect to {endpoint}: tls: no answer within 0.3 s")


@pytest.mark.parametrize("fault", ["broken-record", "key-update-flood"])
def test_what_is_not_tls_is_an_error_of_the_network(fault: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        say_nothing(connection)

    with tcp_server(answer) as endpoint:
        outcome = misbehave(endpoint, fault)
    assert outcome.exit_code == 3
    assert "tls: what the peer speaks is not TLS" in str(outcome.object["message"])


def test_who_closes_in_mid_tls_did_not_cut_off_a_fault() -> None:
    def close(connection: socket.socket) -> None:
        connection.recv(65536)

    with tcp_server(close) as endpoint:
        outcome = misbehave(endpoint, "broken-record")
    assert outcome.exit_code == 3
    assert str(outcome.object["message"]).endswith(f"cannot connect to {endpoint}: tls: the peer closed the connection")


def test_a_fault_that_does_not_end_ends_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One-byte records leave one by one, however long nobody takes them."""
    monkeypatch.setattr(run_module, "FAULT_S", 0.0)
    monkeypatch.setattr(run_module, "REPETITION_S", 0.0)
    with tcp_server(over_http2(say_nothing)) as endpoint:
        outcome = misbehave(endpoint, "call-flood", "--patience=0.3")
    assert endings_of(outcome) == {"nothing": 1}
    assert outcome.exit_code == 1

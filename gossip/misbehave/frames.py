"""HTTP/2 frames and gRPC messages, right or wrong, as bytes.

Spec: RFC 9113 sections 4 and 6; grpc/doc/PROTOCOL-HTTP2.md.
"""

from collections.abc import Mapping
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GOSSIP_STREAM = "/gossip.Gossip/GossipStream"
PING_CALL = "/gossip.Gossip/Ping"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
INITIAL_WINDOW_SIZE = 0x4

HEADER = Struct(">IBI")
UINT32 = Struct(">I")
_SETTING = Struct(">HI")

Fields = list[tuple[str, str]]


def frame(kind: int, flags: int, stream_id: int, body: bytes = b"") -> bytes:
    """Any frame."""
    return HEADER.pack(len(body) << 8 | kind, flags, stream_id) + body


def data(stream_id: int, body: bytes = b"", *, ends: bool = False) -> bytes:
    """A part of a message, or of many."""
    return frame(DATA, END_STREAM if ends else 0, stream_id, body)


def headers(stream_id: int, block: bytes, *, whole: bool = True) -> bytes:
    """The beginning of a request."""
    return frame(HEADERS, END_HEADERS if whole else 0, stream_id, block)


def continuation(stream_id: int, block: bytes = b"", *, whole: bool = False) -> bytes:
    """More of a header block."""
    return frame(CONTINUATION, END_HEADERS if whole else 0, stream_id, block)


def reset(stream_id: int, code: int = 8) -> bytes:
    """The end of a stream; 8 is CANCEL."""
    return frame(RST_STREAM, 0, stream_id, UINT32.pack(code))


def settings(values: Mapping[int, int] | None = None) -> bytes:
    """What we want."""
    return frame(SETTINGS, 0, 0, b"".join(_SETTING.pack(*each) for each in (values or {}).items()))


def settings_ack() -> bytes:
    """What the other side wants is understood."""
    return frame(SETTINGS, ACK, 0)


def ping(opaque: bytes = b"gossip..", *, answers: bool = False) -> bytes:
    """Eight bytes to be sent back."""
    return frame(PING, ACK if answers else 0, 0, opaque)


def priority(stream_id: int) -> bytes:
    """A wish that nobody hears."""
    return frame(PRIORITY, 0, stream_id, UINT32.pack(0) + b"\x01")


def window_update(stream_id: int, increment: int) -> bytes:
    """Room for so many more bytes."""
    return frame(WINDOW_UPDATE, 0, stream_id, UINT32.pack(increment))


def goaway(last_stream_id: int, code: int = 0) -> bytes:
    """No streams after this one."""
    return frame(GOAWAY, 0, 0, UINT32.pack(last_stream_id) + UINT32.pack(code))


def request(path: str | None = GOSSIP_STREAM, *, method: str | None = "POST", kind: str = "application/grpc") -> Fields:
    """The header fields of a call; None leaves one out."""
    fields = [
        (":method", method),
        (":scheme", "https"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", kind),
    ]
    return [(name, value) for name, value in fields if value is not None]


def message(body: bytes, *, is_compressed: bool = False, announced_bytes: int | None = None) -> bytes:
    """A gRPC message behind its prefix, which may announce another length."""
    size = len(body) if announced_bytes is None else announced_bytes
    return bytes([is_compressed]) + UINT32.pack(size) + body

"""Random HTTP/2 frames that mean something more often than chance would have it."""

from random import Random

from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    ExtensionFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from tests.fuzz.edits import edit
from tests.support.raw_http2 import GOSSIP_STREAM, PING, RESPONSE, Headers, message, request

STREAMS = (1,) * 12 + (3, 3, 3, 5, 2, 0x7FFFFFFF)
SETTINGS = (
    (1, 0),
    (1, 4096),
    (2, 0),
    (3, 0),
    (3, 100),
    (4, 0),
    (4, 0x7FFFFFFF),
    (5, 0x4000),
    (5, 0xFFFFFF),
    (6, 0),
    (77, 1),
)
WRONG_SETTINGS = ((2, 2), (4, 0x80000000), (5, 1), (5, 0xFFFFFFFF), (8, 7))
KINDS = "H" * 6 + "D" * 12 + "S" * 3 + "P" * 3 + "W" * 3 + "RGCXXX"
BODIES = (b"", b"\0", message(b""), message(b"hello"), message(b"x" * 300)[:7], b"\1\0\0\0\1x", b"\0\xff\xff\xff\xff")


def random_frames(random: Random, *, from_server: bool) -> bytes:
    """Up to a dozen frames; some cut short, or with a few bytes changed."""
    encoder = Encoder()
    wire = b""
    if random.random() < 0.8:
        wire += HeadersFrame(
            1, data=encoder.encode(RESPONSE if from_server else request()), flags=["END_HEADERS"]
        ).serialize()
    for _ in range(random.randrange(1, 13)):
        frame = _frame(random, encoder, from_server=from_server).serialize()
        wire += edit(frame, random) if random.random() < 0.03 else frame
    return wire


def _fields(random: Random, *, from_server: bool) -> Headers:
    trailers = [("grpc-status", random.choice(("0", "2", "99", "x", ""))), ("grpc-message", "100%25 %zz")]
    choices = [request(random.choice((GOSSIP_STREAM, PING, "/nothing"))), request(method=None), trailers, []]
    if from_server:
        choices += [RESPONSE, RESPONSE, trailers, [*RESPONSE, *trailers], [(":status", "503")]]
    fields = list(random.choice(choices))
    if random.random() < 0.2:
        random.shuffle(fields)
    if random.random() < 0.2:
        fields.append(
            random.choice((("x" * 3000, "y" * 3000), ("Upper", "case"), (":path", "/"), ("content-length", "1")))
        )
    return fields


def _flags(random: Random, *names: str) -> list[str]:
    return [name for name in names if random.random() < (0.85 if name == "END_HEADERS" else 0.25)]


def _frame(random: Random, encoder: Encoder, *, from_server: bool) -> Frame:
    stream = random.choice(STREAMS)
    match random.choice(KINDS):
        case "H":
            block = encoder.encode(_fields(random, from_server=from_server))
            return HeadersFrame(stream, data=block, flags=_flags(random, "END_HEADERS", "END_STREAM", "PRIORITY"))
        case "D":
            return DataFrame(stream, data=random.choice(BODIES), flags=_flags(random, "END_STREAM", "PADDED"))
        case "S":
            values = dict(random.choices(SETTINGS if random.random() < 0.9 else WRONG_SETTINGS, k=3))
            return SettingsFrame(0, settings=values) if random.random() < 0.8 else SettingsFrame(0, flags=["ACK"])
        case "P":
            return PingFrame(0, opaque_data=random.randbytes(8), flags=_flags(random, "ACK"))
        case "W":
            return WindowUpdateFrame(
                random.choice((0, stream)), window_increment=random.choice((1, 0xFFFF, 0xFFFFF, 0x7FFFFFFF))
            )
        case "R":
            return RstStreamFrame(stream, error_code=random.choice((0, 8, 0xFFFFFFFF)))
        case "G":
            return GoAwayFrame(0, last_stream_id=random.choice((0, stream)), error_code=random.choice((0, 11)))
        case "C":
            return ContinuationFrame(stream, data=random.randbytes(5), flags=_flags(random, "END_HEADERS"))
        case _:
            return random.choice(
                (
                    ExtensionFrame(random.randrange(10, 256), stream, random.randrange(256), random.randbytes(9)),
                    PriorityFrame(stream, depends_on=random.choice((0, stream)), stream_weight=3),
                    PushPromiseFrame(stream, 2, encoder.encode(request()), flags=["END_HEADERS"]),
                )
            )

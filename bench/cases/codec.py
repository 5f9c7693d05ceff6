"""Messages to bytes and back, each kind: ours, betterproto's own codec, and Google's protobuf."""

from collections.abc import Callable, Iterator
from functools import partial

from bench.figures import Figure
from bench.google import google_class
from bench.material import Material
from bench.repeat import best_us
from bench.sample_messages import sample_messages
from gossip.messages import GossipMessage
from gossip.wire.codec import decode, encode
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope

CASE = "codec"
PEERS = 1
ROUNDS = 1


def measure(_material: Material) -> Iterator[Figure]:
    """Every kind."""
    google = google_class("gossip.GossipMessage")
    for kind, message in sample_messages().items():
        data = encode(message)
        frame = encode_envelope(data, bytes(71))
        theirs = google.FromString(data)
        work: dict[str, dict[str, Callable[[], object]]] = {
            "ours": {
                "scan us": partial(parse_envelope, frame),
                "decode us": partial(decode, GossipMessage, data),
                "encode us": partial(encode, message),
            },
            "betterproto": {
                "decode us": partial(_parse, data),
                "encode us": partial(bytes, message),
            },
            "protobuf (upb, C)": {
                "decode us": partial(google.FromString, data),
                "encode us": theirs.SerializeToString,
            },
        }
        for who, columns in work.items():
            yield Figure(CASE, kind, who, {name: best_us(call) for name, call in columns.items()})


def _parse(data: bytes) -> GossipMessage:
    return GossipMessage().parse(data)

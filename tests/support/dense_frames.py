"""Long envelopes of nothing but small parts, which take long to scan."""

from gossip.wire.varint import encode_varint
from tests.support.codec_fuzz import private_data

GROUP, GROUP_END, DEEP_GROUPS = b"\x7b", b"\x7c", 99


def of(key: bytes, value: bytes) -> bytes:
    """A length-delimited field."""
    return key + encode_varint(len(value)) + value


def enveloped(payload: bytes) -> bytes:
    return of(b"\x0a", payload)


def many(field: bytes) -> bytes:
    return field * 5_000


PAYLOADS = {
    "nonces": many(b"\x08\x01"),
    "channels": many(b"\x12\x00"),
    "contents": many(b"\x72\x00"),
    "unknown fields": many(b"\x22\x00"),
    "unknown fixed fields": many(b"\x25\x00\x00\x00\x00"),
    "groups": many(GROUP + GROUP_END),
    "one group": GROUP + many(b"\x08\x01") + GROUP_END,
    "nested groups": GROUP * DEEP_GROUPS + many(GROUP + GROUP_END) + GROUP_END * DEEP_GROUPS,
    "digests": of(b"\x52", many(b"\x12\x01d")),
    "sub-messages": of(b"\xba\x01", many(b"\x0a\x00")),
    "envelopes": of(b"\x5a", many(b"\x12\x03\x0a\x01e")),
    "texts": of(b"\xba\x01", many(b"\x0a\x02\x12\x00")),
    "one text": of(b"\xb2\x01", of(b"\x0a", many("\u20ac".encode()))),
    "a group in a sub-message": of(b"\x72", GROUP + many(b"\x08\x01") + GROUP_END),
    "a policy in a policy": private_data(46) * 20,
}
DENSE = {name: enveloped(payload) for name, payload in PAYLOADS.items()} | {
    "payloads": many(b"\x0a\x00"),
    "signatures": many(b"\x12\x00"),
    "secret envelopes": many(b"\x1a\x00"),
    "unknown fields around": many(b"\x20\x00"),
    "groups around": many(GROUP + GROUP_END),
    "one group around": GROUP + many(b"\x08\x01") + GROUP_END,
}
REFUSED = {
    "an endless group": enveloped(GROUP + many(b"\x08\x01")),
    "a sub-message's endless group": enveloped(of(b"\x72", GROUP) + many(b"\x08\x01")),
    "sub-messages that are longer than what they are in": enveloped(
        b"\xca\x01\x02\x0a\xc8\x01\x32\xac\x02\x0a\x88\x27" + many(b"\x0a\x00")
    ),
    "a bad end": enveloped(of(b"\xba\x01", many(b"\x0a\x00") + b"\x07")),
    "a bad end around": many(b"\x20\x00") + b"\x07",
    "a bad end of a group": enveloped(GROUP + many(b"\x08\x01") + b"\x07" + GROUP_END),
    "bad text": enveloped(of(b"\xb2\x01", of(b"\x0a", many(b"text") + b"\xff"))),
}

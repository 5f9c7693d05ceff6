"""JSON: protobuf's mapping, as Fabric and Google's protobuf write it."""

import pytest
from gossip_protos.common import SignaturePolicy

from gossip.messages import GossipMessage
from gossip.wire.codec import decode
from gossip.wire.schema import Schema, schema_of
from gossip.wire.to_json import to_json
from tests.support.google import google_class, google_json
from tests.support.vectors import Record, load_vectors, names_of

MESSAGES = load_vectors("messages.json")


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_json_is_fabric_s(record: Record) -> None:
    assert to_json(decode(GossipMessage, bytes.fromhex(record["wire_hex"]))) == record["message_json"]


@pytest.mark.parametrize(
    "data",
    [
        "1809",
        "18ffffffffffffffffff01",
        "ba0100",
        "c20100",
        "7a04 22020102",
        "b20100",
        "08ffffffffffffffffff01",
        "d2010161",
    ],
)
def test_json_is_google_s(data: str) -> None:
    encoded = bytes.fromhex(data)

    assert to_json(decode(GossipMessage, encoded)) == google_json("gossip.GossipMessage", encoded)


def test_an_integer_of_32_bits_is_a_number_also_when_zero_and_set() -> None:
    assert to_json(decode(SignaturePolicy, b"\x08\x00")) == {"signed_by": 0}


def one_of_everything(schema: Schema, depth: int) -> bytes:
    """A message with each field set once, where its oneofs allow it."""
    encoded = b""
    for field in schema.fields.values():
        if field.child is not None:
            inner = one_of_everything(field.child, depth - 1) if depth else b""
            encoded += field.prefix + bytes((len(inner) & 0x7F | 0x80, len(inner) >> 7)) + inner
        else:
            encoded += field.prefix + (b"\x01a" if field.prefix[-1] & 7 == 2 or len(field.prefix) == 2 else b"\x01")
    return encoded


@pytest.mark.parametrize("member", schema_of(GossipMessage).members)
def test_every_field_has_the_proto_s_name(member: str) -> None:
    field = schema_of(GossipMessage).members[member]
    assert field.child is not None
    inner = one_of_everything(field.child, 12)
    encoded = field.prefix + bytes((len(inner) & 0x7F | 0x80, len(inner) >> 7)) + inner

    assert to_json(decode(GossipMessage, encoded)) == google_json("gossip.GossipMessage", encoded)
    assert google_class("gossip.GossipMessage").FromString(encoded).WhichOneof("content") is not None

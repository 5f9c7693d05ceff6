"""Envelopes, as Fabric wrote them, as real peers sent them, and malformed."""

from base64 import b64decode

import pytest

from gossip.errors import MalformedMessageError
from gossip.messages import DataMessage, Envelope, GossipMessage, Payload, SecretEnvelope
from gossip.wire.codec import decode, encode
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.kinds import MessageKind, kind_of
from gossip.wire.to_json import to_json
from tests.support.vectors import Record, load_vectors, names_of

MESSAGES = load_vectors("messages.json")
MALFORMED = [record for record in load_vectors("malformed.json") if record["level"] == "envelope"]
CAPTURED = load_vectors("captures/org1-peer2.jsonl")


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_fabric_s_envelopes(record: Record) -> None:
    frame = b64decode(record["envelope_b64"])

    signed = parse_envelope(frame)

    assert signed.payload.hex() == record["wire_hex"]
    assert signed.envelope is frame
    assert signed.is_signed == record["is_signed"]
    assert to_json(signed.message) == record["message_json"]
    assert signed.kind is kind_of(signed.message)
    assert (signed.nonce, signed.channel, signed.tag) == (
        signed.message.nonce,
        signed.message.channel,
        signed.message.tag,
    )
    assert encode_envelope(signed.payload, signed.signature, signed.secret_envelope) == frame


@pytest.mark.parametrize("record", MALFORMED, ids=names_of(MALFORMED))
def test_verdict_is_fabric_s(record: Record) -> None:
    frame = bytes.fromhex(record["hex"])
    verdict = record["go"]
    if not verdict["ok"]:
        with pytest.raises(MalformedMessageError) as refused:
            parse_envelope(frame)
        blamed = refused.value.field.partition(".")[0]
        assert blamed == {"envelope": "Envelope", "payload": "GossipMessage"}[verdict["stage"]]
        return
    signed = parse_envelope(frame)
    assert to_json(decode(Envelope, frame)) == verdict["envelope_json"]
    assert to_json(signed.message) == verdict["message_json"]
    assert signed.envelope is frame


@pytest.mark.parametrize("record", CAPTURED, ids=[f"{record['stream']}-{record['t']}" for record in CAPTURED])
def test_what_real_peers_sent(record: Record) -> None:
    frame = b64decode(record["envelope_b64"])

    signed = parse_envelope(frame)

    assert signed.kind.field_name == record["kind"]
    assert encode(decode(GossipMessage, signed.payload)) == signed.payload
    assert encode_envelope(signed.payload, signed.signature, signed.secret_envelope) == frame


def test_a_secret_envelope_of_another_wire_type_is_unknown() -> None:
    frame = encode_envelope(b"\x18\x01", b"signature") + b"\x18\x05"

    signed = parse_envelope(frame)

    assert signed.secret_envelope is None
    assert encode(decode(Envelope, frame)) == frame


def test_an_empty_secret_envelope_is_one() -> None:
    frame = encode_envelope(b"\x18\x01", b"signature", SecretEnvelope())

    secret = parse_envelope(frame).secret_envelope

    assert frame.endswith(b"\x1a\x00")
    assert secret is not None
    assert (secret.payload, secret.signature) == (b"", b"")


@pytest.mark.parametrize("field", [b"\x12", b"\x1a", b"\x22"], ids=["signature", "secret envelope", "unknown"])
def test_without_a_payload_nothing_else_is_taken_for_it(field: bytes) -> None:
    message = encode(GossipMessage(nonce=7))

    signed = parse_envelope(field + bytes((len(message),)) + message)

    assert (signed.payload, signed.nonce, signed.kind) == (b"", 0, MessageKind.NONE)


def test_the_later_payload_and_signature_count() -> None:
    frame = encode_envelope(b"\x08\x01", b"old") + encode_envelope(b"\x08\x02", b"new")

    signed = parse_envelope(frame)

    assert (signed.nonce, signed.signature, signed.envelope) == (2, b"new", frame)


def test_offsets_in_the_payload_count_from_its_start() -> None:
    with pytest.raises(MalformedMessageError) as refused:
        parse_envelope(encode_envelope(b"\x08\x01\x72\x02\x0a\x05", b"signature"))

    assert (refused.value.offset, refused.value.field) == (5, "GossipMessage.conn.pki_id")


@pytest.mark.parametrize("length", [0, 1, 127, 128, *range(16_364, 16_385), 70_000])
def test_lengths_of_every_size(length: int) -> None:
    """Those of what the values are in, too, of which one after the other becomes 16384, which is 80 80 01."""
    for message in (
        GossipMessage(channel=b"c" * length),
        GossipMessage(data_msg=DataMessage(payload=Payload(data=b"d" * length))),
    ):
        payload = encode(message)

        signed = parse_envelope(encode_envelope(payload, b"s" * length))

        assert signed.channel == message.channel
        assert signed.signature == b"s" * length
        assert signed.payload == payload
        assert signed.message == decode(GossipMessage, payload) == message

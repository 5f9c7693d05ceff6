"""Signed messages: what is signed, what is checked, and what another nonce changes."""

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from gossip_protos.common import SignaturePolicy, SignaturePolicyEnvelope, SignaturePolicyNOutOf
from gossip_protos.protos import (
    CollectionConfig,
    CollectionConfigPackage,
    CollectionPolicyConfig,
    StaticCollectionConfig,
)

from gossip.errors import InvalidMessageError, SignatureError
from gossip.messages import (
    AliveMessage,
    ConnEstablish,
    DataMessage,
    GossipMessage,
    GossipMessageTag,
    Payload,
    PrivateDataMessage,
    PrivatePayload,
    Secret,
    SecretEnvelope,
)
from gossip.wire.codec import decode, encode
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import check_signature, internal_endpoint, noop_sign, sign_message, sign_secret, with_nonce
from tests.support.vectors import Record, load_vectors, names_of

MESSAGES = load_vectors("messages.json")
BLOCK = GossipMessage(
    nonce=3,
    channel=b"ch",
    tag=GossipMessageTag(4),
    data_msg=DataMessage(payload=Payload(seq_num=7, data=b"block bytes")),
)


class Signer:
    """Signs with a prefix, and remembers what it verified."""

    def __init__(self) -> None:
        self.verified: list[bytes] = []

    def sign(self, payload: bytes) -> bytes:
        return b"signed:" + payload

    def verify(self, signature: bytes, payload: bytes) -> None:
        if signature != self.sign(payload):
            raise SignatureError("does not hold")
        self.verified.append(payload)


def test_signing_covers_exactly_the_payload() -> None:
    signed = sign_message(BLOCK, Signer().sign)

    assert signed.payload == encode(BLOCK)
    assert signed.signature == b"signed:" + signed.payload
    assert (signed.kind, signed.nonce, signed.channel, signed.tag) == (MessageKind.DATA_MSG, 3, b"ch", 4)
    assert signed.envelope == encode_envelope(signed.payload, signed.signature)
    assert signed.envelope is signed.envelope


def test_later_changes_of_the_object_do_not_reach_the_signed_message() -> None:
    message = GossipMessage(nonce=1, conn=ConnEstablish(pki_id=b"me"))
    signed = sign_message(message, Signer().sign)

    message.nonce = 2
    message.conn.pki_id = b"somebody else"

    assert signed.message.nonce == signed.nonce == 1
    assert signed.message.conn.pki_id == b"me"


def test_signed_messages_do_not_change() -> None:
    signed = noop_sign(BLOCK)

    with pytest.raises(AttributeError):
        signed.payload = b""  # type: ignore[misc]  # the point


def test_the_message_is_built_once() -> None:
    signed = parse_envelope(noop_sign(BLOCK).envelope)

    assert signed.message is signed.message


def test_noop_signing_leaves_the_signature_out() -> None:
    signed = noop_sign(BLOCK)

    assert not signed.is_signed
    assert signed.envelope == b"\x0a" + bytes((len(signed.payload),)) + signed.payload


@pytest.mark.parametrize(("payload", "signature", "is_signed"), [(b"\x08\x01", b"s", True), (b"", b"s", False)])
def test_a_signature_over_nothing_is_none(payload: bytes, signature: bytes, is_signed: bool) -> None:
    assert parse_envelope(encode_envelope(payload, signature)).is_signed is is_signed


def test_payload_and_then_secret_envelope_are_checked() -> None:
    signer = Signer()
    alive = sign_message(GossipMessage(alive_msg=AliveMessage()), signer.sign)
    signed = sign_secret(alive, Secret(internal_endpoint="peer0:7051"), signer.sign)

    check_signature(parse_envelope(signed.envelope), signer.verify)

    assert signer.verified == [alive.payload, encode(Secret(internal_endpoint="peer0:7051"))]
    assert internal_endpoint(signed) == "peer0:7051"
    assert signed.signature == alive.signature
    assert alive.secret_envelope is None


def test_a_secret_replaces_the_one_before() -> None:
    signer = Signer()
    once = sign_secret(noop_sign(BLOCK), Secret(internal_endpoint="old"), signer.sign)

    assert internal_endpoint(sign_secret(once, Secret(internal_endpoint="new"), signer.sign)) == "new"
    assert internal_endpoint(once) == "old"


@pytest.mark.parametrize(
    ("payload", "signature", "secret", "text"),
    [
        (b"\x08\x01", b"forged", None, "does not hold"),
        (b"\x08\x01", b"", None, "Empty signature on the message"),
        (b"", b"signed:", None, "Empty payload in the message"),
        (b"\x08\x01", b"signed:\x08\x01", SecretEnvelope(payload=b"s"), "Empty signature on the secret envelope"),
        (b"\x08\x01", b"signed:\x08\x01", SecretEnvelope(), "Empty payload in the secret envelope"),
        (b"\x08\x01", b"signed:\x08\x01", SecretEnvelope(payload=b"s", signature=b"forged"), "does not hold"),
    ],
)
def test_what_is_missing_or_forged_is_refused(
    payload: bytes, signature: bytes, secret: SecretEnvelope | None, text: str
) -> None:
    signed = parse_envelope(encode_envelope(payload, signature, secret))

    with pytest.raises(SignatureError, match=text):
        check_signature(signed, Signer().verify)


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 2**32, 2**64 - 1])
@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_another_nonce_gives_the_bytes_that_encoding_gives(record: Record, nonce: int) -> None:
    wire = bytes.fromhex(record["wire_hex"])
    expected = decode(GossipMessage, wire)
    expected.nonce = nonce

    for signed in (parse_envelope(b64decode(record["envelope_b64"])), noop_sign(decode(GossipMessage, wire))):
        changed = with_nonce(signed, nonce)

        assert changed.envelope == encode_envelope(encode(expected), b"")
        assert changed.nonce == changed.message.nonce == nonce
        assert (changed.kind, changed.channel, changed.tag) == (signed.kind, signed.channel, signed.tag)
        assert changed.content == parse_envelope(changed.envelope).content
        assert signed.payload == wire


def test_another_nonce_keeps_unknown_fields_and_goes_in_front_of_what_came_in_another_order() -> None:
    received = parse_envelope(encode_envelope(bytes.fromhex("d20101aa 6a00 08 8100 1001"), b"signature"))

    assert with_nonce(received, 2).payload == bytes.fromhex("0802 6a00 d20101aa 1001")


@pytest.mark.parametrize("nonce", [-1, 2**64])
def test_a_nonce_out_of_range_is_refused(nonce: int) -> None:
    with pytest.raises(InvalidMessageError, match=r"GossipMessage\.nonce"):
        with_nonce(noop_sign(BLOCK), nonce)


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_internal_endpoint_is_fabric_s(record: Record) -> None:
    assert internal_endpoint(parse_envelope(b64decode(record["envelope_b64"]))) == record["internal_endpoint"]


@pytest.mark.parametrize("payload", [b"", b"\x0a\x05ab", b"\x0a\x01\xff", b"\x10\x01"])
def test_an_unreadable_secret_tells_no_endpoint(payload: bytes) -> None:
    signed = parse_envelope(encode_envelope(b"\x08\x01", b"s", SecretEnvelope(payload=payload, signature=b"s")))

    assert internal_endpoint(signed) == ""


def test_repr_shows_no_payload() -> None:
    assert repr(noop_sign(BLOCK)) == "SignedMessage(DATA_MSG, nonce=3, payload=27 bytes, signature=0 bytes)"


@pytest.mark.parametrize("sign", [noop_sign, lambda message: sign_message(message, lambda payload: payload)])
def test_nothing_but_a_gossip_message_is_signed(sign: Callable[[Any], Any]) -> None:
    """Its bytes might be read as one all the same: a payload's number as a nonce, its data as a channel."""
    with pytest.raises(InvalidMessageError, match="cannot encode GossipMessage: Payload is no GossipMessage"):
        sign(Payload(seq_num=1, data=b"x"))


def test_messages_of_the_same_bytes_are_equal() -> None:
    one, same, other = noop_sign(BLOCK), parse_envelope(noop_sign(BLOCK).envelope), noop_sign(GossipMessage())
    assert one == same != other
    assert len({one, same, other}) == 2
    assert one != one.envelope


def test_what_no_peer_would_take_is_not_signed() -> None:
    rule = SignaturePolicy(signed_by=1)
    for _ in range(47):
        rule = SignaturePolicy(n_out_of=SignaturePolicyNOutOf(rules=[rule]))
    policy = CollectionPolicyConfig(signature_policy=SignaturePolicyEnvelope(rule=rule))
    collection = CollectionConfig(static_collection_config=StaticCollectionConfig(member_orgs_policy=policy))
    config = CollectionConfigPackage(config=[collection])
    message = GossipMessage(private_data=PrivateDataMessage(payload=PrivatePayload(collection_configs=config)))
    assert encode(message)
    with pytest.raises(InvalidMessageError, match=r"^cannot encode GossipMessage: .* nested deeper than 100$"):
        noop_sign(message)

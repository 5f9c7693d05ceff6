"""Acknowledgements, read and written by hand, must be what the codec would read and write."""

from typing import Any

import pytest

from gossip.errors import InvalidMessageError, UnexpectedMessageError
from gossip.messages import Acknowledgement, Empty, GossipMessage
from gossip.wire.acks import encode_ack, find_positive_ack, parse_ack
from gossip.wire.codec import encode
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.signed import noop_sign

MAX_ACK_BYTES = 64 * 1024
MAX_UNUSUAL_ACK_BYTES = 2048


@pytest.mark.parametrize("nonce", [0, 1, 127, 128, 16_384, 2**63, 2**64 - 1])
@pytest.mark.parametrize("error", ["", "no", "x" * 125, "x" * 126, "x" * 127, "x" * 128, "x" * 20_000, "漢字 ß"])
def test_ack_is_what_the_codec_writes_and_is_read_again(nonce: int, error: str) -> None:
    frame = encode_ack(nonce, error)

    assert frame == noop_sign(GossipMessage(nonce=nonce, ack=Acknowledgement(error=error))).envelope
    received = parse_envelope(frame)
    assert parse_ack(received) == received.message.ack.error == error
    assert (received.nonce, received.is_signed, received.tag) == (nonce, False, 0)


@pytest.mark.parametrize("nonce", [1, 127, 128, 2**32, 2**56 - 1, 2**56, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_positive_ack_is_known_by_its_bytes(nonce: int) -> None:
    frame = encode_ack(nonce)

    assert find_positive_ack(frame) == parse_envelope(frame).nonce == nonce


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "b20100",
        "0a03b20100",  # nonce 0
        "0a05 0807 b20100 00",  # a byte too many
        "0a06 0807 b20100",  # a byte too few
        "0a05 1007 b20100",  # another field
        "1205 0807 b20100",  # a signature
        "0a06 088707 b20101",  # content of an ack
        "0a07 080788 01b20100",  # the nonce ends too early
        "0a0d 08ffffffffffffffffff02 b20100",  # a nonce of more than 64 bits
        "0a0d 08b2b2b2b2b2b2b2b2b2b2 b20100",  # a nonce without end
        "0a07 0807 1001 b20100",  # with a tag
    ],
)
def test_what_is_not_just_a_positive_ack_has_to_be_parsed(frame: str) -> None:
    assert find_positive_ack(bytes.fromhex(frame)) is None


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("b201040a02 6e6f 0801", "no"),
        ("b201040a02 6e6f b201040a02 6f6b", "ok"),
        ("b201040a02 6e6f b20100", "no"),
        ("b201050a8200 6e6f", "no"),
        ("b20106 0a016e 0a016f", "o"),
        ("b201031a0161", ""),
    ],
)
def test_unusual_acks_are_read_like_any_message(payload: str, error: str) -> None:
    received = parse_envelope(encode_envelope(bytes.fromhex(payload), b""))

    assert parse_ack(received) == received.message.ack.error == error


def test_a_refusal_that_is_too_long_is_not_read() -> None:
    longest = "e" * (MAX_ACK_BYTES - 11)

    assert parse_ack(parse_envelope(encode_ack(5, longest))) == longest
    refusal = parse_ack(parse_envelope(encode_ack(5, longest + "e")))
    assert refusal == "an acknowledgement of 65537 bytes, which is not read"


def test_neither_is_one_of_many_fields() -> None:
    count = (MAX_UNUSUAL_ACK_BYTES - 2) // 3
    longest = b"\x08\x05" + b"\xb2\x01\x00" * count

    assert parse_ack(parse_envelope(encode_envelope(longest, b""))) == ""
    refusal = parse_ack(parse_envelope(encode_envelope(longest + b"\xb2\x01\x00", b"")))
    assert refusal == "an acknowledgement of 2051 bytes, which is not read"


def test_another_message_is_no_ack() -> None:
    with pytest.raises(UnexpectedMessageError, match="expected an acknowledgement, got EMPTY"):
        parse_ack(parse_envelope(encode_envelope(encode(GossipMessage(empty=Empty())), b"")))


@pytest.mark.parametrize(
    ("nonce", "error", "field"),
    [
        (-1, "", "GossipMessage.nonce"),
        (2**64, "", "GossipMessage.nonce"),
        (1, "\udc80", "GossipMessage.ack.error"),
        (1, b"bytes", "GossipMessage.ack.error"),
    ],
)
def test_what_cannot_be_encoded_is_named(nonce: int, error: Any, field: str) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        encode_ack(nonce, error)

    assert refused.value.field == field

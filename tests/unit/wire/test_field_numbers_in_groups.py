"""Go takes larger field numbers where it skips an unknown group, a departure in docs/parity.md; nobody takes 0."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.messages import GossipMessage
from gossip.wire.codec import decode, encode
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope

BEGIN, END = b"\xa3\x06", b"\xa4\x06"


def test_largest_field_number_in_an_unknown_group() -> None:
    group = BEGIN + b"\xf8\xff\xff\xff\x0f\x01" + END

    assert encode(decode(GossipMessage, group)) == group


def test_larger_field_numbers_are_refused_in_an_unknown_group_too() -> None:
    for number in (b"\x80\x80\x80\x80\x10", b"\xf8\xff\xff\xff\x3f"):
        with pytest.raises(MalformedMessageError, match="field number above"):
            decode(GossipMessage, BEGIN + number + b"\x01" + END)


@pytest.mark.parametrize("data", [b"\x03\x04", BEGIN + b"\x03\x04" + END], ids=["outermost", "in a group"])
def test_a_group_with_field_number_0_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessageError, match="field number 0"):
        decode(GossipMessage, data)
    with pytest.raises(MalformedMessageError, match="field number 0"):
        parse_envelope(encode_envelope(data, b""))

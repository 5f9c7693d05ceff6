"""A departure, named in docs/parity.md: Go takes larger field numbers where it skips an unknown group."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.messages import GossipMessage
from gossip.wire.codec import decode, encode

BEGIN, END = b"\xa3\x06", b"\xa4\x06"


def test_largest_field_number_in_an_unknown_group() -> None:
    group = BEGIN + b"\xf8\xff\xff\xff\x0f\x01" + END

    assert encode(decode(GossipMessage, group)) == group


def test_larger_field_numbers_are_refused_in_an_unknown_group_too() -> None:
    for number in (b"\x80\x80\x80\x80\x10", b"\xf8\xff\xff\xff\x3f"):
        with pytest.raises(MalformedMessageError, match="field number above"):
            decode(GossipMessage, BEGIN + number + b"\x01" + END)

"""Fields read as betterproto reads them, to the letter."""

import betterproto
import pytest

from gossip.messages import DataMessage, Empty, GossipMessage, Payload, Properties, StateInfo
from gossip.wire.attributes import MADE_BY_READING
from gossip.wire.codec import encode
from gossip.wire.values import values_of

betterproto_reads = betterproto.Message.__getattribute__


def test_the_set_member_of_a_oneof_is_read_and_the_others_are_refused_in_betterproto_s_words() -> None:
    message = GossipMessage(nonce=7, empty=Empty())
    assert message.empty == Empty()
    with pytest.raises(AttributeError) as ours:
        _ = message.data_msg
    with pytest.raises(AttributeError) as theirs:
        betterproto_reads(message, "data_msg")
    assert str(ours.value) == str(theirs.value) == "'content' is set to 'empty', not 'data_msg'"


def test_of_two_members_that_were_given_only_the_last_can_be_read() -> None:
    message = GossipMessage(data_msg=DataMessage(), empty=Empty())
    ((_, current),) = betterproto_reads(message, "_group_current").items()
    lost = {"data_msg", "empty"} - {current}
    assert len(lost) == 1
    with pytest.raises(AttributeError, match=f"is set to '{current}'"):
        getattr(message, lost.pop())


def test_unset_fields_are_their_defaults_and_say_that_reading_made_them() -> None:
    message = StateInfo()
    assert (message.pki_id, message.properties) == (b"", Properties())
    assert values_of(message.properties)[MADE_BY_READING] is True
    assert encode(message) == b""
    message.properties.ledger_height = 3
    assert encode(message) == bytes.fromhex("2a020803")


def test_what_is_not_given_by_position_is_not_set() -> None:
    message = GossipMessage(7)
    assert (message.nonce, message.channel, message.is_set("data_msg")) == (7, b"", False)
    with pytest.raises(AttributeError, match="'content' is set to None, not 'data_msg'"):
        _ = message.data_msg
    assert encode(message) == b"\x08\x07"


def test_a_field_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match="'Payload' object has no attribute 'dta'"):
        _ = Payload().dta  # type: ignore[attr-defined]  # that is the point

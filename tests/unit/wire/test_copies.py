"""Copies of messages read the same and encode the same, whichever way they are made."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from gossip.messages import (
    AliveMessage,
    DataMessage,
    GossipMessage,
    GossipMessageTag,
    Member,
    Payload,
    PeerTime,
)
from gossip.wire.codec import decode, encode


def through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


WAYS = pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, through_pickle])


def read_but_not_set() -> GossipMessage:
    message = GossipMessage(alive_msg=AliveMessage(membership=Member(endpoint="a")))
    assert not message.alive_msg.timestamp.seq_num
    return message


def set_but_empty() -> GossipMessage:
    return GossipMessage(alive_msg=AliveMessage(membership=Member(), timestamp=PeerTime()))


def with_unknown_fields() -> GossipMessage:
    return decode(GossipMessage, bytes.fromhex("d2018000 72 0b d20102 6162 0a0470656572"))


def with_a_tag_that_has_no_name() -> GossipMessage:
    return GossipMessage(tag=GossipMessageTag.try_value(77))


@WAYS
@pytest.mark.parametrize("make", [read_but_not_set, set_but_empty, with_unknown_fields, with_a_tag_that_has_no_name])
def test_a_copy_encodes_the_same(make: Callable[[], GossipMessage], again: Callable[[Any], Any]) -> None:
    message = make()
    copied = again(message)
    assert copied == message
    assert encode(copied).hex() == encode(message).hex()


@WAYS
def test_a_copy_reads_the_same(again: Callable[[Any], Any]) -> None:
    message = decode(GossipMessage, encode(GossipMessage(data_msg=DataMessage(payload=Payload(seq_num=3, data=b"x")))))
    copied = again(message)
    assert copied.data_msg.payload.seq_num == 3
    with pytest.raises(AttributeError, match="is set to 'data_msg', not 'empty'"):
        _ = copied.empty


@WAYS
def test_a_copy_takes_another_content_without_the_first_one_s_knowing(again: Callable[[Any], Any]) -> None:
    message = set_but_empty()
    copied = again(message)
    copied.data_msg = DataMessage()
    assert message.alive_msg.membership == Member()
    assert encode(copied).hex() == "4200"


def test_only_a_deep_copy_has_contents_of_its_own() -> None:
    message = set_but_empty()
    deep, shallow = copy.deepcopy(message), copy.copy(message)
    message.alive_msg.membership.endpoint = "a"
    assert (deep.alive_msg.membership.endpoint, shallow.alive_msg.membership.endpoint) == ("", "a")


@WAYS
def test_enums_stay_what_they_are(again: Callable[[Any], Any]) -> None:
    assert again(GossipMessageTag.CHAN_ONLY) is GossipMessageTag.CHAN_ONLY

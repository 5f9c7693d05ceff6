"""A message that would become too many objects is refused before it is one."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.messages import DataUpdate, Envelope, GossipMessage, MembershipRequest, RemoteStateResponse, StateInfo
from gossip.wire.envelope import parse_envelope
from gossip.wire.parts import MAX_PARTS, check_parts
from gossip.wire.signed import noop_sign


def check(message: GossipMessage) -> None:
    check_parts(parse_envelope(noop_sign(message).envelope))


def update(count: int) -> GossipMessage:
    """So many envelopes, each of some bytes, so that it is long enough to be looked at."""
    return GossipMessage(data_update=DataUpdate(data=[Envelope(payload=b"x")] * count))


def test_as_many_parts_as_are_allowed_pass() -> None:
    check(update(MAX_PARTS - 1))  # the content is one, too


def test_one_part_more_is_refused_and_named() -> None:
    with pytest.raises(MalformedMessageError, match=r"malformed DataUpdate at byte .*: more than 100000 parts"):
        check(update(MAX_PARTS))


def test_repeated_bytes_are_parts() -> None:
    with pytest.raises(MalformedMessageError, match=r"malformed MembershipRequest at byte .*: more than 100000 parts"):
        check(GossipMessage(mem_req=MembershipRequest(known=[b"x"] * MAX_PARTS)))


def test_a_long_message_of_few_parts_passes() -> None:
    check(GossipMessage(nonce=1, state_info=StateInfo(pki_id=bytes(1_000_000), channel_mac=b"x")))
    check(GossipMessage(state_response=RemoteStateResponse(payloads=[])))


def test_unknown_fields_are_no_parts() -> None:
    unknown = b"\xfa\x7f\x00" * MAX_PARTS
    payload = noop_sign(update(1)).payload + unknown
    envelope = b"\x0a" + _varint(len(payload)) + payload
    check_parts(parse_envelope(envelope))


def _varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14])

"""Messages as Fabric's own log has them."""

from base64 import b64decode

import pytest

from gossip.messages import (
    AliveMessage,
    DataDigest,
    DataRequest,
    DataUpdate,
    Empty,
    Envelope,
    GossipMessage,
    GossipMessageTag,
    Member,
    MembershipRequest,
    PullMsgType,
    Secret,
    StateInfo,
)
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.fabric_text import fabric_text, proto_text
from gossip.wire.signed import noop_sign
from tests.support.vectors import Record, load_vectors, names_of

MAX_NESTED = 10
MESSAGES = load_vectors("messages.json")


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_fabrics_words(record: Record) -> None:
    said = record["string"]
    expected = said["text"].encode() if "text" in said else b64decode(said["text_b64"])
    assert fabric_text(parse_envelope(b64decode(record["envelope_b64"]))) == expected


def nested(levels: int) -> GossipMessage:
    """Membership requests in each other."""
    message = GossipMessage(alive_msg=AliveMessage(membership=Member(endpoint="here")))
    for _ in range(levels):
        envelope = Envelope(payload=noop_sign(message).payload)
        message = GossipMessage(mem_req=MembershipRequest(self_information=envelope))
    return message


@pytest.mark.parametrize(("levels", "ends"), [(MAX_NESTED - 1, True), (MAX_NESTED, False), (100, False)])
def test_requests_in_each_other_are_told_up_to_a_limit(levels: int, ends: bool) -> None:
    text = fabric_text(noop_sign(nested(levels)))
    assert (b"Endpoint:here" in text) is ends
    assert text.count(b"Membership Request with") == min(levels, MAX_NESTED)
    assert (b"information of ... ," in text) is not ends


UNUSUAL = [
    (GossipMessage(mem_req=MembershipRequest(self_information=Envelope(payload=b"\1\2\3"))), b"", b"tag: UNDEFINED , "),
    (GossipMessage(tag=GossipMessageTag.try_value(6), data_dig=DataDigest()), b"", b", tag:  data_dig: nonce: 0 , "),
    (GossipMessage(data_dig=DataDigest(digests=[b"ab"])), b"", b"Msg_type: UNDEFINED, digests: [], "),
    (GossipMessage(data_req=DataRequest(digests=[b"ab"], msg_type=PullMsgType.try_value(7))), b"", b"7, digests: [], "),
    (GossipMessage(data_update=DataUpdate(msg_type=PullMsgType.try_value(7))), b"", b"DataUpdate: Type: , items: 0"),
    (GossipMessage(empty=Empty()), bytes.fromhex("f80605"), b"GossipMessage: empty:<> 111:5 , "),
    (GossipMessage(empty=Empty()), bytes.fromhex("fb06080afd0601000000fc06"), b": empty:<> 111 { 1:10 111:1 } , "),
    (GossipMessage(empty=Empty()), bytes.fromhex("f9060200000000000000"), b": empty:<> 111:2 , "),
    (GossipMessage(empty=Empty()), bytes.fromhex("fa0605c3a4ff0a22"), ': empty:<> 111:"ä\\xff\\n\\"" , '.encode()),
    (GossipMessage(empty=Empty()), bytes.fromhex("fa0603001f7f"), b': empty:<> 111:"\\x00\\x1f\\x7f" , '),
]
"""Messages, unknown fields behind them, and what Fabric says."""


@pytest.mark.parametrize(("message", "unknown", "words"), UNUSUAL)
def test_what_fabric_says_of_the_unusual(message: GossipMessage, unknown: bytes, words: bytes) -> None:
    frame = encode_envelope(noop_sign(message).payload + unknown, b"")
    assert words in fabric_text(parse_envelope(frame))


def test_fields_have_the_names_that_the_protos_give_them() -> None:
    assert proto_text(StateInfo(channel_mac=b"x")) == b'channel_MAC:"x" '
    assert proto_text(Secret(internal_endpoint="here")) == b'internalEndpoint:"here" '

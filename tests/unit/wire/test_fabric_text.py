"""Messages as Fabric's own log has them."""

from base64 import b64decode

import pytest

from gossip.messages import AliveMessage, Envelope, GossipMessage, Member, MembershipRequest
from gossip.wire.envelope import parse_envelope
from gossip.wire.fabric_text import MAX_NESTED, fabric_text
from gossip.wire.signed import noop_sign
from tests.support.vectors import Record, load_vectors, names_of

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


def test_what_is_no_message_is_told_by_its_fault() -> None:
    request = GossipMessage(mem_req=MembershipRequest(self_information=Envelope(payload=b"\x08")))
    assert b"tag: UNDEFINED malformed GossipMessage" in fabric_text(noop_sign(request))

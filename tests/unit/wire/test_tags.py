"""Tags against content: Fabric's verdict on every combination."""

import pytest

from gossip.messages import GossipMessage
from gossip.wire.codec import decode
from gossip.wire.tags import find_tag_fault, is_channel_restricted, is_org_restricted
from tests.support.vectors import Record, load_vectors

TAGS = load_vectors("tags.json")


@pytest.mark.parametrize("record", TAGS, ids=[f"{r['type']}-{r['pull_msg_type']}-{r['tag_name']}" for r in TAGS])
def test_verdict_is_fabric_s(record: Record) -> None:
    message = decode(GossipMessage, bytes.fromhex(record["wire_hex"]))
    verdict = record["is_tag_legal"]

    fault = find_tag_fault(message)

    assert (fault is None) == verdict["ok"]
    if fault is not None:
        # Fabric prints the whole message after "Unknown message type"; here that is the kind alone.
        assert fault.partition(":")[0] == verdict["error"].partition(":")[0]
        if not fault.startswith("Unknown message type"):
            assert fault == verdict["error"]
    assert is_channel_restricted(message.tag) == record["is_channel_restricted"]
    assert is_org_restricted(message.tag) == record["is_org_restricted"]


def test_a_pull_message_type_without_a_name_is_shown_by_number() -> None:
    message = decode(GossipMessage, bytes.fromhex("1801 4a02 1809"))

    assert find_tag_fault(message) == "Invalid PullMsgType: 9"


def test_a_message_of_no_content_has_no_legal_tag() -> None:
    assert find_tag_fault(decode(GossipMessage, bytes.fromhex("1801"))) == "Unknown message type: NONE"

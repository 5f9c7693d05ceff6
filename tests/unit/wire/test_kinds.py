"""Kinds, and Fabric's questions about them."""

import pytest

from gossip.messages import GossipMessage
from gossip.wire import kinds
from gossip.wire.codec import decode
from gossip.wire.kinds import MessageKind, kind_of, pull_msg_type
from gossip.wire.schema import schema_of
from gossip.wire.tags import is_channel_restricted, is_org_restricted
from tests.support.vectors import Record, load_vectors, names_of

MESSAGES = load_vectors("messages.json")
PREDICATES = {
    "IsAliveMsg": kinds.is_alive_msg,
    "IsDataMsg": kinds.is_data_msg,
    "IsHelloMsg": kinds.is_hello_msg,
    "IsDigestMsg": kinds.is_digest_msg,
    "IsDataReq": kinds.is_data_req,
    "IsDataUpdate": kinds.is_data_update,
    "IsPullMsg": kinds.is_pull_msg,
    "IsStateInfoMsg": kinds.is_state_info_msg,
    "IsStateInfoSnapshot": kinds.is_state_info_snapshot,
    "IsStateInfoPullRequestMsg": kinds.is_state_info_pull_request_msg,
    "IsRemoteStateMessage": kinds.is_remote_state_message,
    "IsLeadershipMsg": kinds.is_leadership_msg,
    "IsIdentityMsg": kinds.is_identity_msg,
    "IsAck": kinds.is_ack,
    "IsPrivateDataMsg": kinds.is_private_data_msg,
}


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_predicates_are_fabric_s(record: Record) -> None:
    message = decode(GossipMessage, bytes.fromhex(record["wire_hex"]))
    kind = kind_of(message)

    held = {name for name, predicate in PREDICATES.items() if predicate(kind)}
    if is_channel_restricted(message.tag):
        held.add("IsChannelRestricted")
    if is_org_restricted(message.tag):
        held.add("IsOrgRestricted")

    assert sorted(held) == record["predicates_true"]
    assert pull_msg_type(message).name == record["pull_msg_type"]


def test_there_is_a_kind_for_every_content() -> None:
    members = schema_of(GossipMessage).members

    assert {kind.field_name for kind in MessageKind} - {"none"} == members.keys()
    assert {int(kind) for kind in MessageKind} - {0} == {key >> 3 for key in schema_of(GossipMessage).fields} - {
        1,
        2,
        3,
    }

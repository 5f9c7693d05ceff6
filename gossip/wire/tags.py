"""How far a message may be passed on, and which tag fits which content.

Mirrors: gossip/protoext/message.go, ``IsTagLegal``, ``IsChannelRestricted`` and ``IsOrgRestricted``.
"""

from typing import Final

from gossip.checks import check_argument
from gossip.messages import GossipMessage, GossipMessageTag, PullMsg, Tag
from gossip.wire.kinds import MessageKind, is_pull_msg, kind_of, pull_msg_type

_WANTED: Final = {
    MessageKind.ALIVE_MSG: Tag.EMPTY,
    MessageKind.MEM_REQ: Tag.EMPTY,
    MessageKind.MEM_RES: Tag.EMPTY,
    MessageKind.DATA_MSG: Tag.CHAN_AND_ORG,
    MessageKind.STATE_INFO: Tag.CHAN_OR_ORG,
    MessageKind.STATE_SNAPSHOT: Tag.CHAN_OR_ORG,
    MessageKind.STATE_INFO_PULL_REQ: Tag.CHAN_OR_ORG,
    MessageKind.STATE_REQUEST: Tag.CHAN_OR_ORG,
    MessageKind.STATE_RESPONSE: Tag.CHAN_OR_ORG,
    MessageKind.LEADERSHIP_MSG: Tag.CHAN_AND_ORG,
    MessageKind.PEER_IDENTITY: Tag.ORG_ONLY,
}
_WANTED_OF_PULL: Final = {PullMsg.BLOCK_MSG: Tag.CHAN_AND_ORG, PullMsg.IDENTITY_MSG: Tag.EMPTY}


def find_tag_fault(message: GossipMessage) -> str | None:
    """Say why the message's tag does not fit its content; None when it does.

    Fabric has no rule for messages of the connection itself (conn, ack, empty) and for private data, so that no tag is
    legal there; it does not ask either.

    Raises:
        InvalidArgumentError: ``message`` is no GossipMessage.
    """
    kind = kind_of(message)
    if message.tag == Tag.UNDEFINED:
        return "Undefined tag"
    wanted = _WANTED.get(kind)
    if is_pull_msg(kind):
        pulled = pull_msg_type(message)
        wanted = _WANTED_OF_PULL.get(pulled)
        if wanted is None:
            return f"Invalid PullMsgType: {pulled.name or int(pulled)}"
    if wanted is None:
        return f"Unknown message type: {kind.name}"
    return None if message.tag == wanted else f"Tag should be {wanted.name}"


def is_channel_restricted(tag: GossipMessageTag) -> bool:
    """Only for members of the message's channel.

    Raises:
        InvalidArgumentError: ``tag`` is something else, such as the message.

    Mirrors: IsChannelRestricted.
    """
    check_argument("tag", tag, int)
    return tag in (Tag.CHAN_ONLY, Tag.CHAN_AND_ORG, Tag.CHAN_OR_ORG)


def is_org_restricted(tag: GossipMessageTag) -> bool:
    """Only for peers of the sender's organisation.

    Raises:
        InvalidArgumentError: ``tag`` is something else, such as the message.

    Mirrors: IsOrgRestricted.
    """
    check_argument("tag", tag, int)
    return tag in (Tag.ORG_ONLY, Tag.CHAN_AND_ORG)

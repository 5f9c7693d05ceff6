"""How far a message may be passed on, and which tag fits which content.

Mirrors: gossip/protoext/message.go, ``IsTagLegal``, ``IsChannelRestricted`` and ``IsOrgRestricted``.
"""

from typing import Final

from gossip.messages import GossipMessage, GossipMessageTag, PullMsgType
from gossip.wire.kinds import MessageKind, is_pull_msg, kind_of, pull_msg_type

_UNDEFINED: Final = GossipMessageTag(0)
_EMPTY: Final = GossipMessageTag(1)
_ORG_ONLY: Final = GossipMessageTag(2)
_CHAN_ONLY: Final = GossipMessageTag(3)
_CHAN_AND_ORG: Final = GossipMessageTag(4)
_CHAN_OR_ORG: Final = GossipMessageTag(5)

_WANTED: Final = {
    MessageKind.ALIVE_MSG: _EMPTY,
    MessageKind.MEM_REQ: _EMPTY,
    MessageKind.MEM_RES: _EMPTY,
    MessageKind.DATA_MSG: _CHAN_AND_ORG,
    MessageKind.STATE_INFO: _CHAN_OR_ORG,
    MessageKind.STATE_SNAPSHOT: _CHAN_OR_ORG,
    MessageKind.STATE_INFO_PULL_REQ: _CHAN_OR_ORG,
    MessageKind.STATE_REQUEST: _CHAN_OR_ORG,
    MessageKind.STATE_RESPONSE: _CHAN_OR_ORG,
    MessageKind.LEADERSHIP_MSG: _CHAN_AND_ORG,
    MessageKind.PEER_IDENTITY: _ORG_ONLY,
}
_WANTED_OF_PULL: Final = {PullMsgType(1): _CHAN_AND_ORG, PullMsgType(2): _EMPTY}


def find_tag_fault(message: GossipMessage) -> str | None:
    """Say why the message's tag does not fit its content; None when it does.

    Fabric has no rule for messages of the connection itself (conn, ack, empty) and for private data, so that no tag is
    legal there; it does not ask either.
    """
    if message.tag == _UNDEFINED:
        return "Undefined tag"
    kind = kind_of(message)
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
    """Only for members of the message's channel. Mirrors: IsChannelRestricted."""
    return tag in (_CHAN_ONLY, _CHAN_AND_ORG, _CHAN_OR_ORG)


def is_org_restricted(tag: GossipMessageTag) -> bool:
    """Only for peers of the sender's organisation. Mirrors: IsOrgRestricted."""
    return tag in (_ORG_ONLY, _CHAN_AND_ORG)

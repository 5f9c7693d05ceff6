"""What a message is about, and the questions that Fabric's code asks of it.

The ``is_…`` functions take the kind alone, as in ``signed.kind``, and raise InvalidArgumentError for a message.

Mirrors: gossip/protoext/message.go, the ``Is…`` functions and ``GetPullMsgType``.
"""

from enum import IntEnum

from gossip.checks import check_argument
from gossip.messages import GossipMessage, PullMsg, PullMsgType
from gossip.wire.values import values_of


class MessageKind(IntEnum):
    """Which content a GossipMessage has; the value is the number of its field."""

    NONE = 0
    ALIVE_MSG = 5
    MEM_REQ = 6
    MEM_RES = 7
    DATA_MSG = 8
    HELLO = 9
    DATA_DIG = 10
    DATA_REQ = 11
    DATA_UPDATE = 12
    EMPTY = 13
    CONN = 14
    STATE_INFO = 15
    STATE_SNAPSHOT = 16
    STATE_INFO_PULL_REQ = 17
    STATE_REQUEST = 18
    STATE_RESPONSE = 19
    LEADERSHIP_MSG = 20
    PEER_IDENTITY = 21
    ACK = 22
    PRIVATE_REQ = 23
    PRIVATE_RES = 24
    PRIVATE_DATA = 25

    @property
    def field_name(self) -> str:
        """The attribute of GossipMessage that holds this content."""
        return self.name.lower()


_PULL = frozenset({MessageKind.HELLO, MessageKind.DATA_DIG, MessageKind.DATA_REQ, MessageKind.DATA_UPDATE})
_REMOTE_STATE = frozenset({MessageKind.STATE_REQUEST, MessageKind.STATE_RESPONSE})
_PRIVATE_DATA = frozenset({MessageKind.PRIVATE_REQ, MessageKind.PRIVATE_RES, MessageKind.PRIVATE_DATA})
_BY_NAME = {kind.field_name: kind for kind in MessageKind}


def kind_of(message: GossipMessage) -> MessageKind:
    """The kind of a message that is at hand as an object; a `SignedMessage` knows its own.

    Raises:
        InvalidArgumentError: ``message`` is no GossipMessage.
    """
    check_argument("message", message, GossipMessage)
    current = values_of(message)["_group_current"]
    name = current["content"] if isinstance(current, dict) else None
    return MessageKind.NONE if name is None else _BY_NAME[name]


def pull_msg_type(message: GossipMessage) -> PullMsgType:
    """What a pull message pulls; UNDEFINED for every other message.

    Raises:
        InvalidArgumentError: ``message`` is no GossipMessage.

    Mirrors: GetPullMsgType.
    """
    kind = kind_of(message)
    if kind is MessageKind.HELLO:
        return message.hello.msg_type
    if kind is MessageKind.DATA_DIG:
        return message.data_dig.msg_type
    if kind is MessageKind.DATA_REQ:
        return message.data_req.msg_type
    if kind is MessageKind.DATA_UPDATE:
        return message.data_update.msg_type
    return PullMsg.UNDEFINED


def is_alive_msg(kind: MessageKind) -> bool:
    """Who is alive. Mirrors: IsAliveMsg."""
    return _is_one_of(kind, MessageKind.ALIVE_MSG)


def is_data_msg(kind: MessageKind) -> bool:
    """A block, pushed. Mirrors: IsDataMsg."""
    return _is_one_of(kind, MessageKind.DATA_MSG)


def is_hello_msg(kind: MessageKind) -> bool:
    """Pull, step one. Mirrors: IsHelloMsg."""
    return _is_one_of(kind, MessageKind.HELLO)


def is_digest_msg(kind: MessageKind) -> bool:
    """Pull, step two. Mirrors: IsDigestMsg."""
    return _is_one_of(kind, MessageKind.DATA_DIG)


def is_data_req(kind: MessageKind) -> bool:
    """Pull, step three. Mirrors: IsDataReq."""
    return _is_one_of(kind, MessageKind.DATA_REQ)


def is_data_update(kind: MessageKind) -> bool:
    """Pull, step four. Mirrors: IsDataUpdate."""
    return _is_one_of(kind, MessageKind.DATA_UPDATE)


def is_pull_msg(kind: MessageKind) -> bool:
    """Any step of a pull. Mirrors: IsPullMsg."""
    return _is_one_of(kind, *_PULL)


def is_state_info_msg(kind: MessageKind) -> bool:
    """What a peer's copy of a channel looks like. Mirrors: IsStateInfoMsg."""
    return _is_one_of(kind, MessageKind.STATE_INFO)


def is_state_info_snapshot(kind: MessageKind) -> bool:
    """Several peers' state infos. Mirrors: IsStateInfoSnapshot."""
    return _is_one_of(kind, MessageKind.STATE_SNAPSHOT)


def is_state_info_pull_request_msg(kind: MessageKind) -> bool:
    """Asks for a snapshot. Mirrors: IsStateInfoPullRequestMsg."""
    return _is_one_of(kind, MessageKind.STATE_INFO_PULL_REQ)


def is_remote_state_message(kind: MessageKind) -> bool:
    """State transfer: blocks, asked for or delivered. Mirrors: IsRemoteStateMessage."""
    return _is_one_of(kind, *_REMOTE_STATE)


def is_leadership_msg(kind: MessageKind) -> bool:
    """Leader election. Mirrors: IsLeadershipMsg."""
    return _is_one_of(kind, MessageKind.LEADERSHIP_MSG)


def is_identity_msg(kind: MessageKind) -> bool:
    """An identity, passed on. Mirrors: IsIdentityMsg."""
    return _is_one_of(kind, MessageKind.PEER_IDENTITY)


def is_ack(kind: MessageKind) -> bool:
    """Answers a message that asked for it. Mirrors: IsAck."""
    return _is_one_of(kind, MessageKind.ACK)


def is_private_data_msg(kind: MessageKind) -> bool:
    """Private data: asked for, delivered or pushed. Mirrors: IsPrivateDataMsg."""
    return _is_one_of(kind, *_PRIVATE_DATA)


def _is_one_of(kind: MessageKind, *wanted: MessageKind) -> bool:
    """Whether it is one of them. Fabric's functions take the message: who passes one here is told so, and not False."""
    check_argument("kind", kind, MessageKind)
    return kind in wanted

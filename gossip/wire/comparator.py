"""Which of two messages makes the other pointless.

Mirrors: gossip/protoext/comparators.go, NewGossipMessageComparator.
"""

from enum import Enum

from gossip.checks import check_argument
from gossip.messages import GossipMessage, Payload, PeerTime
from gossip.wire.kinds import MessageKind, kind_of
from gossip.wire.presence import is_set
from gossip.wire.varint import MAX_UINT64


class InvalidationResult(Enum):
    """What this message means for that one. Mirrors: gossip/common/common.go, InvalidationResult."""

    NO_ACTION = 0
    """Both stay."""

    INVALIDATES = 1
    """This one is newer: drop that one."""

    INVALIDATED = 2
    """That one is newer, or the same: drop this one."""


def compare_messages(this: GossipMessage, that: GossipMessage, *, data_block_storage_size: int) -> InvalidationResult:
    """Say whether one of two messages supersedes the other.

    A message without the part that it would be judged by supersedes nothing and is not superseded. (Fabric's own code
    panics there.)

    Args:
        this: The message at hand.
        that: One that was there before.
        data_block_storage_size: How far apart two blocks' numbers may be before the older block is dropped;
            as in Fabric, a negative number is taken for a large one, its lowest 64 bits.

    Raises:
        InvalidArgumentError: One of the two is no GossipMessage, or ``data_block_storage_size`` is no whole number.
    """
    check_argument("this", this, GossipMessage)
    check_argument("that", that, GossipMessage)
    check_argument("data_block_storage_size", data_block_storage_size, int)
    kind = kind_of(this)
    if kind is not kind_of(that):
        return InvalidationResult.NO_ACTION
    if kind is MessageKind.DATA_MSG:
        return _compare_blocks(_payload(this), _payload(that), data_block_storage_size)
    if kind is MessageKind.PEER_IDENTITY:
        is_same = this.peer_identity.pki_id == that.peer_identity.pki_id
        return InvalidationResult.INVALIDATED if is_same else InvalidationResult.NO_ACTION
    return _compare_times(_author_and_time(kind, this), _author_and_time(kind, that))


def _payload(message: GossipMessage) -> Payload | None:
    return message.data_msg.payload if is_set(message.data_msg, "payload") else None


def _compare_blocks(this: Payload | None, that: Payload | None, storage_size: int) -> InvalidationResult:
    if this is None or that is None:
        return InvalidationResult.NO_ACTION
    if this.seq_num == that.seq_num:
        return InvalidationResult.INVALIDATED
    if abs(this.seq_num - that.seq_num) <= storage_size & MAX_UINT64:
        return InvalidationResult.NO_ACTION
    return InvalidationResult.INVALIDATES if this.seq_num > that.seq_num else InvalidationResult.INVALIDATED


def _author_and_time(kind: MessageKind, message: GossipMessage) -> tuple[bytes, PeerTime] | None:
    """Whose statement it is and from when; None for a kind that has no time, and when a part is missing."""
    if kind is MessageKind.ALIVE_MSG:
        alive = message.alive_msg
        return (
            (alive.membership.pki_id, alive.timestamp)
            if is_set(alive, "membership") and is_set(alive, "timestamp")
            else None
        )
    if kind is MessageKind.STATE_INFO:
        info = message.state_info
        return (info.pki_id, info.timestamp) if is_set(info, "timestamp") else None
    if kind is MessageKind.LEADERSHIP_MSG:
        leadership = message.leadership_msg
        return (leadership.pki_id, leadership.timestamp) if is_set(leadership, "timestamp") else None
    return None


def _compare_times(this: tuple[bytes, PeerTime] | None, that: tuple[bytes, PeerTime] | None) -> InvalidationResult:
    if this is None or that is None or this[0] != that[0]:
        return InvalidationResult.NO_ACTION
    (_, mine), (_, other) = this, that
    is_newer = (mine.inc_num, mine.seq_num) > (other.inc_num, other.seq_num)
    return InvalidationResult.INVALIDATES if is_newer else InvalidationResult.INVALIDATED

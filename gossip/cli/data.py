"""Data messages as commands send them."""

from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.types import ChannelId
from gossip.wire.signed import SignedMessage, noop_sign


def data_message(data: bytes, channel: ChannelId, number: int = 0) -> SignedMessage:
    """Wrap ``data`` as block ``number`` of a channel; unsigned, with the tag that Fabric asks of data messages."""
    content = DataMessage(payload=Payload(seq_num=number, data=data))
    return noop_sign(GossipMessage(channel=channel, tag=Tag.CHAN_AND_ORG, data_msg=content))

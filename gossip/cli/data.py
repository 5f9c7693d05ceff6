"""Data messages as commands send them."""

from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.types import ChannelId
from gossip.wire.signed import SignedMessage, noop_sign


def data_message(data: bytes, channel: ChannelId) -> SignedMessage:
    """Wrap ``data`` as the first block of a channel; unsigned, with the tag that Fabric asks of data messages."""
    content = DataMessage(payload=Payload(data=data))
    return noop_sign(GossipMessage(channel=channel, tag=Tag.CHAN_AND_ORG, data_msg=content))

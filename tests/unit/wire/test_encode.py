"""Values that cannot be encoded: each is named, and whose fault it is."""

from typing import Any

import pytest
from gossip_protos.common import SignaturePolicy

from gossip.errors import Fault, InvalidMessageError
from gossip.messages import Acknowledgement, ConnEstablish, DataDigest, DataUpdate, Envelope, GossipMessage
from gossip.wire.codec import encode

anything: Any = GossipMessage  # the wrong types below are the point


@pytest.mark.parametrize(
    ("message", "what", "field"),
    [
        (anything(channel="text"), "bytes is wanted, not str", "GossipMessage.channel"),
        (anything(channel=""), "bytes is wanted, not str", "GossipMessage.channel"),
        (anything(channel=None), "bytes is wanted, not None", "GossipMessage.channel"),
        (anything(nonce="5"), "int is wanted, not str", "GossipMessage.nonce"),
        (anything(nonce=1.0), "int is wanted, not float", "GossipMessage.nonce"),
        (GossipMessage(nonce=-1), "-1 is not in 0 to 2**64 - 1", "GossipMessage.nonce"),
        (GossipMessage(nonce=2**64), f"{2**64} is not in 0 to 2**64 - 1", "GossipMessage.nonce"),
        (anything(tag=2**31), f"{2**31} is not in -2**31 to 2**31 - 1", "GossipMessage.tag"),
        (anything(tag="EMPTY"), "int is wanted, not str", "GossipMessage.tag"),
        (
            SignaturePolicy(signed_by=-(2**31) - 1),
            f"{-(2**31) - 1} is not in -2**31 to 2**31 - 1",
            "SignaturePolicy.signed_by",
        ),
        (anything(conn=None), "ConnEstablish is wanted, not None", "GossipMessage.conn"),
        (anything(conn=Envelope()), "ConnEstablish is wanted, not Envelope", "GossipMessage.conn"),
        (anything(conn=ConnEstablish(probe=2)), "bool is wanted, not int", "GossipMessage.conn.probe"),
        (anything(ack=Acknowledgement(error=b"no")), "str is wanted, not bytes", "GossipMessage.ack.error"),
        (
            GossipMessage(ack=Acknowledgement(error="ab\ud800")),
            "the character at 2 is half a surrogate pair",
            "GossipMessage.ack.error",
        ),
        (
            anything(data_dig=DataDigest(digests=b"one")),
            "a list is wanted, not bytes",
            "GossipMessage.data_dig.digests",
        ),
        (
            anything(data_dig=DataDigest(digests=[b"", "x"])),
            "bytes is wanted, not str",
            "GossipMessage.data_dig.digests[1]",
        ),
        (
            anything(data_update=DataUpdate(data=[Envelope(), Envelope(payload=7)])),
            "bytes is wanted, not int",
            "GossipMessage.data_update.data[1].payload",
        ),
        (
            anything(data_update=DataUpdate(data=[None])),
            "Envelope is wanted, not None",
            "GossipMessage.data_update.data[0]",
        ),
    ],
)
def test_wrong_value_is_named(message: GossipMessage, what: str, field: str) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        encode(message)

    assert (refused.value.what, refused.value.field) == (what, field)
    assert refused.value.fault is Fault.OURS


def test_something_else_than_a_message_is_refused() -> None:
    not_a_message: Any = b"bytes"

    with pytest.raises(InvalidMessageError, match=r"cannot encode bytes: not a message of gossip\.messages"):
        encode(not_a_message)

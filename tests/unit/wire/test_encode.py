"""Values that cannot be encoded: each is named, and whose fault it is."""

from typing import Any

import pytest
from gossip_protos.common import SignaturePolicy

from gossip.errors import Fault, InvalidMessageError
from gossip.messages import Acknowledgement, ConnEstablish, DataDigest, DataUpdate, Envelope, GossipMessage
from gossip.wire.codec import encode


def wrong(value: Any) -> Any:
    """Hide a wrong type from the type checker, which would refuse it."""
    return value


@pytest.mark.parametrize(
    ("message", "what", "field"),
    [
        (GossipMessage(channel=wrong("text")), "bytes is wanted, not str", "GossipMessage.channel"),
        (GossipMessage(channel=wrong("")), "bytes is wanted, not str", "GossipMessage.channel"),
        (GossipMessage(channel=wrong(None)), "bytes is wanted, not None", "GossipMessage.channel"),
        (GossipMessage(nonce=wrong("5")), "int is wanted, not str", "GossipMessage.nonce"),
        (GossipMessage(nonce=wrong(1.0)), "int is wanted, not float", "GossipMessage.nonce"),
        (GossipMessage(nonce=-1), "-1 is not in 0 to 2**64 - 1", "GossipMessage.nonce"),
        (GossipMessage(nonce=2**64), f"{2**64} is not in 0 to 2**64 - 1", "GossipMessage.nonce"),
        (GossipMessage(tag=wrong(2**31)), f"{2**31} is not in -2**31 to 2**31 - 1", "GossipMessage.tag"),
        (GossipMessage(tag=wrong("EMPTY")), "int is wanted, not str", "GossipMessage.tag"),
        (
            SignaturePolicy(signed_by=-(2**31) - 1),
            f"{-(2**31) - 1} is not in -2**31 to 2**31 - 1",
            "SignaturePolicy.signed_by",
        ),
        (GossipMessage(conn=wrong(None)), "ConnEstablish is wanted, not None", "GossipMessage.conn"),
        (GossipMessage(conn=wrong(Envelope())), "ConnEstablish is wanted, not Envelope", "GossipMessage.conn"),
        (GossipMessage(conn=ConnEstablish(probe=wrong(2))), "bool is wanted, not int", "GossipMessage.conn.probe"),
        (GossipMessage(ack=Acknowledgement(error=wrong(b"no"))), "str is wanted, not bytes", "GossipMessage.ack.error"),
        (
            GossipMessage(ack=Acknowledgement(error="ab\ud800")),
            "the character at 2 is half a surrogate pair",
            "GossipMessage.ack.error",
        ),
        (
            GossipMessage(data_dig=DataDigest(digests=wrong(b"one"))),
            "a list is wanted, not bytes",
            "GossipMessage.data_dig.digests",
        ),
        (
            GossipMessage(data_dig=DataDigest(digests=wrong([b"", "x"]))),
            "bytes is wanted, not str",
            "GossipMessage.data_dig.digests[1]",
        ),
        (
            GossipMessage(data_update=DataUpdate(data=[Envelope(), Envelope(payload=wrong(7))])),
            "bytes is wanted, not int",
            "GossipMessage.data_update.data[1].payload",
        ),
        (
            GossipMessage(data_update=DataUpdate(data=wrong([None]))),
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
    with pytest.raises(InvalidMessageError, match=r"cannot encode bytes: not a message of gossip\.messages"):
        encode(wrong(b"bytes"))

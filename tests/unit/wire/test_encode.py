"""Values that cannot be encoded: each is named, and whose fault it is."""

from typing import Any

import pytest
from gossip_protos.common import SignaturePolicy, SignaturePolicyNOutOf

from gossip.errors import Fault, InvalidMessageError
from gossip.messages import Acknowledgement, ConnEstablish, DataDigest, DataUpdate, Empty, Envelope, GossipMessage
from gossip.wire.codec import encode


def wrong(value: Any) -> Any:
    """Hide a wrong type from the type checker, which would refuse it."""
    return value


@pytest.mark.parametrize(
    ("message", "what", "field"),
    [
        (GossipMessage(channel=wrong("text")), "expected bytes, got str", "GossipMessage.channel"),
        (GossipMessage(channel=wrong("")), "expected bytes, got str", "GossipMessage.channel"),
        (GossipMessage(channel=wrong(None)), "expected bytes, got None", "GossipMessage.channel"),
        (GossipMessage(nonce=wrong("5")), "expected int, got str", "GossipMessage.nonce"),
        (GossipMessage(nonce=wrong(1.0)), "expected int, got float", "GossipMessage.nonce"),
        (GossipMessage(nonce=-1), "-1 is not in 0 to 2**64 - 1", "GossipMessage.nonce"),
        (GossipMessage(nonce=2**64), f"{2**64} is not in 0 to 2**64 - 1", "GossipMessage.nonce"),
        (GossipMessage(tag=wrong(2**31)), f"{2**31} is not in -2**31 to 2**31 - 1", "GossipMessage.tag"),
        (GossipMessage(tag=wrong("EMPTY")), "expected int, got str", "GossipMessage.tag"),
        (
            SignaturePolicy(signed_by=-(2**31) - 1),
            f"{-(2**31) - 1} is not in -2**31 to 2**31 - 1",
            "SignaturePolicy.signed_by",
        ),
        (GossipMessage(conn=wrong(None)), "expected ConnEstablish, got None", "GossipMessage.conn"),
        (GossipMessage(empty=wrong(Empty)), "expected Empty, got ABCMeta", "GossipMessage.empty"),
        (GossipMessage(conn=wrong(Envelope())), "expected ConnEstablish, got Envelope", "GossipMessage.conn"),
        (GossipMessage(conn=ConnEstablish(probe=wrong(2))), "expected bool, got int", "GossipMessage.conn.probe"),
        (GossipMessage(ack=Acknowledgement(error=wrong(b"no"))), "expected str, got bytes", "GossipMessage.ack.error"),
        (
            GossipMessage(ack=Acknowledgement(error="ab\ud800")),
            "the character at 2 is half a surrogate pair",
            "GossipMessage.ack.error",
        ),
        (
            GossipMessage(data_dig=DataDigest(digests=wrong(b"one"))),
            "expected a list, got bytes",
            "GossipMessage.data_dig.digests",
        ),
        (
            GossipMessage(data_dig=DataDigest(digests=wrong([b"", "x"]))),
            "expected bytes, got str",
            "GossipMessage.data_dig.digests[1]",
        ),
        (
            GossipMessage(data_update=DataUpdate(data=[Envelope(), Envelope(payload=wrong(7))])),
            "expected bytes, got int",
            "GossipMessage.data_update.data[1].payload",
        ),
        (
            GossipMessage(data_update=DataUpdate(data=wrong([None]))),
            "expected Envelope, got None",
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


@pytest.mark.parametrize("policy", [SignaturePolicy(signed_by=5), SignaturePolicy(n_out_of=SignaturePolicyNOutOf(n=1))])
def test_a_member_of_a_oneof_that_was_deleted_is_still_the_one_that_is_set(policy: SignaturePolicy) -> None:
    (name,) = (name for name in ("signed_by", "n_out_of") if policy.is_set(name))
    delattr(policy, name)

    encoded = {"signed_by": b"\x08\0", "n_out_of": b"\x12\0"}[name]
    assert encode(SignaturePolicyNOutOf(rules=[policy])) == b"\x12\x02" + encoded
    assert encode(policy) == bytes(policy) == encoded

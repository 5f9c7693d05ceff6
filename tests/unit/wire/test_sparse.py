"""A long envelope with little in it is read at once, and any other one is left to the slices before it takes long."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.messages import (
    AliveMessage,
    DataDigest,
    DataMessage,
    DataUpdate,
    Envelope,
    GossipMessage,
    Member,
    MembershipResponse,
    Payload,
    RemoteStateResponse,
    SecretEnvelope,
    StateInfo,
    Tag,
)
from gossip.wire.envelope import parse_at_once, parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.head import scan_head
from gossip.wire.signed import SignedMessage, noop_sign
from gossip.wire.slices import parse_in_slices
from gossip.wire.sparse import SparseScan
from gossip.wire.varint import NotWellFormed
from tests.support.dense_frames import DENSE, REFUSED, enveloped, of
from tests.support.lines import count_lines

WHOLE_BYTES = 1280
SPARSE_BYTES = 256
LINES = 16 * SPARSE_BYTES
"""Of Python, that a scan at once may run: fields take two bytes at least, and groups most lines."""
BLOCK = bytes(range(256)) * 400


def seen(signed: SignedMessage) -> object:
    return signed.payload, signed.signature, signed.kind, signed.nonce, signed.channel, signed.tag, signed.message


SPARSE = {
    "a block": GossipMessage(
        nonce=7,
        channel=b"mychannel",
        tag=Tag.CHAN_ONLY,
        data_msg=DataMessage(payload=Payload(seq_num=300, data=BLOCK)),
    ),
    "a block with long private data before its end": GossipMessage(
        data_msg=DataMessage(payload=Payload(seq_num=2, data=b"short", private_data=[b"a" * 200, BLOCK]))
    ),
    "private data behind a block": GossipMessage(
        data_msg=DataMessage(payload=Payload(data=BLOCK, private_data=[b"x"]))
    ),
    "several blocks": GossipMessage(
        state_response=RemoteStateResponse(payloads=[Payload(seq_num=300 + number, data=BLOCK) for number in range(10)])
    ),
    "empty blocks behind one": GossipMessage(
        state_response=RemoteStateResponse(payloads=[Payload(data=BLOCK), Payload(), Payload()])
    ),
    "envelopes in an update": GossipMessage(
        data_update=DataUpdate(nonce=1, data=[Envelope(payload=BLOCK, signature=b"s" * 71)] * 3)
    ),
    "digests": GossipMessage(data_dig=DataDigest(nonce=1, digests=[b"d" * 32] * 100)),
    "alive peers": GossipMessage(
        mem_res=MembershipResponse(
            alive=[Envelope(payload=b"p" * 300, signature=b"s" * 71, secret_envelope=SecretEnvelope(payload=b"e" * 30))]
            * 10
        )
    ),
    "a state with a long name": GossipMessage(state_info=StateInfo(pki_id=BLOCK)),
    "a long channel": GossipMessage(channel=BLOCK),
}


@pytest.mark.parametrize("message", SPARSE.values(), ids=SPARSE.keys())
@pytest.mark.parametrize("signature", [b"", b"s" * 72], ids=["unsigned", "signed"])
def test_a_long_envelope_with_little_in_it_is_read_at_once(message: GossipMessage, signature: bytes) -> None:
    frame = encode_envelope(noop_sign(message).payload, signature)

    signed = parse_at_once(frame)

    assert signed is not None
    *_, in_slices = parse_in_slices(frame)
    assert in_slices is not None
    assert seen(signed) == seen(in_slices)
    assert signed.message == message
    assert signed.signature == signature


LEFT = {
    "many digests": GossipMessage(data_dig=DataDigest(digests=[b"d" * 32] * 128)),
    "many alive peers": GossipMessage(mem_res=MembershipResponse(alive=[Envelope(payload=b"p" * 300)] * 100)),
    "long text": GossipMessage(alive_msg=AliveMessage(membership=Member(endpoint="e" * WHOLE_BYTES))),
    "a content behind a long channel": GossipMessage(channel=BLOCK, data_msg=DataMessage(payload=Payload())),
}


@pytest.mark.parametrize("message", LEFT.values(), ids=LEFT.keys())
def test_any_other_is_left_to_the_slices(message: GossipMessage) -> None:
    frame = noop_sign(message).envelope

    assert parse_at_once(frame) is None
    assert parse_envelope(frame).message == message


@pytest.mark.parametrize("frame", [*DENSE.values(), *REFUSED.values()], ids=[*DENSE, *REFUSED])
def test_dense_ones_are_given_up_soon(frame: bytes) -> None:
    parse_at_once(frame)  # the first scan builds the tables of the classes
    taken: list[SignedMessage | None] = []

    assert count_lines(lambda: taken.append(parse_at_once(frame))) < LINES
    assert taken == [None]


@pytest.mark.parametrize("key", [b"\x0a", b"\x12"], ids=["payload", "signature"])
def test_a_field_of_the_envelope_that_comes_twice_is_left_to_the_slices(key: bytes) -> None:
    """Any number of them could come."""
    once = of(b"\x0a", b"\x08\x05") + of(b"\x12", b"s")
    frame = once + of(key, b"\x08\x07")

    assert parse_at_once(once) is not None
    assert parse_at_once(frame) is None
    signed = parse_envelope(frame)
    assert (signed.nonce, signed.signature) == ((7, b"s") if key == b"\x0a" else (5, b"\x08\x07"))


FAULTS = {
    "a payload that is longer than its content": of(b"\x2a", of(b"\x0a", of(b"\x12", BLOCK)) + b"\x01"),
    "a content that is longer than the message": of(b"\x2a", BLOCK)[:-1],
    "a second block that is longer than what it is in": of(
        b"\x9a\x01", of(b"\x0a", of(b"\x12", BLOCK)) + of(b"\x0a", of(b"\x12", b"block"))[:-1]
    ),
    "a block that is longer than the second payload": of(
        b"\x9a\x01", of(b"\x0a", of(b"\x12", BLOCK)) + b"\x0a\x04\x12\x03ab" + of(b"\x0a", b"")
    ),
    "a key that is cut behind a block": of(b"\x9a\x01", of(b"\x0a", of(b"\x12", BLOCK) + b"\x88")),
    "bad text in time": of(b"\x2a", of(b"\x0a", b"")) + of(b"\xb2\x01", of(b"\x0a", b"\xff")) + of(b"\x12", BLOCK),
    "field number zero": b"\x02\x00" + of(b"\x12", BLOCK),
    "an end of a group": b"\x7c" + of(b"\x12", BLOCK),
}


@pytest.mark.parametrize("payload", FAULTS.values(), ids=FAULTS.keys())
def test_what_is_malformed_is_never_read_at_once(payload: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        scan_head(payload)

    assert parse_at_once(enveloped(payload)) is None


def test_how_far_it_may_go_is_exact() -> None:
    payload = noop_sign(GossipMessage(nonce=5, channel=b"channel")).payload
    last_field_at = payload.index(b"\x12")

    assert SparseScan(last_field_at + 1).head(payload, 0, len(payload)) == scan_head(payload)
    assert SparseScan(last_field_at).head(payload, 0, len(payload))[5] == last_field_at


def test_bytes_are_not_looked_at() -> None:
    """Two payloads of 400 bytes of data: the keys and lengths up to the second one's last field are looked at."""
    blocks = [Payload(seq_num=1, data=b"d" * 400), Payload(seq_num=2, data=b"d" * 400)]
    payload = noop_sign(GossipMessage(state_response=RemoteStateResponse(payloads=blocks))).payload
    last_field_at = len(payload) - 403
    looked_at = last_field_at - 400

    assert SparseScan(looked_at + 1).head(payload, 0, len(payload)) == scan_head(payload)
    with pytest.raises(NotWellFormed):
        SparseScan(looked_at).head(payload, 0, len(payload))


def test_text_may_end_where_it_stops_and_no_later() -> None:
    payload = noop_sign(GossipMessage(alive_msg=AliveMessage(membership=Member(endpoint="host:7051")))).payload

    assert SparseScan(len(payload)).head(payload, 0, len(payload)) == scan_head(payload)
    with pytest.raises(NotWellFormed):
        SparseScan(len(payload) - 1).head(payload, 0, len(payload))

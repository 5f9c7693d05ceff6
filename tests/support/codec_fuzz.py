"""Compares the codec with Google's protobuf on mutated messages.

`python -m tests.support.codec_fuzz COUNT [SEED]` runs any number of them and prints what it met.
"""

import re
import sys
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TypeVar

import betterproto
from gossip_protos.common import SignaturePolicyEnvelope

from gossip.errors import MalformedEnvelopeError, MalformedMessageError
from gossip.messages import Envelope, GossipMessage, SerializedIdentity
from gossip.wire.acks import encode_ack, parse_ack
from gossip.wire.codec import decode, encode
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.fault import NO_FAULT_FOUND
from gossip.wire.head import scan_head
from gossip.wire.kinds import MessageKind, kind_of
from gossip.wire.presence import is_set
from gossip.wire.signed import SignedMessage, with_nonce
from gossip.wire.slices import parse_in_slices
from gossip.wire.sparse import SparseScan
from gossip.wire.to_json import to_json
from gossip.wire.varint import NotWellFormed
from tests.support.google import google_json, google_recode
from tests.support.vectors import load_vectors
from tests.support.wire_mutations import join, mutate, varint

T = TypeVar("T")

CLASSES: dict[str, type[betterproto.Message]] = {
    "gossip.GossipMessage": GossipMessage,
    "gossip.Envelope": Envelope,
    "common.SignaturePolicyEnvelope": SignaturePolicyEnvelope,
    "msp.SerializedIdentity": SerializedIdentity,
}

LONG_KEY_OR_LENGTH = re.compile(rb"[\x80-\xff]{5,9}\0")
"""What Go takes and upb refuses: a key or length of six to ten bytes, which then ends in a byte of zeros."""
STRICTER_THAN_UPB = frozenset({"varint of more than 64 bits", "field number 0"})
"""What Go refuses and upb takes: such varints anywhere, field number 0 inside groups."""


SLICES_BYTES = (1, 2, 3, 5, 9, 40)
"""Slices so short that every way to be cut occurs."""


def corpus() -> list[tuple[str, bytes]]:
    """Well-formed messages of every kind, with the name of their class."""
    records = load_vectors("messages.json")
    messages = [("gossip.GossipMessage", bytes.fromhex(record["wire_hex"])) for record in records]
    captured = load_vectors("captures/org1-peer2.jsonl")
    envelopes = [("gossip.Envelope", b64decode(record["envelope_b64"])) for record in [*captured, *records]]
    acks = [
        ("gossip.Envelope", encode_ack(nonce, error)) for nonce in (0, 5, 2**64 - 1) for error in ("", "no", "é" * 70)
    ]
    policies = [("common.SignaturePolicyEnvelope", _policy(levels)) for levels in (1, 3, 48, 49, 50)]
    deep = [("gossip.Envelope", join([(b"\x0a", private_data(levels))])) for levels in (1, 46, 47)]
    return messages + envelopes + acks * 3 + policies * 5 + deep * 5


def _policy(levels: int, rule: bytes = b"\x08\x02") -> bytes:
    """A signature policy of nested n-out-of rules, each of which is two messages deep, around one rule."""
    for _ in range(levels):
        n_out_of = b"\x08\x01" + join([(b"\x12", rule), (b"\x12", b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")])
        rule = join([(b"\x12", n_out_of)])
    return b"\x08\x01" + b"\x12" + varint(len(rule)) + rule


def private_data(levels: int, rule: bytes = b"\x08\x02") -> bytes:
    """Private data with such a policy, which is seven messages deep in the GossipMessage."""
    data = _policy(levels, rule)
    for key in (b"\x0a", b"\x12", b"\x0a", b"\x0a", b"\x32", b"\x0a", b"\xca\x01"):
        data = join([(key, data)])
    return data


def run(count: int, seed: int) -> Counter[str]:
    """Compare ``count`` mutants; returns how many were accepted and refused, by rule.

    Raises:
        AssertionError: The codec and the oracle differ; names the class and the bytes.
    """
    random = Random(seed)
    seeds = corpus()
    met: Counter[str] = Counter()
    name, data = seeds[0]
    for index in range(count):
        if index % 4 == 0:  # up to four changes on top of each other
            name, data = random.choice(seeds)
        data = mutate(data, random)
        met[compare(name, data, with_json=index % 20 == 0)] += 1
    return met


def compare(name: str, data: bytes, *, with_json: bool = False) -> str:
    """Compare the verdicts on one message, and what is written again.

    Returns:
        "accepted", or the rule that was broken.
    """
    cls = CLASSES[name]
    case = f"{name} {data.hex()}"
    message, fault = _attempt(lambda: decode(cls, data))
    expected = google_recode(name, data)
    if cls is GossipMessage:
        for scan in (lambda: scan_head(data), lambda: parse_envelope(encode_envelope(data, b""))):
            _, scan_fault = _attempt(scan)
            assert str(scan_fault) == str(fault), f"scan and decoder differ: {case}: {scan_fault}, not {fault}"
        _compare_sparse(data, fault)
    if cls is Envelope:
        _compare_slices(data, fault)
    if message is None or fault is not None:
        assert fault is not None
        assert fault.what != NO_FAULT_FOUND, f"no fault found: {case}"
        assert expected is None or fault.what in STRICTER_THAN_UPB, f"Google's protobuf accepts: {case}: {fault}"
        return fault.what.partition(":")[0]
    if expected is None:
        assert LONG_KEY_OR_LENGTH.search(data), f"Google's protobuf refuses: {case}"
        return "accepted, and not by upb"
    again = encode(message)  # where Google keeps an unknown field's key as it came, Go and we write the shortest
    assert again in (expected, encode(decode(cls, expected))), f"written differently: {case}"
    assert len(again) <= len(expected), f"written longer: {case}"
    if isinstance(message, Envelope):
        _compare_envelope(message, data)
    if with_json:
        assert to_json(message) == google_json(name, data), f"JSON differs: {case}"
    return "accepted"


def _compare_envelope(envelope: Envelope, frame: bytes) -> None:
    """What `parse_envelope` notes in passing must be what the decoder reads."""
    signed, fault = _attempt(lambda: parse_envelope(frame))
    message, payload_fault = _attempt(lambda: decode(GossipMessage, envelope.payload))
    assert str(fault) == str(payload_fault), f"envelope's verdict is not its payload's: {frame.hex()}"
    if signed is None or message is None:
        return
    noted = (signed.payload, signed.signature, signed.nonce, signed.channel, signed.tag, signed.kind)
    read = (envelope.payload, envelope.signature, message.nonce, message.channel, message.tag, kind_of(message))
    assert noted == read, f"noted {noted}, read {read}: {frame.hex()}"
    assert encode(signed.message) == encode(message), f"built {signed.message}, read {message}: {frame.hex()}"
    assert kind_of(signed.message) is kind_of(message)
    assert (signed.secret_envelope is not None) == is_set(envelope, "secret_envelope")
    expected = decode(GossipMessage, envelope.payload)
    expected.nonce = 5
    assert with_nonce(signed, 5).payload == encode(expected), f"nonce changed wrongly: {frame.hex()}"
    if signed.kind is MessageKind.ACK:
        assert parse_ack(signed) == message.ack.error, f"ack read wrongly: {frame.hex()}"


def _compare_slices(frame: bytes, fault: MalformedMessageError | None) -> None:
    """The scan at once must say what the decoder says, and that in slices the same, however short they are."""
    at_once = _verdict(lambda: parse_envelope(frame))
    assert fault is None or at_once == (MalformedEnvelopeError, str(fault)), f"{at_once}, not {fault}: {frame.hex()}"
    for slice_bytes in SLICES_BYTES:
        in_slices = _verdict(lambda: next(filter(None, parse_in_slices(frame, slice_bytes))))  # noqa: B023 -- called at once
        assert in_slices == at_once, f"slices of {slice_bytes} bytes say {in_slices}, not {at_once}: {frame.hex()}"


def _compare_sparse(data: bytes, fault: MalformedMessageError | None) -> None:
    """The scan that gives up on what begins late must say the same as the scan at once, or nothing."""
    for limit in (*SLICES_BYTES, len(data)):
        try:
            head = SparseScan(limit).head(data, 0, len(data))
        except (NotWellFormed, IndexError, UnicodeDecodeError):
            continue
        if head[5] == len(data):
            assert fault is None, f"{fault} is not seen with limit {limit}: {data.hex()}"
            assert head == scan_head(data), f"another head with limit {limit}: {data.hex()}"


def _verdict(parse: Callable[[], SignedMessage]) -> object:
    """All that can be seen of a message, or the error."""
    signed, fault = _attempt(parse)
    if signed is None:
        return type(fault), str(fault)
    secret = signed.secret_envelope
    secret_parts = secret and (secret.payload, secret.signature)
    return signed.payload, signed.signature, secret_parts, signed.kind, signed.content, signed._head[1:4]


def _attempt(action: Callable[[], T]) -> tuple[T | None, MalformedMessageError | None]:
    try:
        return action(), None
    except MalformedMessageError as error:
        return None, error


if __name__ == "__main__":
    for rule, times in run(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1).most_common():
        print(f"{times:9} {rule}")  # noqa: T201 -- run by hand

"""Input made to be expensive: the work grows as its length does, and nothing recurses without a limit."""

import tracemalloc
from collections.abc import Callable

import pytest
from gossip_protos.common import SignaturePolicy

from gossip.errors import MalformedMessageError
from gossip.messages import ConnEstablish, GossipMessage
from gossip.wire.codec import decode, encode
from gossip.wire.decode import _keep_unknown
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.head import scan_head
from gossip.wire.values import values_of
from gossip.wire.varint import encode_varint
from tests.support.lines import count_lines

SHAPES: dict[str, Callable[[int], bytes]] = {
    "tiny unknown fields": lambda count: b"\xd0\x01\x00" * count,
    "empty groups": lambda count: b"\xf3\x01\xf4\x01" * count,
    "one group of many fields": lambda count: b"\xf3\x01" + b"\x08\x01" * count + b"\xf4\x01",
    "one sub-message in many parts": lambda count: b"\x72\x03\xd0\x01\x00" * count,
    "oneof members in turns": lambda count: b"\x72\x00\x6a\x00" * count,
    "a list of many empty members": lambda count: b"\x52\x02\x12\x00" * count,
    "known and unknown in turns": lambda count: b"\x08\x01\xd0\x01\x00" * count,
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_work_grows_with_length_and_no_faster(shape: Callable[[int], bytes]) -> None:
    short, long = shape(500), shape(1000)

    for read in (scan_head, lambda data: encode(decode(GossipMessage, data))):
        read(short)  # builds the tables of the classes
        assert count_lines(lambda: read(long)) < 2.1 * count_lines(lambda: read(short))  # noqa: B023 -- called at once


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_finding_the_fault_grows_no_faster_either(shape: Callable[[int], bytes]) -> None:
    short, long = shape(500) + b"\x07", shape(1000) + b"\x07"

    def refuse(data: bytes) -> None:
        with pytest.raises(MalformedMessageError, match="field number 0"):
            decode(GossipMessage, data)

    refuse(short)
    assert count_lines(lambda: refuse(long)) < 2.1 * count_lines(lambda: refuse(short))


def test_unknown_fields_take_little_more_memory_than_they_are_long() -> None:
    data = b"\xd0\x01\x00" * 200_000
    decode(GossipMessage, data[:3])
    tracemalloc.start()
    try:
        message = decode(GossipMessage, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert encode(message) == data
    assert peak < 4 * len(data)


def test_an_announced_length_allocates_nothing() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MalformedMessageError, match="268435455 bytes announced, 0 left"):
            parse_envelope(b"\x0a\xff\xff\xff\x7f")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 100_000


def test_many_open_groups_are_refused_without_recursion() -> None:
    groups = b"\xf3\x01" * 100_000
    with pytest.raises(MalformedMessageError, match="nested deeper than 100"):
        parse_envelope(encode_envelope(groups, b""))
    with pytest.raises(MalformedMessageError, match="nested deeper than 100"):
        parse_envelope(groups)


def test_many_nested_messages_are_refused_without_recursion() -> None:
    rule = b""
    for _ in range(5_000):
        rule = b"\x12" + encode_varint(len(rule)) + rule

    with pytest.raises(MalformedMessageError, match="nested deeper than 100"):
        decode(SignaturePolicy, rule)


def test_unknown_fields_of_a_message_in_parts_are_gathered_in_place() -> None:
    """Copying what is there for every part would take the square of the length, which no count of lines shows."""
    values = values_of(decode(ConnEstablish, b""))
    pending: list[dict[str, object]] = []
    _keep_unknown(values, b"\xd0\x01\x00", pending)
    gathered = values["_unknown_fields"]

    _keep_unknown(values, b"\xd0\x01\x01", pending)

    assert values["_unknown_fields"] is gathered
    assert pending == [values]


def test_unknown_fields_are_bytes_in_the_end() -> None:
    unknown = b"\xd0\x01\x00"

    message = decode(GossipMessage, unknown + b"\x72\x03" + unknown + unknown)

    assert values_of(message)["_unknown_fields"] == unknown * 2
    assert type(values_of(message)["_unknown_fields"]) is bytes
    assert type(values_of(message.conn)["_unknown_fields"]) is bytes

"""Varints of every length, written in as few bytes as it takes, and read again."""

import pytest

from gossip.wire.varint import encode_varint, read_varint

EDGES = sorted(
    {value for bits in range(1, 65) for value in ((1 << bits) - 2, (1 << bits) - 1, (1 << bits) % (1 << 64))}
)


def by_the_book(value: int) -> bytes:
    """Seven bits a byte, the lowest first, all but the last with the top bit set."""
    groups = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


@pytest.mark.parametrize("value", EDGES)
def test_value_at_every_edge(value: int) -> None:
    encoded = encode_varint(value)
    assert encoded == by_the_book(value)
    assert read_varint(b"\xff" + encoded + b"\x01", 1) == (value, 1 + len(encoded))

"""Variable-length integers: field keys, lengths and values.

Readers take the position of the first byte and return the value with the position after the last. They raise
`NotWellFormed` or, at the end of ``data``, IndexError; `gossip.wire.fault` then finds out what was wrong and where, so
that the fast paths carry no bookkeeping for it.
"""

from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
LENGTH_DELIMITED: Final = 2
START_GROUP: Final = 3
END_GROUP: Final = 4
FIXED32: Final = 5

MAX_VARINT_BYTES: Final = 10
MAX_UINT64: Final = 2**64 - 1


class NotWellFormed(Exception):  # noqa: N818 -- a signal inside gossip.wire, never seen outside
    """Something is wrong with the bytes; `gossip.wire.fault` says what."""


def read_varint(data: bytes, pos: int) -> tuple[int, int]:
    """Read an unsigned integer of at most 64 bits.

    Raises:
        NotWellFormed: It is longer, or ends with ``data``.
    """
    value = shift = 0
    for byte in data[pos : pos + MAX_VARINT_BYTES]:
        if byte < 0x80:
            if shift == 63 and byte > 1:
                raise NotWellFormed
            return value | byte << shift, pos + shift // 7 + 1
        value |= (byte & 0x7F) << shift
        shift += 7
    raise NotWellFormed


def read_key(data: bytes, pos: int) -> tuple[int, int]:
    """Read a field's number and wire type, or a length, of two to ten bytes and at most 32 bits.

    Callers have seen that it is not of one byte, which is nearly always so and not worth a call.

    Raises:
        NotWellFormed, IndexError: It is longer, or ends with ``data``.
    """
    value = data[pos] & 0x7F
    byte = data[pos + 1]
    if byte < 0x80:
        return value | byte << 7, pos + 2
    value |= (byte & 0x7F) << 7
    byte = data[pos + 2]
    if byte < 0x80:
        return value | byte << 14, pos + 3
    value, stop = read_varint(data, pos)
    if value > 0xFFFF_FFFF:
        raise NotWellFormed
    return value, stop


read_length = read_key


def encode_varint(value: int) -> bytes:
    """Write an integer of 0 to 2**64 - 1 in as few bytes as it takes."""
    if value < 0x80:
        return ONE_BYTE[value]
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if value < 0x20_0000:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    if value >= 1 << 56:
        return _encode_long(value)
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _encode_long(value: int) -> bytes:
    """Write nine or ten bytes, as random nonces have them; shifting small integers takes half the time."""
    low, high, top = value & 0xFFF_FFFF, value >> 28 & 0xFFF_FFFF, value >> 56
    eight = (
        low & 0x7F | 0x80,
        low >> 7 & 0x7F | 0x80,
        low >> 14 & 0x7F | 0x80,
        low >> 21 | 0x80,
        high & 0x7F | 0x80,
        high >> 7 & 0x7F | 0x80,
        high >> 14 & 0x7F | 0x80,
        high >> 21 | 0x80,
    )
    return bytes((*eight, top) if top < 0x80 else (*eight, top & 0x7F | 0x80, 1))


ONE_BYTE: Final = tuple(bytes((value,)) for value in range(0x80))
"""Every varint of one byte, by its value."""


def to_int32(value: int) -> int:
    """Cut a 64-bit varint to a signed 32-bit integer, as Google's protobuf does for int32 and enum fields."""
    return (value + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000

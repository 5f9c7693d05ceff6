"""Encoded messages, and ways to break or bend them that know where the fields are."""

from collections.abc import Callable
from random import Random

Fields = list[tuple[bytes, bytes]]
"""Key and value of each field, both encoded; the value of a length-delimited field without its length."""

_BAD_TEXT = (b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"ok \xe2\x82", b"\x00", "ß漢😀".encode())
_EDGES = (0, 1, 127, 128, 16383, 16384, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1)


def varint(value: int, *, padding: int = 0) -> bytes:
    """Encode an integer, in ``padding`` more bytes than it takes."""
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    if not padding:
        return bytes((*encoded, value))
    return bytes((*encoded, value | 0x80, *([0x80] * (padding - 1)), 0))


def split(data: bytes) -> Fields | None:
    """Take a message apart; None when it is not one, or has groups in it."""
    fields: Fields = []
    pos = 0
    while pos < len(data):
        key_end = _varint_end(data, pos)
        if key_end is None:
            return None
        key = data[pos:key_end]
        stop = _value_end(data, key, key_end)
        if stop is None or stop[1] > len(data):
            return None
        fields.append((key, data[stop[0] : stop[1]]))
        pos = stop[1]
    return fields


def join(fields: Fields) -> bytes:
    """Put a message together again."""
    return b"".join(key + (varint(len(value)) if key[0] & 7 == 2 else b"") + value for key, value in fields)


def mutate(data: bytes, random: Random) -> bytes:
    """One change, at any depth; lengths above it are put right most of the time."""
    fields = split(data)
    if not fields or random.random() < 0.15:
        return _mutate_bytes(data, random)
    index = random.randrange(len(fields))
    key, value = fields[index]
    if key[0] & 7 == 2 and value and random.random() < 0.7 and split(value):
        fields[index] = (key, mutate(value, random))
        return join(fields)
    return random.choice(_CHANGES)(fields, index, random)


def _varint_end(data: bytes, pos: int) -> int | None:
    for stop in range(pos, min(pos + 10, len(data))):
        if data[stop] < 0x80:
            return stop + 1
    return None


def _value_end(data: bytes, key: bytes, pos: int) -> tuple[int, int] | None:
    wire_type = key[0] & 7
    if wire_type in (1, 5):
        return pos, pos + (8 if wire_type == 1 else 4)
    stop = _varint_end(data, pos)
    if stop is None or wire_type not in (0, 2):
        return None
    if wire_type == 0:
        return pos, stop
    length = sum((byte & 0x7F) << 7 * index for index, byte in enumerate(data[pos:stop]))
    return stop, stop + length


def _mutate_bytes(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    choice = random.randrange(6)
    if choice == 0:
        return data[:at]
    if choice == 1:
        return data[:at] + random.randbytes(random.randrange(1, 5)) + data[at:]
    if choice == 2:
        return data[:at] + data[at + random.randrange(1, 5) :]
    if choice == 3:
        return data[:at] + bytes((random.choice((0, 1, 2, 0x7F, 0x80, 0xFF)),)) + data[at + 1 :]
    if choice == 4:
        return data + data[at:]
    return data[:at] + bytes(byte ^ 1 << random.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :]


def _field_number(random: Random) -> int:
    return random.choice((random.randrange(0, 30), random.randrange(0, 30), 1000, 2**29 - 1, 2**29, 2**32))


def _value(wire_type: int, random: Random) -> bytes:
    if wire_type == 0:
        return random.choice((varint(random.choice(_EDGES)), b"\xff" * 9 + bytes((random.choice((0, 1, 2, 0x7F)),))))
    if wire_type == 2:
        return random.choice((b"", random.choice(_BAD_TEXT), random.randbytes(random.randrange(9))))
    return random.randbytes({1: 8, 5: 4}.get(wire_type, 0))


def _group(random: Random) -> bytes:
    """A group around a few fields or groups, sometimes with the wrong end, or none, or deeper than allowed."""
    number = random.randrange(1, 40)
    depth = random.choice((1, 1, 2, 5, 97, 98, 99, 100, 101))
    opening = varint(number << 3 | 3)
    closing = varint((number if random.random() < 0.9 else number + 1) << 3 | 4)
    inner = b"".join(_field(random) for _ in range(random.randrange(3)))
    return opening * depth + inner + closing * random.choice((depth, depth, depth, depth - 1, depth + 1))


def _field(random: Random) -> bytes:
    wire_type = (
        random.choice((0, 0, 1, 2, 2, 5, 5, 3, 4, 6, 7)) if random.random() < 0.2 else random.choice((0, 1, 2, 5))
    )
    return join([(varint(_field_number(random) << 3 | wire_type), _value(wire_type, random))])


def _insert(fields: Fields, index: int, random: Random) -> bytes:
    added = _group(random) if random.random() < 0.3 else _field(random)
    return join(fields[:index]) + added + join(fields[index:])


def _repeat(fields: Fields, index: int, random: Random) -> bytes:
    return join([*fields, fields[index]])


def _drop(fields: Fields, index: int, random: Random) -> bytes:
    return join(fields[:index] + fields[index + 1 :])


def _shuffle(fields: Fields, index: int, random: Random) -> bytes:
    return join(random.sample(fields, len(fields)))


def _renumber(fields: Fields, index: int, random: Random) -> bytes:
    key = varint(_field_number(random) << 3 | fields[index][0][0] & 7)
    return join([*fields[:index], (key, fields[index][1]), *fields[index + 1 :]])


def _retype(fields: Fields, index: int, random: Random) -> bytes:
    key = bytes((fields[index][0][0] & 0xF8 | random.randrange(8),)) + fields[index][0][1:]
    return join([*fields[:index], (key, fields[index][1]), *fields[index + 1 :]])


def _replace(fields: Fields, index: int, random: Random) -> bytes:
    key = fields[index][0]
    return join([*fields[:index], (key, _value(key[0] & 7, random)), *fields[index + 1 :]])


def _pad(fields: Fields, index: int, random: Random) -> bytes:
    """Write a key, or a length, in more bytes than it takes."""
    key, value = fields[index]
    number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(key))
    padded = varint(number, padding=random.randrange(1, 9))
    length = varint(len(value), padding=random.randrange(9)) if key[0] & 7 == 2 else b""
    return (
        join(fields[:index]) + (padded if random.random() < 0.5 else key) + length + value + join(fields[index + 1 :])
    )


def _split_in_two(fields: Fields, index: int, random: Random) -> bytes:
    """Send a sub-message in two parts, which a reader has to merge."""
    key, value = fields[index]
    inner = split(value) if key[0] & 7 == 2 else None
    if not inner:
        return _repeat(fields, index, random)
    at = random.randrange(len(inner) + 1)
    parts = [(key, join(inner[:at])), (key, join(inner[at:]))]
    return join([*fields[:index], *parts, *fields[index + 1 :]])


_CHANGES: tuple[Callable[[Fields, int, Random], bytes], ...] = (
    _insert,
    _insert,
    _repeat,
    _drop,
    _shuffle,
    _renumber,
    _retype,
    _replace,
    _replace,
    _pad,
    _split_in_two,
)

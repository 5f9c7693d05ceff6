"""Stepping over a field that nobody here knows, and over groups, without recursion."""

from gossip.wire.varint import (
    END_GROUP,
    FIXED32,
    FIXED64,
    LENGTH_DELIMITED,
    START_GROUP,
    VARINT,
    NotWellFormed,
    read_key,
    read_length,
    read_varint,
)


def skip_field(data: bytes, pos: int, key: int, depth: int) -> int:
    """Return the position after the value at ``pos``, which may lie beyond the end of ``data``.

    Args:
        data: What is being read.
        pos: The position after the field's key.
        key: That key.
        depth: How many levels may still be nested here.

    Raises:
        NotWellFormed, IndexError: There is no such wire type or field number, or a group does not end as it began.
    """
    if key & 7 == START_GROUP and key > 7:
        open_groups: list[int] = []
        open_group(open_groups, key, depth)
        pos = skip_groups(data, pos, len(data), open_groups, depth)
        if open_groups:
            raise NotWellFormed
        return pos
    return _skip_value(data, pos, key)


def open_group(open_groups: list[int], key: int, depth: int) -> None:
    """Note that a group begins, of which there may be ``depth``, one in the other.

    Raises:
        NotWellFormed: There is one too many.
    """
    open_groups.append(key)
    if len(open_groups) > depth:
        raise NotWellFormed


def skip_groups(data: bytes, pos: int, limit: int, open_groups: list[int], depth: int) -> int:
    """Go on in groups until the outermost has ended, which leaves ``open_groups`` empty, or ``limit`` is reached.

    Raises:
        NotWellFormed, IndexError: As :func:`skip_field`, of any field in them.
    """
    while open_groups and pos < limit:
        key = data[pos]
        pos += 1
        if key > 0x7F:
            key, pos = read_key(data, pos - 1)
        if key & 7 == START_GROUP and key > 7:
            open_group(open_groups, key, depth)
        elif key & 7 == END_GROUP:
            if open_groups.pop() + 1 != key:  # START_GROUP + 1 is END_GROUP
                raise NotWellFormed
        else:
            pos = _skip_value(data, pos, key)
    return pos


def _skip_value(data: bytes, pos: int, key: int) -> int:
    if key <= 7:  # field number 0
        raise NotWellFormed
    wire_type = key & 7
    if wire_type == VARINT:
        return read_varint(data, pos)[1]
    if wire_type == LENGTH_DELIMITED:
        length = data[pos]
        pos += 1
        if length > 0x7F:
            length, pos = read_length(data, pos - 1)
        return pos + length
    if wire_type == FIXED64:
        return pos + 8
    if wire_type == FIXED32:
        return pos + 4
    raise NotWellFormed

"""Building messages from bytes.

A decoded message is made as `object.__new__` and a copy of its class's template ``__dict__``: betterproto's own
constructor and attribute hooks take longer than everything else here together.
"""

from functools import cache
from typing import Final, cast

import betterproto

from gossip.messages import GossipMessage, GossipMessageTag
from gossip.wire.head import Head
from gossip.wire.kinds import MessageKind
from gossip.wire.schema import BOOL, BYTES, MAX_DEPTH, UINT64, EnumMembers, M, Schema, schema_of
from gossip.wire.unknown import skip_field
from gossip.wire.values import set_values, values_of
from gossip.wire.varint import (
    LENGTH_DELIMITED,
    NotWellFormed,
    encode_varint,
    read_key,
    read_length,
    read_varint,
    to_int32,
)

_new: Final = object.__new__
_TAGS: Final = EnumMembers(GossipMessageTag)
_MAX_INT32: Final = 0x7FFF_FFFF

Values = dict[str, object]


def decode_message(cls: type[M], data: bytes, start: int, end: int) -> M:
    """Build a message from ``data[start:end]``.

    Raises:
        NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed.
    """
    schema = schema_of(cls)
    values = schema.new_values()
    unknown: list[Values] = []
    decode_fields(schema, values, data, start, end, MAX_DEPTH, unknown)
    _keep(unknown)
    message = _new(cls)
    set_values(message, values)
    return message


def decode_content(head: Head, data: bytes, end: int) -> GossipMessage:
    """Build a GossipMessage of which the scan noted all there is before its content, which goes on to ``end``.

    It takes three quarters of the time that reading all that again would.

    Raises:
        NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed, and was not scanned.
    """
    kind, nonce, channel, tag, start, _ = head
    template, name, current, child = _surroundings(kind)
    inner = child.new_values() if child.groups else child.template.copy()
    unknown: list[Values] = []
    decode_fields(child, inner, data, start, end, MAX_DEPTH - 1, unknown)
    if unknown:
        _keep(unknown)
    content, message = _new(child.cls), _new(GossipMessage)
    set_values(content, inner)
    values = template.copy()
    values["nonce"] = nonce
    values["channel"] = channel
    values["tag"] = _TAGS[tag if tag <= _MAX_INT32 else to_int32(tag)]
    values[name] = content
    values["_group_current"] = current.copy()
    set_values(message, values)
    return message


@cache
def _surroundings(kind: MessageKind) -> tuple[Values, str, dict[str, str], Schema]:
    """What surrounds a content of this kind: an empty GossipMessage, its name, what is set of the oneof, its schema."""
    schema = schema_of(GossipMessage)
    field = schema.fields[kind << 3 | LENGTH_DELIMITED]
    assert field.child is not None
    assert field.group is not None
    return schema.template, field.name, {field.group: field.name}, field.child


def decode_fields(  # noqa: C901 -- a call for each field would double its time
    schema: Schema, values: Values, data: bytes, pos: int, end: int, depth: int, unknown: list[Values]
) -> None:
    """Merge the message in ``data[pos:end]`` into ``values``, the ``__dict__`` of one of that class.

    A dictionary that has unknown fields is appended to ``unknown``; until the outermost message is complete they are a
    bytearray, since a sub-message may come in any number of parts. Reading past ``end`` does no harm, see
    `scan_fields`.

    Raises:
        NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed; ``values`` hold what came before.
    """
    fields = schema.to_read
    while pos < end:
        key = data[pos]
        pos += 1
        if key > 0x7F:
            key, pos = read_key(data, pos - 1)
        try:
            name, kind, is_plain, group, child, enum = fields[key]
        except KeyError:
            start = pos
            pos = skip_field(data, start, key, depth)
            _keep_unknown(values, encode_varint(key) + data[start:pos], unknown)
            continue
        value: object
        if kind < BYTES:
            number = data[pos]
            pos += 1
            if number > 0x7F:
                if data[pos] < 0x80:
                    number += (data[pos] - 1) << 7
                    pos += 1
                else:
                    number, pos = read_varint(data, pos - 1)
            value = number if kind == UINT64 else _convert(kind, enum, number)
        else:
            length = data[pos]
            pos += 1
            if length > 0x7F:
                if data[pos] < 0x80:
                    length += (data[pos] - 1) << 7
                    pos += 1
                else:
                    length, pos = read_length(data, pos - 1)
            stop = pos + length
            if kind == BYTES:
                value = data[pos:stop]
            elif child is None:
                value = str(data[pos:stop], "utf-8")
            else:
                if depth == 0:
                    raise NotWellFormed
                value = None if group is None and not is_plain else values.get(name)
                if value is None:
                    inner = child.new_values() if child.groups else child.template.copy()
                    value = _new(child.cls)
                    set_values(value, inner)
                else:
                    inner = values_of(cast("betterproto.Message", value))
                decode_fields(child, inner, data, pos, stop, depth - 1, unknown)
            pos = stop
        if is_plain:
            values[name] = value
        elif group is not None:
            _select(values, group, name)
            values[name] = value
        elif name in values:
            cast("list[object]", values[name]).append(value)
        else:
            values[name] = [value]
    if pos != end:
        raise NotWellFormed


def _select(values: Values, group: str, name: str) -> None:
    """Make ``name`` the set member of its oneof; the one that was set before is dropped."""
    current = cast("dict[str, str | None]", values["_group_current"])
    previous, current[group] = current[group], name
    if previous is not None:
        del values[previous]


def _convert(kind: int, enum: EnumMembers | None, number: int) -> object:
    """Cut a 64-bit varint to the field's type, as Google's protobuf does."""
    if kind == BOOL:
        return number != 0
    if number > _MAX_INT32:
        number = to_int32(number)
    return number if enum is None else enum[number]


def _keep(unknown: list[Values]) -> None:
    for found in unknown:
        found["_unknown_fields"] = bytes(cast("bytearray", found["_unknown_fields"]))


def _keep_unknown(values: Values, field: bytes, unknown: list[Values]) -> None:
    kept = values["_unknown_fields"]
    if isinstance(kept, bytearray):
        kept += field
    else:
        values["_unknown_fields"] = bytearray(field)
        unknown.append(values)

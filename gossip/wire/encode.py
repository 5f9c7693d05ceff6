"""Writing messages as Go's `proto.Marshal` does: fields by number, each only when set, unknown fields last."""

from typing import Final, cast

import betterproto

from gossip.errors import InvalidMessageError
from gossip.wire.presence import is_untouched
from gossip.wire.schema import BOOL, BYTES, ENUM, INT32, TEXT, UINT64, Field, Schema, schema_of
from gossip.wire.values import PLACEHOLDER, values_of
from gossip.wire.varint import MAX_UINT64, ONE_BYTE, encode_varint

_WANTED: Final = {UINT64: "int", INT32: "int", ENUM: "int", BOOL: "bool", BYTES: "bytes", TEXT: "str"}


class _NotEncodable(Exception):  # noqa: N818 -- a signal inside this file
    """What is wrong with a value; the path to it grows on the way up."""

    def __init__(self, what: str, path: str) -> None:
        super().__init__()
        self.what = what
        self.path = path


def encode_message(message: betterproto.Message) -> bytes:
    """Encode a message of a generated class.

    Raises:
        InvalidMessageError: A value has the wrong type or is out of its type's range.
    """
    parts: list[bytes] = []
    try:
        _encode_fields(schema_of(type(message)), values_of(message), parts)
    except _NotEncodable as fault:
        raise InvalidMessageError(fault.what, field=f"{type(message).__name__}.{fault.path}") from None
    except RecursionError:
        raise InvalidMessageError("messages are nested too deep", field=type(message).__name__) from None
    return b"".join(parts)


def _encode_fields(schema: Schema, values: dict[str, object], parts: list[bytes]) -> int:  # noqa: C901 -- calls cost
    """Append the encoded fields to ``parts``, and return how many bytes they are."""
    size = 0
    for name, kind, repeated, prefix, child, field in schema.to_write:
        value = values.get(name, PLACEHOLDER)
        if value is PLACEHOLDER:
            continue
        if repeated:
            size += _encode_list(field, value, parts)
        elif child is not None:
            size += _encode_child(field, child, value, parts)
        elif kind == BYTES and type(value) is bytes:
            if value:
                length = len(value)
                head = prefix + (ONE_BYTE[length] if length < 0x80 else encode_varint(length))
                parts += (head, value)
                size += len(head) + length
        elif kind <= ENUM and isinstance(value, int) and 0 <= value <= 0x7F:
            if value:
                parts += (prefix, ONE_BYTE[value])
                size += len(prefix) + 1
        else:
            encoded = _encode_scalar(field, value)
            if value:
                parts += (prefix, encoded)
                size += len(prefix) + len(encoded)
    if schema.groups:
        for member in cast("dict[str, str | None]", values["_group_current"]).values():
            if member is not None:
                field = schema.members[member]
                if member in values:
                    size += _encode_always(field, values[member], parts)
                else:  # after `del`, its default, which is a zero or a length of zero
                    parts += (field.prefix, ONE_BYTE[0])
                    size += len(field.prefix) + 1
    unknown = cast("bytes", values["_unknown_fields"])
    if unknown:
        parts.append(unknown)
        size += len(unknown)
    return size


def _encode_always(field: Field, value: object, parts: list[bytes]) -> int:
    """Append a member of a oneof or of a list, also when it is empty."""
    if field.child is not None:
        return _encode_child(field, field.child, value, parts, is_set=True)
    encoded = _encode_scalar(field, value)
    parts += (field.prefix, encoded)
    return len(field.prefix) + len(encoded)


def _encode_list(field: Field, value: object, parts: list[bytes]) -> int:
    if not isinstance(value, list):
        raise _NotEncodable(f"expected a list, got {_named(value)}", field.name)
    size = 0
    for index, item in enumerate(value):
        try:
            size += _encode_always(field, item, parts)
        except _NotEncodable as fault:
            fault.path = fault.path.replace(field.name, f"{field.name}[{index}]", 1)
            raise
    return size


def _encode_child(field: Field, schema: Schema, value: object, parts: list[bytes], *, is_set: bool = False) -> int:
    if type(value) is not schema.cls:
        raise _NotEncodable(f"expected {schema.name}, got {_named(value)}", field.name)
    values = values_of(value)
    head_at = len(parts)
    parts.append(b"")
    try:
        size = _encode_fields(schema, values, parts)
    except _NotEncodable as fault:
        fault.path = f"{field.name}.{fault.path}"
        raise
    if not size and not is_set and is_untouched(values):
        return 0
    parts[head_at] = head = field.prefix + (ONE_BYTE[size] if size <= 0x7F else encode_varint(size))
    return len(head) + size


def _encode_scalar(field: Field, value: object) -> bytes:
    """Encode a value without its key; text and bytes with their length."""
    if field.kind == BYTES:
        if isinstance(value, bytes):
            return encode_varint(len(value)) + value
    elif field.kind == TEXT:
        if isinstance(value, str):
            return _encode_text(field, value)
    elif field.kind == BOOL:
        if isinstance(value, bool):
            return ONE_BYTE[value]
    elif isinstance(value, int):
        return _encode_integer(field, value)
    raise _NotEncodable(f"expected {_WANTED[field.kind]}, got {_named(value)}", field.name)


def _encode_text(field: Field, value: str) -> bytes:
    try:
        encoded = value.encode()
    except UnicodeEncodeError as error:
        raise _NotEncodable(f"the character at {error.start} is half a surrogate pair", field.name) from None
    return encode_varint(len(encoded)) + encoded


def _encode_integer(field: Field, value: int) -> bytes:
    if field.kind == UINT64:
        if 0 <= value <= MAX_UINT64:
            return encode_varint(value)
        raise _NotEncodable(f"{value} is not in 0 to 2**64 - 1", field.name)
    if -0x8000_0000 <= value <= 0x7FFF_FFFF:
        return encode_varint(value & MAX_UINT64)
    raise _NotEncodable(f"{value} is not in -2**31 to 2**31 - 1", field.name)


def _named(value: object) -> str:
    return "None" if value is None else type(value).__name__

"""What the generated classes say about their fields, in the form that the codec works with.

Each class is looked at once, when the first message of it is read or written.
"""

from typing import Final, NamedTuple, TypeVar

import betterproto

from gossip.wire.attributes import metadata_of
from gossip.wire.varint import LENGTH_DELIMITED, VARINT, encode_varint

M = TypeVar("M", bound=betterproto.Message)

UINT64: Final = 0
INT32: Final = 1
ENUM: Final = 2
BOOL: Final = 3
BYTES: Final = 4
TEXT: Final = 5
MESSAGE: Final = 6
"""The kinds of value that occur in gossip's protos; each is one number, since the codec compares them all the time."""

_KINDS: Final = {
    betterproto.TYPE_UINT64: UINT64,
    betterproto.TYPE_INT32: INT32,
    betterproto.TYPE_ENUM: ENUM,
    betterproto.TYPE_BOOL: BOOL,
    betterproto.TYPE_BYTES: BYTES,
    betterproto.TYPE_STRING: TEXT,
    betterproto.TYPE_MESSAGE: MESSAGE,
}
_DEFAULTS: Final[dict[int, object]] = {UINT64: 0, INT32: 0, BOOL: False, BYTES: b"", TEXT: ""}

MAX_DEPTH: Final = 100
"""How many messages and groups may be nested below the outermost: Google's limit everywhere but in Go."""


class Field(NamedTuple):
    """One field of a message.

    ``prefix`` is the encoded key that stands before each of its values; ``group`` the oneof that it belongs to;
    ``child`` the schema of a message field; ``enum`` the members of an enum field by value.
    """

    name: str
    kind: int
    repeated: bool
    prefix: bytes
    group: str | None
    child: "Schema | None"
    enum: "EnumMembers | None"


ReadRow = tuple[str, int, bool, str | None, "Schema | None", "EnumMembers | None"]
"""Name, kind, whether it is alone and comes once, group, child and enum of a field.

Bare: a named tuple takes three times as long to unpack.
"""

WriteRow = tuple[str, int, bool, bytes, "Schema | None", Field]
"""Name, kind, repeated, prefix and child of a field, and the field itself."""


class EnumMembers(dict[int, betterproto.Enum]):
    """An enum's members by value; a value without a name gets a member of its own, which is not kept."""

    def __init__(self, enum: type[betterproto.Enum]) -> None:
        super().__init__((int(member), member) for member in enum)
        self._enum = enum

    def __missing__(self, value: int) -> betterproto.Enum:
        return self._enum.try_value(value)


class Schema:
    """One generated class.

    ``fields`` maps keys to fields, and ``to_read`` to what the decoder asks of them; ``to_write`` are those outside any
    oneof, ``members`` the others by name, and all of them are in the order of their numbers. ``template`` is the
    ``__dict__`` of a message with nothing set: only what has a plain default is in it.
    """

    __slots__ = ("cls", "fields", "groups", "members", "template", "to_read", "to_write")

    def __init__(self, cls: type[betterproto.Message]) -> None:
        self.cls = cls
        self.fields: dict[int, Field] = {}
        self.to_read: dict[int, ReadRow] = {}
        self.to_write: tuple[WriteRow, ...] = ()
        self.members: dict[str, Field] = {}
        self.groups: tuple[str, ...] = ()
        self.template: dict[str, object] = {}

    @property
    def name(self) -> str:
        """The class's name, as errors show it."""
        return self.cls.__name__

    def new_values(self) -> dict[str, object]:
        """The ``__dict__`` of a message that was just decoded from nothing."""
        values = self.template.copy()
        if self.groups:
            values["_group_current"] = dict.fromkeys(self.groups)
        return values


_SCHEMAS: Final[dict[type[betterproto.Message], Schema]] = {}


def schema_of(cls: type[betterproto.Message]) -> Schema:
    """The schema of a generated class and of everything below it.

    Raises:
        TypeError: A field is of a kind that gossip's protos do not use.
    """
    schema = _SCHEMAS.get(cls)
    if schema is None:
        known = dict(_SCHEMAS)
        schema = _build(cls, known)
        # All at once, so that another thread never meets a schema whose fields are still being filled in.
        _SCHEMAS.update(known)
    return schema


def _build(cls: type[betterproto.Message], known: dict[type[betterproto.Message], Schema]) -> Schema:
    if cls in known:
        return known[cls]
    # Known before its fields are: a message may contain its own kind.
    schema = known[cls] = Schema(cls)
    meta = metadata_of(cls)
    for number, name in sorted(meta.field_name_by_number.items()):
        field = _field(cls, name, known)
        key = _key(number, field.kind)
        schema.fields[key] = field
        is_plain = not (field.group or field.repeated)
        schema.to_read[key] = (name, field.kind, is_plain, field.group, field.child, field.enum)
        if field.group:
            schema.members[name] = field
            continue
        if schema.members:
            raise TypeError(f"{schema.name}.{name}: the codec writes oneofs last, and this field comes after one")
        if not field.repeated and field.kind != MESSAGE:
            schema.template[name] = field.enum[0] if field.enum else _DEFAULTS[field.kind]
    alone = (field for field in schema.fields.values() if not field.group)
    schema.to_write = tuple((f.name, f.kind, f.repeated, f.prefix, f.child, f) for f in alone)
    schema.groups = tuple(meta.oneof_field_by_group)
    schema.template |= {"_serialized_on_wire": True, "_unknown_fields": b"", "_group_current": {}}
    return schema


def _field(cls: type[betterproto.Message], name: str, known: dict[type[betterproto.Message], Schema]) -> Field:
    metadata = metadata_of(cls)
    meta = metadata.meta_by_field_name[name]
    kind = _KINDS.get(meta.proto_type)
    value_type = metadata.cls_by_field[name]
    repeated = metadata.default_gen[name] is list
    if kind is None or meta.optional or meta.wraps or (repeated and kind < BYTES):
        raise TypeError(f"{cls.__name__}.{name}: the codec knows no fields like this")
    child = _build(value_type, known) if kind == MESSAGE else None
    prefix = encode_varint(_key(meta.number, kind))
    enum = EnumMembers(value_type) if kind == ENUM else None
    return Field(name, kind, repeated, prefix, meta.group, child, enum)


def _key(number: int, kind: int) -> int:
    return number << 3 | (LENGTH_DELIMITED if kind >= BYTES else VARINT)

"""Finding out what is wrong with bytes that the codec refused, and where.

The scan and the decoder only notice that something is wrong. This walks the same bytes again, slower and step by step,
and knows where it is. It follows the same rules, to which `tests/property/test_codec_oracle.py` holds it.
"""

from typing import Final, NamedTuple, NoReturn, cast

from gossip.errors import MalformedMessageError
from gossip.wire.schema import MAX_DEPTH, MESSAGE, TEXT, Field, Schema
from gossip.wire.varint import (
    END_GROUP,
    FIXED32,
    FIXED64,
    LENGTH_DELIMITED,
    MAX_UINT64,
    MAX_VARINT_BYTES,
    START_GROUP,
    VARINT,
)

NO_FAULT_FOUND: Final = "not well-formed protobuf"
"""Said when this disagrees with the scan or the decoder, which would be a mistake here."""


def fault_of(schema: Schema, data: bytes) -> MalformedMessageError:
    """Make the error for ``data``, which the scan or the decoder refused as a message of this class."""
    return Place(0, len(data), MAX_DEPTH, schema.name).fault_of(schema, data)


class Place(NamedTuple):
    """Where to begin to look: at a field of a message that ends at ``end``, or of a group in it.

    ``depth`` more levels may be nested in the message, which is called ``name``; ``open_groups`` are the keys of the
    groups around the field, outermost first. Errors count bytes from ``base`` on.
    """

    pos: int
    end: int
    depth: int
    name: str
    base: int = 0
    open_groups: tuple[int, ...] = ()

    def fault_of(self, schema: Schema, data: bytes) -> MalformedMessageError:
        """Make the error for what the scan refused of a message of this class."""
        walk = _Walk(data, self.name, self.base)
        try:
            pos = self.pos
            if self.open_groups:
                pos = walk.rest_of_groups(self.open_groups, pos, self.end, self.depth)
            walk.message(schema, pos, self.end, self.depth)
        except MalformedMessageError as error:
            return error.with_traceback(None)
        return MalformedMessageError(NO_FAULT_FOUND, offset=0, field=self.name)


class _Walk:
    def __init__(self, data: bytes, name: str, base: int) -> None:
        self._data = data
        self._path = [name]
        self._base = base

    def message(self, schema: Schema, pos: int, end: int, depth: int) -> None:
        if depth < 0:
            self._fail(f"nested deeper than {MAX_DEPTH}", pos)
        while pos < end:
            start = pos
            key, pos = self._key(pos, end)
            field = schema.fields.get(key)
            self._path.append(field.name if field else f"field {key >> 3}")
            pos = self._value(field, key, start, pos, end, depth)
            self._path.pop()

    def rest_of_groups(self, keys: tuple[int, ...], pos: int, end: int, depth: int) -> int:
        self._path.append(f"field {keys[0] >> 3}")
        pos = self._groups([key >> 3 for key in keys], pos, pos, end, depth)
        self._path.pop()
        return pos

    def _value(self, field: Field | None, key: int, start: int, pos: int, end: int, depth: int) -> int:
        wire_type = key & 7
        if wire_type == START_GROUP:
            return self._groups([key >> 3], start, pos, end, depth)
        if wire_type == LENGTH_DELIMITED:
            pos, stop = self._length(pos, end)
            if field is not None:
                self._contents(field, pos, stop, depth)
            return stop
        return self._plain(wire_type, start, pos, end)

    def _contents(self, field: Field, pos: int, stop: int, depth: int) -> None:
        if field.kind == MESSAGE:
            self.message(cast("Schema", field.child), pos, stop, depth - 1)  # a message field has a child
        elif field.kind == TEXT:
            try:
                str(self._data[pos:stop], "utf-8")
            except UnicodeDecodeError as error:
                self._fail("invalid UTF-8", pos + error.start)

    def _plain(self, wire_type: int, start: int, pos: int, end: int) -> int:
        if wire_type == VARINT:
            return self._varint(pos, end)[1]
        if wire_type == FIXED64:
            return self._within(pos, 8, end)
        if wire_type == FIXED32:
            return self._within(pos, 4, end)
        if wire_type == END_GROUP:
            return self._fail("end of a group that was not started", start)
        return self._fail(f"wire type {wire_type} does not exist", start)

    def _groups(self, open_groups: list[int], start: int, pos: int, end: int, depth: int) -> int:
        while open_groups:
            if len(open_groups) > depth:
                self._fail(f"nested deeper than {MAX_DEPTH}", start)
            if pos >= end:
                self._fail("truncated: group without an end", start)
            start = pos
            key, pos = self._key(pos, end)
            if key & 7 == START_GROUP:
                open_groups.append(key >> 3)
            elif key & 7 != END_GROUP:
                pos = self._value(None, key, start, pos, end, depth)
            elif open_groups.pop() != key >> 3:
                self._fail("end of another group than the one that is open", start)
        return pos

    def _key(self, pos: int, end: int) -> tuple[int, int]:
        key, stop = self._varint(pos, end)
        if key > 0xFFFF_FFFF:
            self._fail(f"field number above 2**29 - 1: {key >> 3}", pos)
        if key <= 7:
            self._fail("field number 0", pos)
        return key, stop

    def _length(self, pos: int, end: int) -> tuple[int, int]:
        length, start = self._varint(pos, end)
        if length > end - start:
            self._fail(f"truncated: {length} bytes announced, {end - start} left", pos)
        return start, start + length

    def _varint(self, pos: int, end: int) -> tuple[int, int]:
        value = 0
        for index in range(MAX_VARINT_BYTES):
            if pos + index >= end:
                self._fail("truncated in a varint", pos)
            byte = self._data[pos + index]
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if value > MAX_UINT64:
                    self._fail("varint of more than 64 bits", pos)
                return value, pos + index + 1
        return self._fail(f"varint of more than {MAX_VARINT_BYTES} bytes", pos)

    def _within(self, pos: int, size: int, end: int) -> int:
        if pos + size > end:
            self._fail(f"truncated: {size} bytes announced, {end - pos} left", pos)
        return pos + size

    def _fail(self, what: str, offset: int) -> NoReturn:
        raise MalformedMessageError(what, offset=offset - self._base, field=".".join(self._path))

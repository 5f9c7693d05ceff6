"""The scan of a long envelope with little in it but long values, as those with blocks have, without slices.

It is the scan of every envelope, made to give up: when it has looked at much, and on text and groups that are long.
"""

from typing import Final

from gossip.wire.head import NO_HEAD, Head, contents_as_fields, scan_part
from gossip.wire.scan import LookInto, Skip, scan_fields
from gossip.wire.schema import TEXT, Field, Schema
from gossip.wire.unknown import skip_field
from gossip.wire.varint import START_GROUP, NotWellFormed

SPARSE_BYTES: Final = 256
"""What the keys and lengths of some twenty blocks take; to give up must not cost much."""


class SparseScan:
    """One scan, which looks at ``limit`` bytes: what values of bytes hold is stepped over."""

    def __init__(self, limit: int = SPARSE_BYTES) -> None:
        self._limit = limit

    def head(self, data: bytes, start: int, end: int) -> Head:
        """As `gossip.wire.head.scan_head`; how far it came is ``end`` only if that was all.

        Raises:
            NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed, or takes longer.
        """
        limit = min(end, self._limit)
        return scan_part(data, start, limit, end, NO_HEAD, contents_as_fields(), self._look_into, self._skip)

    def _look_into(
        self, field: Field, data: bytes, pos: int, end: int, depth: int, _look_into: LookInto[Field], _skip: Skip
    ) -> int:
        if field.child is not None:
            return self._message(field.child, data, pos, end, depth)
        if field.kind == TEXT:
            if end > self._limit:
                raise NotWellFormed
            str(data[pos:end], "utf-8")
        else:
            self._limit += end - pos
        return end

    def _message(self, schema: Schema, data: bytes, pos: int, end: int, depth: int) -> int:
        while True:
            began_at = pos
            pos = scan_fields(schema.fields, data, pos, min(end, self._limit), depth, self._look_into, self._skip)
            if pos >= end:
                return pos
            if pos == began_at:
                raise NotWellFormed

    def _skip(self, data: bytes, pos: int, key: int, depth: int) -> int:
        if key & 7 == START_GROUP:
            raise NotWellFormed
        return skip_field(data, pos, key, depth)

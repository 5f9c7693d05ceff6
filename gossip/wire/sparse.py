"""The scan of a long envelope with little in it but one long value, as those with a block have, without slices.

It is the scan of every envelope, made to give up: on fields that begin late, and on text and groups that are long.
"""

from typing import Final

from gossip.wire.head import NO_HEAD, Head, contents_as_fields, scan_part
from gossip.wire.scan import LookInto, Skip, scan_fields
from gossip.wire.schema import TEXT, Field
from gossip.wire.unknown import skip_field
from gossip.wire.varint import START_GROUP, NotWellFormed


class SparseScan:
    """Scans what begins in the first ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit

    def head(self, data: bytes, start: int, end: int) -> Head:
        """As `gossip.wire.head.scan_head`; how far it came is ``end`` only if that was all.

        Raises:
            NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed, or takes longer.
        """
        limit = min(end, self._limit)
        return scan_part(data, start, limit, end, NO_HEAD, contents_as_fields(), self._look_into, self._skip)

    def _look_into(
        self, field: Field, data: bytes, pos: int, end: int, depth: int, look_into: LookInto[Field], skip: Skip
    ) -> int:
        if field.child is not None:
            return scan_fields(field.child.fields, data, pos, min(end, self._limit), depth, look_into, skip)
        if field.kind == TEXT:
            if end > self._limit:
                raise NotWellFormed
            str(data[pos:end], "utf-8")
        return end

    def _skip(self, data: bytes, pos: int, key: int, depth: int) -> int:
        if key & 7 == START_GROUP:
            raise NotWellFormed
        return skip_field(data, pos, key, depth)

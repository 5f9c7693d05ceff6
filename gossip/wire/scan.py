"""Proving a message well formed without building it.

All that a known field adds to the bare wire format is that text must be UTF-8 and that a sub-message must be well
formed itself. So a class comes down to a table of its text and message fields, and one function reads every class.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeVar, cast

from gossip.wire.schema import MESSAGE, TEXT, Schema
from gossip.wire.varint import NotWellFormed, read_key, read_length, read_varint

Rules = dict[int, "Rules | None"]
"""By key: None for text, the rules of the sub-message for a message field. Other fields are not listed."""

_RULES: Final[dict[Schema, Rules]] = {}

K = TypeVar("K")

Skip = Callable[[bytes, int, int, int], int]
"""As `gossip.wire.unknown.skip_field`."""


class LookInto(Protocol[K]):
    """Proves the value of a known field well formed: a message by `scan_fields` itself, unless it is to be put off.

    Returns:
        Where it ends, which is ``end`` if it is well formed.
    """

    def __call__(
        self, known: K, data: bytes, pos: int, end: int, depth: int, look_into: "LookInto[K]", skip: Skip, /
    ) -> int: ...


def rules_of(schema: Schema) -> Rules:
    """What has to be checked in a message of this class."""
    rules = _RULES.get(schema)
    if rules is None:
        known = dict(_RULES)
        rules = _collect(schema, known)
        # All at once, so that another thread never scans by half a table.
        _RULES.update(known)
    return rules


def _collect(schema: Schema, known: dict[Schema, Rules]) -> Rules:
    if schema in known:
        return known[schema]
    rules = known[schema] = {}
    for key, field in schema.fields.items():
        if field.kind == TEXT:
            rules[key] = None
        elif field.kind == MESSAGE:
            rules[key] = _collect(cast("Schema", field.child), known)  # a message field has a child
    return rules


def scan_fields(  # noqa: C901 -- calls cost
    known: Mapping[int, K | None], data: bytes, pos: int, limit: int, depth: int, look_into: LookInto[K], skip: Skip
) -> int:
    """Read the fields of a message, as many as begin before ``limit``, which is its end or less.

    What is ``known`` by its key is looked into, or is text where that is None; ``depth`` more levels may be nested.
    Reading past the message's end does no harm: the position never comes back, and the caller sees it.

    Returns:
        The position after the last field: the message's end, if it is well formed and ``limit`` is there.

    Raises:
        NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed.
    """
    if depth < 0:
        raise NotWellFormed
    while pos < limit:
        key = data[pos]
        pos += 1
        if key > 0x7F:
            key, pos = read_key(data, pos - 1)
        if key & 7 == 2 and key > 7:
            length = data[pos]
            pos += 1
            if length > 0x7F:
                if data[pos] < 0x80:
                    length += (data[pos] - 1) << 7
                    pos += 1
                else:
                    length, pos = read_length(data, pos - 1)
            stop = pos + length
            if key in known:
                found = known[key]
                if found is None:
                    str(data[pos:stop], "utf-8")
                elif look_into(found, data, pos, stop, depth - 1, look_into, skip) != stop:
                    raise NotWellFormed
            pos = stop
        elif key & 7 == 0 and key > 7:
            if data[pos] < 0x80:
                pos += 1
            elif data[pos + 1] < 0x80:
                pos += 2
            else:
                pos = read_varint(data, pos)[1]
        else:
            pos = skip(data, pos, key, depth)
    return pos


at_once: Final[LookInto[Rules]] = scan_fields
"""The :class:`LookInto` that puts nothing off."""

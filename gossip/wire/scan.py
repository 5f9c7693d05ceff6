"""Proving a message well formed without building it.

All that a known field adds to the bare wire format is that text must be UTF-8 and that a sub-message must be well
formed itself. So a class comes down to a table of its text and message fields, and one function reads every class.
"""

from typing import Final, cast

from gossip.wire.schema import MESSAGE, TEXT, Schema
from gossip.wire.unknown import skip_field
from gossip.wire.varint import NotWellFormed, read_key, read_length, read_varint

Rules = dict[int, "Rules | None"]
"""By key: None for text, the rules of the sub-message for a message field. Other fields are not listed."""

_RULES: Final[dict[Schema, Rules]] = {}


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


def scan_fields(rules: Rules, data: bytes, pos: int, end: int, depth: int) -> None:  # noqa: C901 -- calls cost
    """Return when ``data[pos:end]`` is a well-formed message; ``depth`` more levels may be nested in it.

    Reading past ``end`` does no harm: the position never comes back, and the last line sees it.

    Raises:
        NotWellFormed, IndexError, UnicodeDecodeError: It is not.
    """
    while pos < end:
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
            if key in rules:
                child = rules[key]
                if child is None:
                    str(data[pos:stop], "utf-8")
                elif depth == 0:
                    raise NotWellFormed
                else:
                    scan_fields(child, data, pos, stop, depth - 1)
            pos = stop
        elif key & 7 == 0 and key > 7:
            if data[pos] < 0x80:
                pos += 1
            elif data[pos + 1] < 0x80:
                pos += 2
            else:
                pos = read_varint(data, pos)[1]
        else:
            pos = skip_field(data, pos, key, depth)
    if pos != end:
        raise NotWellFormed

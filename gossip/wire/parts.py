"""How many objects a message would become, since each of its parts takes two bytes on the wire and 340 in memory."""

from typing import Final

from gossip.errors import MalformedMessageError
from gossip.messages import GossipMessage
from gossip.wire.schema import MAX_DEPTH, Schema, schema_of
from gossip.wire.signed import SignedMessage
from gossip.wire.unknown import skip_field
from gossip.wire.varint import LENGTH_DELIMITED, read_varint

MAX_PARTS: Final = 100_000
"""Sub-messages and repeated values together; what peers say to each other has some thousands."""
ENOUGH_BYTES: Final = 2 * MAX_PARTS
"""A message of fewer bytes cannot have more parts; nearly all are."""


def check_parts(signed: SignedMessage) -> None:
    """Return unless a message has more than :data:`MAX_PARTS` parts; short ones, which cannot, are not looked at.

    Raises:
        MalformedMessageError: It has.
    """
    start, end = signed._start, signed._end
    if end - start > ENOUGH_BYTES:
        _spend(schema_of(GossipMessage), signed._source, start, end, MAX_PARTS)


def _spend(schema: Schema, data: bytes, pos: int, end: int, left: int) -> int:
    """Count down for each part of the well-formed message in ``data[pos:end]``; returns what is left."""
    while pos < end:
        key, pos = read_varint(data, pos)
        field = schema.fields.get(key)
        if field is None:
            pos = skip_field(data, pos, key, MAX_DEPTH)
            continue
        if key & 7 != LENGTH_DELIMITED:
            _, pos = read_varint(data, pos)
            continue
        length, pos = read_varint(data, pos)
        if field.repeated or field.child is not None:
            left -= 1
            if left < 0:
                raise MalformedMessageError(f"more than {MAX_PARTS} parts", offset=pos, field=schema.name)
        if field.child is not None:
            left = _spend(field.child, data, pos, pos + length, left)
        pos += length
    return left

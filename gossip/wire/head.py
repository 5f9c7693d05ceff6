"""The scan of a GossipMessage: proves it well formed and notes what everybody asks first."""

from collections.abc import Mapping
from functools import cache
from typing import Final, cast

from gossip.messages import GossipMessage
from gossip.wire.fault import fault_of
from gossip.wire.kinds import MessageKind
from gossip.wire.scan import K, LookInto, Rules, Skip, at_once, rules_of
from gossip.wire.schema import MAX_DEPTH, TEXT, Field, schema_of
from gossip.wire.unknown import skip_field
from gossip.wire.varint import NotWellFormed, read_key, read_length, read_varint

_NONCE: Final = 1 << 3
_CHANNEL: Final = 2 << 3 | 2
_TAG: Final = 3 << 3
_NONE: Final = MessageKind.NONE

Contents = Mapping[int, tuple[MessageKind, K]]
"""Which content a key stands for, and what is known of it."""

CONTENTS: Final[dict[int, tuple[MessageKind, Rules]]] = {}
"""What a whole scan knows. Filled by the first one."""

Head = tuple[MessageKind, int, bytes, int, int, int]
"""Kind, nonce, channel, tag as its varint came, where the content starts, and how far all that was read.

Where it starts is told if it goes on to the end and nothing before it is unknown, so that this is all there is to know
of the message; 0 stands for no content yet, -1 for anything else.

A bare tuple: it is made for every message.
"""

NO_HEAD: Final[Head] = (_NONE, 0, b"", 0, 0, 0)
"""What is known of a message before anything is read."""


def scan_head(data: bytes) -> Head:
    """Prove a GossipMessage well formed.

    Raises:
        MalformedMessageError: It is not.
    """
    end = len(data)
    try:
        head = scan_part(data, 0, end, end, NO_HEAD, CONTENTS or fill_contents(), at_once, skip_field)
    except (NotWellFormed, IndexError, UnicodeDecodeError):
        head = NO_HEAD
    if head[5] != end:
        raise fault_of(schema_of(GossipMessage), data)
    return head


def scan_part(  # noqa: C901 -- calls cost
    data: bytes, pos: int, limit: int, end: int, head: Head, contents: Contents[K], look_into: LookInto[K], skip: Skip
) -> Head:
    """Go on from ``head`` with the fields of a GossipMessage that begin before ``limit``, as `scan_fields` does.

    Raises:
        NotWellFormed, IndexError, UnicodeDecodeError: It is not well formed.
    """
    kind, nonce, channel, tag, content_at, _ = head
    while pos < limit:
        key = data[pos]
        pos += 1
        if key > 0x7F:
            key, pos = read_key(data, pos - 1)
        if key in contents:
            length = data[pos]
            pos += 1
            if length > 0x7F:
                if data[pos] < 0x80:
                    length += (data[pos] - 1) << 7
                    pos += 1
                else:
                    length, pos = read_length(data, pos - 1)
            stop = pos + length
            content_at = pos if content_at == 0 and stop == end else -1
            kind, known = contents[key]
            if look_into(known, data, pos, stop, MAX_DEPTH - 1, look_into, skip) != stop:
                raise NotWellFormed
            pos = stop
        elif key == _CHANNEL:
            length = data[pos]
            pos += 1
            if length > 0x7F:
                length, pos = read_length(data, pos - 1)
            channel = data[pos : pos + length]
            pos += length
        elif key == _TAG:
            tag = data[pos]
            pos += 1
            if tag > 0x7F:
                tag, pos = read_varint(data, pos - 1)
        elif key == _NONCE:
            nonce = data[pos]
            pos += 1
            if nonce > 0x7F:
                nonce, pos = read_varint(data, pos - 1)
        else:
            pos = skip(data, pos, key, MAX_DEPTH)
            content_at = -1
    return kind, nonce, channel, tag, content_at, pos


def fill_contents() -> dict[int, tuple[MessageKind, Rules]]:
    """Fill :data:`CONTENTS`, and return it."""
    rules_by_key = rules_of(schema_of(GossipMessage))
    # Every text or message field of a GossipMessage is a content. All at once, for the sake of other threads.
    CONTENTS.update({key: (MessageKind(key >> 3), cast("Rules", rules)) for key, rules in rules_by_key.items()})
    return CONTENTS


@cache
def contents_as_fields() -> Contents[Field]:
    """The same for scans that look at every value that is text, bytes or a message before they look into it."""
    fields = schema_of(GossipMessage).fields
    return {key: (MessageKind(key >> 3), field) for key, field in fields.items() if field.kind >= TEXT}

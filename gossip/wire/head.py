"""The scan of a GossipMessage: proves it well formed and notes what everybody asks first."""

from typing import Final, cast

from gossip.messages import GossipMessage
from gossip.wire.fault import find_fault
from gossip.wire.kinds import MessageKind
from gossip.wire.scan import Rules, rules_of, scan_fields
from gossip.wire.schema import MAX_DEPTH, schema_of
from gossip.wire.unknown import skip_field
from gossip.wire.varint import NotWellFormed, read_key, read_length, read_varint

_NONCE: Final = 1 << 3
_CHANNEL: Final = 2 << 3 | 2
_TAG: Final = 3 << 3
_NONE: Final = MessageKind.NONE

_CONTENTS: Final[dict[int, tuple[MessageKind, Rules]]] = {}
"""By key: which content that is, and what is checked in it. Filled by the first scan."""

Head = tuple[MessageKind, int, bytes, int, int]
"""Kind, nonce, channel, tag as its varint came, and where the content starts if it goes on to the end, -1 otherwise.

A bare tuple: it is made for every message.
"""


def scan_head(data: bytes, start: int, end: int) -> Head:
    """Prove the GossipMessage in ``data[start:end]`` well formed.

    Raises:
        MalformedMessageError: It is not.
    """
    try:
        return _scan(data, start, end)
    except (NotWellFormed, IndexError, UnicodeDecodeError):
        raise find_fault(schema_of(GossipMessage), data[start:end]) from None


def _scan(data: bytes, pos: int, end: int) -> Head:  # noqa: C901 -- calls cost
    kind = _NONE
    nonce = tag = 0
    content_at = -1
    channel = b""
    contents = _CONTENTS or _fill_contents()
    while pos < end:
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
            content_at = pos if kind is _NONE and pos + length == end else -1
            kind, rules = contents[key]
            scan_fields(rules, data, pos, pos + length, MAX_DEPTH - 1)
            pos += length
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
            pos = skip_field(data, pos, key, MAX_DEPTH)
    if pos != end:
        raise NotWellFormed
    return kind, nonce, channel, tag, content_at


def _fill_contents() -> dict[int, tuple[MessageKind, Rules]]:
    rules_by_key = rules_of(schema_of(GossipMessage))
    # Every text or message field of a GossipMessage is a content. All at once, for the sake of other threads.
    _CONTENTS.update({key: (MessageKind(key >> 3), cast("Rules", rules)) for key, rules in rules_by_key.items()})
    return _CONTENTS

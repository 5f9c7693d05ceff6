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

_CONTENTS: Final[dict[int, tuple[MessageKind, Rules]]] = {}
"""By key: which content that is, and what is checked in it. Filled by the first scan."""

Head = tuple[MessageKind, int, bytes, int, int]
"""Kind, nonce, channel, tag as its varint came, and where the content starts if it then goes on to the end, else -1.

A bare tuple: it is made for every message.
"""


def scan_head(payload: bytes) -> Head:
    """Prove a marshalled GossipMessage well formed.

    Raises:
        MalformedMessageError: It is not.
    """
    try:
        return _scan(payload)
    except (NotWellFormed, IndexError, UnicodeDecodeError):
        raise find_fault(schema_of(GossipMessage), payload) from None


def _scan(payload: bytes) -> Head:
    kind = none = MessageKind.NONE
    nonce = tag = pos = 0
    content_at = -1
    channel = b""
    end = len(payload)
    contents = _CONTENTS or _fill_contents()
    while pos < end:
        key = payload[pos]
        pos += 1
        if key > 0x7F:
            key, pos = read_key(payload, pos - 1)
        if key in contents:
            length = payload[pos]
            pos += 1
            if length > 0x7F:
                length, pos = read_length(payload, pos - 1)
            content_at = pos if kind is none and pos + length == end else -1
            kind, rules = contents[key]
            scan_fields(rules, payload, pos, pos + length, MAX_DEPTH - 1)
            pos += length
        elif key == _CHANNEL:
            length = payload[pos]
            pos += 1
            if length > 0x7F:
                length, pos = read_length(payload, pos - 1)
            channel = payload[pos : pos + length]
            pos += length
        elif key == _TAG:
            tag, pos = read_varint(payload, pos)
        elif key == _NONCE:
            nonce, pos = read_varint(payload, pos)
        else:
            pos = skip_field(payload, pos, key, MAX_DEPTH)
    if pos != end:
        raise NotWellFormed
    return kind, nonce, channel, tag, content_at


def _fill_contents() -> dict[int, tuple[MessageKind, Rules]]:
    for key, rules in rules_of(schema_of(GossipMessage)).items():
        _CONTENTS[key] = (MessageKind(key >> 3), cast("Rules", rules))  # every text or message field is a content
    return _CONTENTS

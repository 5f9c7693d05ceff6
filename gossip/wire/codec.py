"""The codec: messages to bytes and back, as strict as Google's protobuf.

What it accepts is what both of Google's implementations accept: upb (Python, C++) and Go's, which Fabric uses. They
differ where no encoder ever goes: upb gives up after five bytes of a key or length, where Go reads ten, and after 100
levels, where Go allows 10 000; Go refuses a varint beyond 64 bits and field number 0 inside a group, which upb lets
pass.

betterproto's own codec is never used: it accepts what is malformed and can be made to allocate without bounds.
"""

import betterproto

from gossip.checks import check_argument
from gossip.errors import InvalidMessageError
from gossip.wire.decode import decode_message
from gossip.wire.encode import encode_message
from gossip.wire.fault import fault_of
from gossip.wire.schema import M, schema_of
from gossip.wire.varint import NotWellFormed


def encode(message: betterproto.Message) -> bytes:
    """Encode a message of a generated class, byte for byte as Go's ``proto.Marshal`` does.

    Fields come in the order of their numbers, unknown ones last. A sub-message that the user set is written even when
    it is empty; one that only came about by reading its field is not.

    Raises:
        InvalidMessageError: A value has the wrong type or is out of range; it names the field.
    """
    if not isinstance(message, betterproto.Message):
        raise InvalidMessageError("not a message of gossip.messages", field=type(message).__name__)
    return encode_message(message)


def decode(cls: type[M], data: bytes) -> M:
    """Build a message of class ``cls`` from all of ``data``; fields that ``cls`` does not know are kept.

    Raises:
        MalformedMessageError: ``data`` is not well formed; it names the rule, the byte and the field.
        InvalidArgumentError: ``data`` is not bytes.
    """
    check_argument("data", data, bytes)
    try:
        return decode_message(cls, data, 0, len(data))
    except (NotWellFormed, IndexError, UnicodeDecodeError):
        raise fault_of(schema_of(cls), data) from None

"""The unit of the stream: bytes to `SignedMessage`."""

from typing import Final

from gossip.checks import check_argument
from gossip.wire.head import CONTENTS, NO_HEAD, fill_contents, scan_part
from gossip.wire.scan import at_once
from gossip.wire.signed import SignedMessage
from gossip.wire.slices import parse_in_slices
from gossip.wire.sparse import SparseScan
from gossip.wire.unknown import skip_field
from gossip.wire.varint import NotWellFormed, read_length

WHOLE_BYTES: Final = 1280
"""Up to so many a frame is scanned at once, which takes a quarter of a millisecond when it is made to take long."""

_PAYLOAD: Final = 1 << 3 | 2
_SIGNATURE: Final = 2 << 3 | 2


def parse_envelope(frame: bytes) -> SignedMessage:
    """Read one message of the stream; both the envelope and the message in it are proved well formed.

    No signature is checked: see `gossip.wire.signed.check_signature`. It may take long: see `parse_in_slices`.

    Raises:
        MalformedEnvelopeError: Not an Envelope; it names the rule, the byte and the field.
        MalformedMessageError: What is in it is not a GossipMessage, or has too many parts; it names the same.
        InvalidArgumentError: ``frame`` is not bytes.

    Mirrors: gossip/protoext/message.go, EnvelopeToGossipMessage.
    """
    signed = parse_at_once(frame) if type(frame) is bytes else None  # a bytearray can change under the message
    return signed or _parse_thoroughly(frame)


def parse_at_once(frame: bytes) -> SignedMessage | None:
    """The same for a frame that takes no longer than one of :data:`WHOLE_BYTES`, however long it is.

    Returns:
        None for one that is left to `parse_in_slices`: one of many parts, an unusual or a malformed one, or no bytes.
    """
    start = stop = pos = 0
    signature: bytes | None = None
    try:
        end = len(frame)
        while pos < end:
            key = frame[pos]
            length = frame[pos + 1]
            pos += 2
            if length > 0x7F:
                if frame[pos] < 0x80:
                    length += (frame[pos] - 1) << 7
                    pos += 1
                else:
                    length, pos = read_length(frame, pos - 1)
            if key == _PAYLOAD and not stop:
                start, stop = pos, pos + length
            elif key == _SIGNATURE and signature is None:
                signature = frame[pos : pos + length]
            else:
                return None
            pos += length
        if end <= WHOLE_BYTES:
            head = scan_part(frame, start, stop, stop, NO_HEAD, CONTENTS or fill_contents(), at_once, skip_field)
        else:
            head = SparseScan().head(frame, start, stop)
    except (NotWellFormed, IndexError, UnicodeDecodeError, TypeError):
        return None
    if pos != end or head[5] != stop:
        return None
    return SignedMessage(frame, start, stop, signature or b"", None, head, frame, False)


def _parse_thoroughly(frame: bytes) -> SignedMessage:
    check_argument("frame", frame, bytes)
    return next(filter(None, parse_in_slices(frame)))

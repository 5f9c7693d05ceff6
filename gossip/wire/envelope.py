"""The unit of the stream: bytes to `SignedMessage`, and back."""

from typing import Final

from gossip.checks import check_argument
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.head import CONTENTS, NO_HEAD, fill_contents, scan_part
from gossip.wire.scan import at_once
from gossip.wire.signed import SignedMessage
from gossip.wire.slices import parse_in_slices
from gossip.wire.unknown import skip_field
from gossip.wire.varint import NotWellFormed, read_length

__all__ = ["WHOLE_BYTES", "encode_envelope", "parse_envelope", "parse_in_slices"]

WHOLE_BYTES: Final = 1280
"""Up to so many a frame is scanned at once, which takes a quarter of a millisecond when it is made to take long."""

_PAYLOAD: Final = 1 << 3 | 2
_SIGNATURE: Final = 2 << 3 | 2


def parse_envelope(frame: bytes) -> SignedMessage:
    """Read one message of the stream; both the envelope and the message in it are proved well formed.

    No signature is checked: see `gossip.wire.signed.check_signature`. A frame of more than :data:`WHOLE_BYTES` may take
    long: see `parse_in_slices`, which reads everything that is unusual here, too.

    Raises:
        MalformedEnvelopeError: Not an Envelope; it names the rule, the byte and the field.
        MalformedMessageError: What is in it is not a GossipMessage, or has too many parts; it names the same.
        InvalidArgumentError: ``frame`` is not bytes.

    Mirrors: gossip/protoext/message.go, EnvelopeToGossipMessage.
    """
    start = stop = pos = 0
    signature = b""
    try:
        end = len(frame)
        if end > WHOLE_BYTES:
            return _parse_thoroughly(frame)
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
            if key == _PAYLOAD:
                start, stop = pos, pos + length
            elif key == _SIGNATURE:
                signature = frame[pos : pos + length]
            else:
                return _parse_thoroughly(frame)
            pos += length
        head = scan_part(frame, start, stop, stop, NO_HEAD, CONTENTS or fill_contents(), at_once, skip_field)
    except (NotWellFormed, IndexError, UnicodeDecodeError, TypeError):
        return _parse_thoroughly(frame)
    if pos != end or head[5] != stop:
        return _parse_thoroughly(frame)
    return SignedMessage(frame, start, stop, signature, None, head, frame, False)


def _parse_thoroughly(frame: bytes) -> SignedMessage:
    """A long envelope, one with more in it than payload and signature, or a malformed one; or no bytes at all."""
    check_argument("frame", frame, bytes)
    return next(filter(None, parse_in_slices(frame)))

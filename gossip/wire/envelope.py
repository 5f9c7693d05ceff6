"""The unit of the stream: bytes to `SignedMessage`, and back."""

from typing import Final

from gossip.errors import MalformedEnvelopeError, MalformedMessageError
from gossip.messages import Envelope, SecretEnvelope
from gossip.wire.attributes import values_of
from gossip.wire.codec import decode
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.head import scan_head
from gossip.wire.signed import SignedMessage
from gossip.wire.varint import NotWellFormed, read_length

__all__ = ["encode_envelope", "parse_envelope"]

_PAYLOAD: Final = 1 << 3 | 2
_SIGNATURE: Final = 2 << 3 | 2


def parse_envelope(frame: bytes) -> SignedMessage:
    """Read one message of the stream; both the envelope and the message in it are proved well formed.

    No signature is checked: see `gossip.wire.signed.check_signature`.

    Raises:
        MalformedEnvelopeError: Not an Envelope; it names the rule, the byte and the field.
        MalformedMessageError: What is in it is not a GossipMessage; it names the same.

    Mirrors: gossip/protoext/message.go, EnvelopeToGossipMessage.
    """
    start = stop = pos = 0
    signature = b""
    end = len(frame)
    try:
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
                return _parse_unusual(frame)
            pos += length
    except (NotWellFormed, IndexError):
        return _parse_unusual(frame)
    if pos != end:
        return _parse_unusual(frame)
    return SignedMessage(frame, start, stop, signature, None, scan_head(frame, start, stop), frame, False)


def _parse_unusual(frame: bytes) -> SignedMessage:
    """An envelope with more in it than payload and signature, or a malformed one."""
    try:
        envelope = decode(Envelope, frame)
    except MalformedMessageError as error:
        raise MalformedEnvelopeError(error.what, offset=error.offset, field=error.field) from None
    secret = values_of(envelope)["secret_envelope"]
    secret_envelope = secret if isinstance(secret, SecretEnvelope) else None
    payload = envelope.payload
    end = len(payload)
    return SignedMessage(payload, 0, end, envelope.signature, secret_envelope, scan_head(payload, 0, end), frame, False)

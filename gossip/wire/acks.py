"""Acknowledgements, written and read without building objects: there may be one for every message."""

from typing import Final

from gossip.errors import InvalidMessageError, UnexpectedMessageError
from gossip.wire.envelope_bytes import encode_envelope, encode_nonce
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import SignedMessage
from gossip.wire.varint import MAX_VARINT_BYTES, NotWellFormed, encode_varint, read_varint

MAX_ACK_BYTES: Final = 64 * 1024
"""What a refusal may take; Fabric's take a few hundred."""
MAX_UNUSUAL_ACK_BYTES: Final = 2048
"""What one may take that is not encoded as anybody would, and that has to become an object first."""

_ACK_KEY: Final = b"\xb2\x01"
_EMPTY_ACK: Final = _ACK_KEY + b"\x00"
_MAX_POSITIVE_ACK_BYTES: Final = 3 + MAX_VARINT_BYTES + len(_EMPTY_ACK)
_BEFORE_NONCE: Final = tuple(
    bytes((1 << 3 | 2, max(size - 2, 0), 1 << 3)) for size in range(_MAX_POSITIVE_ACK_BYTES + 1)
)
"""How the envelope of a positive acknowledgement begins, by its size."""
_ERROR: Final = 1 << 3 | 2
_ERROR_KEY: Final = bytes((_ERROR,))


def encode_ack(nonce: int, error: str = "") -> bytes:
    """Encode the envelope of an acknowledgement, or with ``error`` of a refusal, of the message with that nonce.

    Unsigned and without a tag, as Fabric sends it.

    Raises:
        InvalidMessageError: ``nonce`` is not in 0 to 2**64 - 1, or ``error`` is not text that UTF-8 can hold.

    Mirrors: gossip/comm/msg.go, ReceivedMessageImpl.Ack.
    """
    payload = encode_nonce(nonce)
    if error != "":
        if not isinstance(error, str):
            raise InvalidMessageError(f"expected str, got {type(error).__name__}", field="GossipMessage.ack.error")
        try:
            text = error.encode()
        except UnicodeEncodeError as fault:
            what = f"the character at {fault.start} is half a surrogate pair"
            raise InvalidMessageError(what, field="GossipMessage.ack.error") from None
        content = _ERROR_KEY + encode_varint(len(text)) + text
        payload += _ACK_KEY + encode_varint(len(content)) + content
    else:
        payload += _EMPTY_ACK
    return encode_envelope(payload, b"")


def find_positive_ack(frame: bytes) -> int | None:
    """Read the nonce of an envelope that is, byte for byte, a positive acknowledgement as Fabric and we encode it.

    It takes half the time of :func:`gossip.wire.envelope.parse_envelope`, and there may be one for every message.

    Returns:
        The nonce, or None where the frame has to be parsed: it is something else, or malformed.
    """
    size = len(frame)
    if size > _MAX_POSITIVE_ACK_BYTES or not frame.endswith(_EMPTY_ACK) or frame[:3] != _BEFORE_NONCE[size]:
        return None
    try:
        nonce, stop = read_varint(frame, 3)
    except NotWellFormed:
        return None
    return nonce if stop + len(_EMPTY_ACK) == size else None


def parse_ack(signed: SignedMessage) -> str:
    """Read an acknowledgement's error; empty when the peer took the message.

    One that is so long that reading it would keep others waiting is taken for a refusal.

    Raises:
        UnexpectedMessageError: ``signed`` is not an acknowledgement.
    """
    if signed.kind is not MessageKind.ACK:
        raise UnexpectedMessageError(f"expected an acknowledgement, got {signed.kind.name}")
    size = signed.payload_bytes
    if size <= MAX_ACK_BYTES:
        content = signed.content
        if content == b"":
            return ""
        if content is not None and content[0] == _ERROR:
            length, text_at = read_varint(content, 1)
            if text_at + length == len(content):
                return content[text_at:].decode()
        if size <= MAX_UNUSUAL_ACK_BYTES:
            return signed.message.ack.error
    return f"an acknowledgement of {size} bytes, which is not read"

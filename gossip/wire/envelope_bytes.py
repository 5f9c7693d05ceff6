"""The bytes of an Envelope, and of a message's nonce, written by hand: this runs for every message that is sent."""

from typing import Final

from gossip.errors import InvalidMessageError
from gossip.messages import SecretEnvelope
from gossip.wire.codec import encode
from gossip.wire.varint import MAX_UINT64, ONE_BYTE, encode_varint

_PAYLOAD: Final = b"\x0a"
_SIGNATURE: Final = b"\x12"
_SECRET_ENVELOPE: Final = b"\x1a"
_NONCE: Final = b"\x08"


def encode_envelope(payload: bytes, signature: bytes, secret_envelope: SecretEnvelope | None = None) -> bytes:
    """Encode an Envelope; empty parts are left out, as Go does.

    Raises:
        InvalidMessageError: ``secret_envelope`` holds something else than bytes.
    """
    parts: list[bytes] = []
    if payload:
        parts += (_PAYLOAD, encode_varint(len(payload)), payload)
    if signature:
        length = len(signature)
        parts += (_SIGNATURE, ONE_BYTE[length] if length < 0x80 else encode_varint(length), signature)
    if secret_envelope is not None:
        secret = encode(secret_envelope)
        parts += (_SECRET_ENVELOPE, encode_varint(len(secret)), secret)
    return b"".join(parts)


def encode_nonce(nonce: int) -> bytes:
    """Encode the nonce as a GossipMessage begins with it; nothing for 0.

    Raises:
        InvalidMessageError: It is not in 0 to 2**64 - 1.
    """
    if not 0 <= nonce <= MAX_UINT64:
        raise InvalidMessageError(f"{nonce} is not in 0 to 2**64 - 1", field="GossipMessage.nonce")
    return _NONCE + encode_varint(nonce) if nonce else b""

"""Acknowledgements, written and read without building objects: there may be one for every message."""

from typing import Final

from gossip.errors import InvalidMessageError, UnexpectedMessageError
from gossip.wire.envelope_bytes import encode_envelope, encode_nonce
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import SignedMessage
from gossip.wire.varint import encode_varint

_ACK_KEY: Final = b"\xb2\x01"
_EMPTY_ACK: Final = _ACK_KEY + b"\x00"
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
    if error:
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


def parse_ack(signed: SignedMessage) -> str:
    """Read an acknowledgement's error; empty when the peer took the message.

    Raises:
        UnexpectedMessageError: ``signed`` is not an acknowledgement.
    """
    if signed.kind is not MessageKind.ACK:
        raise UnexpectedMessageError(f"an acknowledgement is wanted, not {signed.kind.name}")
    content = signed.content
    if content == b"":
        return ""
    if content is not None and content[0] == _ERROR and content[1] == len(content) - 2 < 0x80:
        return content[2:].decode()
    return signed.message.ack.error

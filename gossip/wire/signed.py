"""A message together with the exact bytes it travels in, and its signatures."""

from collections.abc import Callable
from typing import Final

from gossip.answers import hear_verdict
from gossip.checks import check_argument, check_function
from gossip.errors import InvalidMessageError, MalformedMessageError, SignatureError
from gossip.messages import GossipMessage, GossipMessageTag, Secret, SecretEnvelope
from gossip.types import ChannelId
from gossip.wire.codec import decode, encode
from gossip.wire.decode import decode_content, decode_message
from gossip.wire.envelope_bytes import encode_envelope, encode_nonce
from gossip.wire.head import Head, scan_head
from gossip.wire.kinds import MessageKind
from gossip.wire.varint import to_int32

Sign = Callable[[bytes], bytes]
"""Returns the signature over the bytes; what it raises reaches the caller."""

Verify = Callable[[bytes, bytes], None]
"""Takes a signature and what it is over; returns when it holds, raises `SignatureError` or what it likes when not."""


class SignedMessage:
    """A GossipMessage, the bytes it came in or leaves in, and what is asked of it first.

    Not to be changed. Well formed, since it was scanned or encoded here; whether a signature holds is another question,
    see `check_signature`. The message object is built when `message` is first read.

    Mirrors: gossip/protoext/signing.go, SignedGossipMessage.
    """

    __slots__ = (
        "_end",
        "_envelope",
        "_head",
        "_is_ours",
        "_message",
        "_secret_envelope",
        "_signature",
        "_source",
        "_start",
        "kind",
        "nonce",
    )

    # Read for every message: as properties, these two took 1 % of an acknowledged one's instructions.
    kind: Final[MessageKind]
    """Which content the message has."""
    nonce: Final[int]
    """Pairs the message with its acknowledgement; 0 when none is wanted."""

    def __init__(
        self,
        source: bytes,
        start: int,
        end: int,
        signature: bytes,
        secret_envelope: SecretEnvelope | None,
        head: Head,
        envelope: bytes | None,
        is_ours: bool,
    ) -> None:
        """Put together what is known to belong together; `parse_envelope` and `sign_message` are the ways in.

        The marshalled message is ``source[start:end]``, so that a received one is not copied out of its envelope before
        somebody asks for it. ``envelope`` are the bytes that it came in, None if it came in none; ``is_ours`` says that
        our own encoder wrote the message.
        """
        self._source = source
        self._start = start
        self._end = end
        self._signature = signature
        self._secret_envelope = secret_envelope
        self._head = head
        self.kind = head[0]
        self.nonce = head[1]
        self._envelope = envelope
        self._is_ours = is_ours
        self._message: GossipMessage | None = None

    @property
    def envelope(self) -> bytes:
        """The encoded Envelope: exactly the bytes that came in, or ours, encoded once."""
        if self._envelope is None:
            self._envelope = encode_envelope(self.payload, self._signature, self._secret_envelope)
        return self._envelope

    @property
    def payload(self) -> bytes:
        """The marshalled GossipMessage, over which the signature is."""
        return self._source[self._start : self._end]

    @property
    def signature(self) -> bytes:
        """The signature over `payload`; empty on a message that is not signed."""
        return self._signature

    @property
    def secret_envelope(self) -> SecretEnvelope | None:
        """What only the sender's organisation may read, signed separately."""
        return self._secret_envelope

    @property
    def channel(self) -> ChannelId:
        """The channel's name; empty when the message belongs to none."""
        return ChannelId(self._head[2])

    @property
    def tag(self) -> GossipMessageTag:
        """How far the message may be passed on."""
        return GossipMessageTag.try_value(to_int32(self._head[3]))

    @property
    def content(self) -> bytes | None:
        """The encoded content as it came; None when there is none, or not in one piece behind all that is known."""
        start = self._head[4]
        return self._source[start : self._end] if start > 0 else None

    @property
    def message(self) -> GossipMessage:
        """The message as an object; changing it changes no bytes."""
        if self._message is None:
            if self._head[4] > 0:
                self._message = decode_content(self._head, self._source, self._end)
            else:
                self._message = decode_message(GossipMessage, self._source, self._start, self._end)
        return self._message

    @property
    def payload_bytes(self) -> int:
        """How long the payload is."""
        return self._end - self._start

    @property
    def is_signed(self) -> bool:
        """Whether there is a signature; not whether it holds. Mirrors: IsSigned."""
        return self.payload_bytes > 0 and bool(self._signature)

    def __eq__(self, other: object) -> bool:
        """Whether it has the same bytes."""
        return self.envelope == other.envelope if isinstance(other, SignedMessage) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.envelope)

    def __repr__(self) -> str:
        sizes = f"payload={self.payload_bytes} bytes, signature={len(self._signature)} bytes"
        return f"SignedMessage({self.kind.name}, nonce={self.nonce}, {sizes})"


def sign_message(message: GossipMessage, sign: Sign) -> SignedMessage:
    """Encode a message and sign it; later changes of ``message`` have no effect.

    Raises:
        InvalidMessageError: The message cannot be encoded, or ``sign`` returned something else than bytes.
        InvalidArgumentError: ``sign`` is no function, or a coroutine function.
        Exception: Whatever ``sign`` raises.

    Mirrors: SignedGossipMessage.Sign.
    """
    payload = _encode_ours(message)
    return _ours(payload, _sign(payload, sign, "Envelope.signature"))


def noop_sign(message: GossipMessage) -> SignedMessage:
    """Encode a message that travels unsigned.

    Its tag is not judged, as in Fabric: a message whose tag does not fit its content arrives, and a Fabric peer drops
    it. :func:`gossip.wire.tags.find_tag_fault` tells.

    Raises:
        InvalidMessageError: The message cannot be encoded.

    Mirrors: NoopSign.
    """
    payload = _encode_ours(message)
    return _ours(payload, b"")


def _encode_ours(message: GossipMessage) -> bytes:
    if not isinstance(message, GossipMessage):
        raise InvalidMessageError(f"{type(message).__name__} is no GossipMessage", field="GossipMessage")
    return encode(message)


def _sign(payload: bytes, sign: Sign, field: str) -> bytes:
    check_function("sign", sign)
    signature = sign(payload)
    if not isinstance(signature, bytes):
        raise InvalidMessageError(f"expected bytes, got {type(signature).__name__}", field=field)
    return signature


def _ours(payload: bytes, signature: bytes) -> SignedMessage:
    try:
        head = scan_head(payload)
    except MalformedMessageError as too_deep:
        raise InvalidMessageError(f"no peer would take it: {too_deep}", field="GossipMessage") from too_deep
    return SignedMessage(payload, 0, len(payload), signature, None, head, None, True)


def sign_secret(signed: SignedMessage, secret: Secret, sign: Sign) -> SignedMessage:
    """The same message with a secret envelope of its own signature; one that was there is replaced.

    Raises:
        InvalidMessageError: The secret cannot be encoded, or ``sign`` returned something else than bytes.
        InvalidArgumentError: ``signed`` is no signed message, ``secret`` is no Secret, or ``sign`` is no function, or a
            coroutine function.
        Exception: Whatever ``sign`` raises.

    Mirrors: SignSecret.
    """
    check_argument("signed", signed, SignedMessage)
    check_argument("secret", secret, Secret)
    payload = encode(secret)
    secret_envelope = SecretEnvelope(payload=payload, signature=_sign(payload, sign, "SecretEnvelope.signature"))
    return SignedMessage(
        signed._source,
        signed._start,
        signed._end,
        signed._signature,
        secret_envelope,
        signed._head,
        None,
        signed._is_ours,
    )


def check_signature(signed: SignedMessage, verify: Verify) -> None:
    """Return when the signature holds over the payload, and that of the secret envelope, if there is one, over its own.

    Raises:
        SignatureError: A payload or a signature is missing.
        InvalidArgumentError: ``signed`` is no signed message, or ``verify`` is no function, or a coroutine function.
        Exception: Whatever ``verify`` raises.

    Mirrors: SignedGossipMessage.Verify.
    """
    check_argument("signed", signed, SignedMessage)
    check_function("verify", verify)
    check_signatures(signed, verify)


def check_signatures(signed: SignedMessage, verify: Verify) -> None:
    """The same, where both arguments are known to be right."""
    _check_one("message", signed.signature, signed.payload, verify)
    secret = signed.secret_envelope
    if secret is not None:
        _check_one("secret envelope", secret.signature, secret.payload, verify)


def _check_one(what: str, signature: bytes, payload: bytes, verify: Verify) -> None:
    if not payload:
        raise SignatureError(f"Empty payload in the {what}")
    if not signature:
        raise SignatureError(f"Empty signature on the {what}")
    hear_verdict(verify, signature, payload)


def with_nonce(signed: SignedMessage, nonce: int) -> SignedMessage:
    """The same message with another nonce, unsigned and without a secret envelope, as it is sent with acknowledgement.

    Raises:
        InvalidMessageError: ``nonce`` is not in 0 to 2**64 - 1.

    Mirrors: gossip/comm/comm_impl.go, SendWithAck, which changes the caller's message instead.
    """
    if signed._is_ours:
        # Our own encoder wrote the old nonce first, and in as few bytes as it takes.
        kind, old_nonce, channel, tag, content_at, _ = signed._head
        rest = signed._source[len(encode_nonce(old_nonce)) :] if old_nonce else signed._source
        payload = encode_nonce(nonce) + rest
        end = len(payload)
        if content_at > 0:
            content_at += end - signed._end
        return SignedMessage(payload, 0, end, b"", None, (kind, nonce, channel, tag, content_at, end), None, True)
    message = decode(GossipMessage, signed.payload)
    message.nonce = nonce
    return noop_sign(message)


def internal_endpoint(signed: SignedMessage) -> str:
    """The address that the sender's own organisation reaches it at; empty when it is not told or not readable.

    Only as true as the signature of the secret envelope, see `check_signature`.

    Raises:
        InvalidArgumentError: ``signed`` is no signed message.

    Mirrors: gossip/protoext/membership.go, InternalEndpoint.
    """
    check_argument("signed", signed, SignedMessage)
    if signed.secret_envelope is None:
        return ""
    try:
        secret = decode(Secret, signed.secret_envelope.payload)
    except MalformedMessageError:
        return ""
    return getattr(secret, "internal_endpoint", "")  # betterproto raises for a member of a oneof that is not set

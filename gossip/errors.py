"""Every error that gossip raises on purpose.

A class says whose fault it is, and policy is read from that: PEER closes the connection and warns, NETWORK presumes the
peer dead, OURS is raised to the caller. The facts of a case are attributes. Texts keep Fabric's wording where operators
search for it.
"""

from datetime import datetime
from enum import Enum
from typing import ClassVar, TypeVar

from gossip.shown import shown_text, without_keys
from gossip.types import PkiId

__all__ = [
    "AckTimeoutError",
    "ClosedError",
    "ConfigurationError",
    "DialError",
    "Fault",
    "FrameTooLargeError",
    "GossipError",
    "HandshakeError",
    "IdentityError",
    "IdentityExpiredError",
    "IdentityRevokedError",
    "InvalidArgumentError",
    "InvalidMessageError",
    "MalformedEnvelopeError",
    "MalformedMessageError",
    "NegativeAckError",
    "NoCertificateError",
    "OutOfOrderError",
    "PeerSilentError",
    "PkiIdMismatchError",
    "QueueFullError",
    "RefusedByPeerError",
    "SendError",
    "SignatureError",
    "StreamBrokenError",
    "TlsBindingError",
    "TransportError",
    "UnexpectedMessageError",
    "UnknownIdentityError",
    "UnnamedPeerError",
    "UntrustedIdentityError",
    "WireError",
    "WrongPeerError",
]

E = TypeVar("E", bound=BaseException)


class Fault(Enum):
    """Who has to change something before it can work."""

    OURS = "ours"
    PEER = "peer"
    NETWORK = "network"


class GossipError(Exception):
    """The root: catch it to catch everything below."""

    fault: ClassVar[Fault] = Fault.OURS

    def __str__(self) -> str:
        return without_keys(super().__str__())

    def __reduce__(self) -> tuple[object, ...]:
        """For copies and other processes: the text is made, and must not be made of itself."""
        return _again, (type(self), self.args), vars(self)


def without_traces(error: E) -> E:
    """The error, and what led to it, without the frames that it came through: they hold messages, and whoever keeps it.

    For errors that are kept. Who raises one again sees where it did.
    """
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error


def _in_hex(data: bytes) -> str:
    return data.hex() if len(data) <= 64 else f"{data[:32].hex()}... ({len(data)} bytes)"


def _again(kind: type[GossipError], args: tuple[object, ...]) -> GossipError:
    return kind.__new__(kind, *args)


class ConfigurationError(GossipError):
    """A setting, file or folder of ours cannot be used; ``path`` names it where there is one."""

    def __init__(self, text: str, *, path: str | None = None) -> None:
        super().__init__(f"{path}: {text}" if path else text)
        self.path = without_keys(path) if path else path


class ClosedError(GossipError):
    """The object was stopped or closed before or during the call."""


class OutOfOrderError(GossipError):
    """A call that the object's state does not allow; the state stays as it was."""


class InvalidArgumentError(GossipError):
    """A value that a call was given cannot be used, and nothing was done; ``name`` is the argument's."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name} {text}")
        self.name = name


# -- wire


class WireError(GossipError):
    """Bytes that a peer sent are not what they must be."""

    fault = Fault.PEER


class MalformedMessageError(WireError):
    """Not well-formed protobuf.

    ``what`` is the rule that was broken, ``offset`` the byte where it was, ``field`` the path of names down to it.
    """

    def __init__(self, what: str, *, offset: int, field: str) -> None:
        super().__init__(f"malformed {field} at byte {offset}: {what}")
        self.what = what
        self.offset = offset
        self.field = field


class MalformedEnvelopeError(MalformedMessageError):
    """Not even an envelope: what gRPC itself refuses at a Fabric peer, with status INTERNAL."""


class InvalidMessageError(GossipError):
    """A message of ours cannot be encoded; nothing was.

    ``what`` is wrong with the value, ``field`` the path of names down to it.
    """

    def __init__(self, what: str, *, field: str) -> None:
        super().__init__(f"cannot encode {field}: {what}")
        self.what = what
        self.field = field


class FrameTooLargeError(WireError):
    """A message is longer than the limit that holds for this stream."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(f"message of {size_bytes} bytes is larger than the limit of {limit_bytes}")
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class UnexpectedMessageError(WireError):
    """A well-formed message that has no place here."""


# -- identity


class IdentityError(GossipError):
    """An identity cannot be used; ``pki_id`` names it where it is known.

    ``source`` is the file, and the line where one line says it, of the rule that it breaks, if a file says so.
    """

    fault = Fault.PEER

    def __init__(self, text: str, *, pki_id: PkiId | None = None, source: str | None = None) -> None:
        super().__init__(f"{text} (PKI-ID {_in_hex(pki_id)})" if pki_id is not None else text)
        self.pki_id = pki_id
        self.source = source


class UnknownIdentityError(IdentityError):
    """No identity is stored for this PKI-ID."""

    def __init__(self, pki_id: PkiId) -> None:
        super().__init__("PKIID wasn't found", pki_id=pki_id)


class PkiIdMismatchError(IdentityError):
    """The identity's own PKI-ID is not the one that it came with."""

    def __init__(self, *, claimed: PkiId, computed: PkiId) -> None:
        super().__init__(f"identity doesn't match the computed pkiID {_in_hex(computed)}", pki_id=claimed)
        self.claimed = claimed
        self.computed = computed


class IdentityExpiredError(IdentityError):
    """The identity's certificate ended before now."""

    def __init__(self, expired_at: datetime, *, pki_id: PkiId | None = None) -> None:
        super().__init__(f"gossipping peer identity expired at {expired_at.isoformat()}", pki_id=pki_id)
        self.expired_at = expired_at


class IdentityRevokedError(IdentityError):
    """A CRL of the identity's own MSP names its certificate; ``source`` is the CRL's file."""


class UntrustedIdentityError(IdentityError):
    """No MSP that we know vouches for the identity."""


class SignatureError(GossipError):
    """A signature does not hold over the bytes."""

    fault = Fault.PEER


# -- handshake


class HandshakeError(GossipError):
    """Two peers did not come to trust each other."""

    fault = Fault.PEER


class NoCertificateError(HandshakeError):
    """The other side presented no TLS certificate, so that no identity can be bound to the connection."""


class TlsBindingError(HandshakeError):
    """The signed hash is not that of the certificate on this very connection."""

    def __init__(self, *, expected: bytes, got: bytes) -> None:
        super().__init__(
            f"Expected {_in_hex(expected)} in remote hash of TLS cert, but got {_in_hex(got) or 'nothing'}"
        )
        self.expected = expected
        self.got = got


class WrongPeerError(HandshakeError):
    """Somebody else than the peer that was asked for answered."""

    def __init__(self, *, expected: PkiId, got: PkiId) -> None:
        super().__init__(
            "authentication failure: PKI-ID of remote peer doesn't match expected PKI-ID: "
            f"expected {_in_hex(expected)}, got {_in_hex(got)}"
        )
        self.expected = expected
        self.got = got


class RefusedByPeerError(HandshakeError):
    """The other side ended the stream with an error: ``grpc_status`` by name, ``reason`` in its own words."""

    def __init__(self, *, grpc_status: str, reason: str) -> None:
        super().__init__(f"refused by the peer with {grpc_status}: {shown_text(reason) or 'no reason given'}")
        self.grpc_status = grpc_status
        self.reason = reason


# -- transport


class TransportError(GossipError):
    """The network, or what stands between two peers, did not carry the call."""

    fault = Fault.NETWORK


class DialError(TransportError):
    """No usable connection came about; ``stage`` is one of ``address``, ``tcp``, ``tls`` and ``http2``."""

    def __init__(self, endpoint: str, stage: str, text: str) -> None:
        super().__init__(f"cannot connect to {shown_text(endpoint)}: {stage}: {text}")
        self.endpoint = endpoint
        self.stage = stage
        self.text = text


class PeerSilentError(TransportError):
    """The other side said nothing for as long as we wait; ``waited_for`` says for what."""

    def __init__(self, remote: str, *, waited_for: str, waited_s: float) -> None:
        super().__init__(f"timed out waiting for {waited_for} from {remote} after {waited_s:g} s")
        self.remote = remote
        self.waited_for = waited_for
        self.waited_s = waited_s


class StreamBrokenError(TransportError):
    """A connection that worked stopped working.

    ``was_taken`` is False where the other side said that it did nothing with the call, so that another may be made.
    """

    def __init__(self, text: str, *, was_taken: bool = True) -> None:
        super().__init__(text)
        self.was_taken = was_taken


# -- sending


class SendError(GossipError):
    """A message did not get to a peer, or not as it should."""

    fault = Fault.NETWORK


class UnnamedPeerError(SendError):
    """A message was addressed to an endpoint without a PKI-ID; a handshake with the endpoint tells it."""

    fault = Fault.OURS


class QueueFullError(SendError):
    """The connection's send buffer has no room; the message was dropped."""


class AckTimeoutError(SendError):
    """No acknowledgement came in time; whether the message arrived is unknown."""


class NegativeAckError(SendError):
    """The peer received the message and refused it; ``reason`` in its own words."""

    fault = Fault.PEER

    def __init__(self, reason: str) -> None:
        super().__init__(f"negative acknowledgement: {shown_text(reason)}")
        self.reason = reason

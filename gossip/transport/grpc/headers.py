"""What gRPC puts into HTTP/2 header fields: routes, requests, answers, and how a call ended.

Spec: grpc/doc/PROTOCOL-HTTP2.md.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grpclib.const import Status
from grpclib.metadata import decode_grpc_message, encode_grpc_message

from gossip._version import __version__

Headers = tuple[tuple[bytes, bytes], ...]

GOSSIP_STREAM = b"/gossip.Gossip/GossipStream"
PING = b"/gossip.Gossip/Ping"

CONTENT_TYPE = b"application/grpc"
MAX_REASON_CHARACTERS = 1024

RESPONSE: Headers = ((b":status", b"200"), (b"content-type", CONTENT_TYPE))
TRAILERS_OK: Headers = ((b"grpc-status", b"0"),)
NO_COMPRESSION = b"identity"
ACCEPTS_NO_COMPRESSION = (b"grpc-accept-encoding", NO_COMPRESSION)

_PSEUDO = frozenset({b":method", b":scheme", b":path", b":authority"})
_PSEUDO_OF_ANSWERS = frozenset({b":status"})
_OF_HTTP1 = frozenset({b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"})
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
_NOT_IN_VALUES = re.compile(rb"[\0\r\n]")

# Spec: grpc/doc/http-grpc-status-mapping.md; what an intermediary answers in place of a gRPC server.
_STATUS_OF_HTTP = {
    b"400": Status.INTERNAL,
    b"401": Status.UNAUTHENTICATED,
    b"403": Status.PERMISSION_DENIED,
    b"404": Status.UNIMPLEMENTED,
    b"429": Status.UNAVAILABLE,
    b"502": Status.UNAVAILABLE,
    b"503": Status.UNAVAILABLE,
    b"504": Status.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class CallStatus:
    """How a call ended: the status by name, and the other side's words."""

    status: str
    reason: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether the call succeeded."""
        return self.status == "OK"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a server answers a request that it does not serve."""

    http_status: bytes
    status: Status
    reason: str


TOO_MANY_HANDSHAKES = Refusal(
    b"200", Status.RESOURCE_EXHAUSTED, "as many handshakes are under way on this connection as may be"
)


def request_headers(path: bytes, authority: str, scheme: bytes) -> Headers:
    """The header fields that open a call."""
    return (
        (b":method", b"POST"),
        (b":scheme", scheme),
        (b":path", path),
        (b":authority", authority.encode()),
        (b"te", b"trailers"),
        (b"content-type", CONTENT_TYPE),
        (b"user-agent", b"fabric-gossip/" + __version__.encode()),
    )


def trailers(status: Status, reason: str) -> Headers:
    """The header fields that end an answer; ``reason`` is cut where it is very long, and may be no text of UTF-8's.

    It may hold the name of a file, of which the bytes that are not UTF-8 are half surrogate pairs in Python.
    """
    if status is Status.OK:
        return TRAILERS_OK
    if len(reason) > MAX_REASON_CHARACTERS:
        reason = reason[:MAX_REASON_CHARACTERS] + " …"
    return (
        (b"grpc-status", str(status.value).encode()),
        (b"grpc-message", encode_grpc_message(reason.encode(errors="replace").decode()).encode()),
    )


def is_malformed(fields: Iterable[tuple[bytes, bytes]], allowed: frozenset[bytes] = _PSEUDO) -> bool:
    """Whether HTTP/2 forbids these header fields in a request; what is missing in them, :func:`find_refusal` tells.

    Spec: RFC 9113 sections 8.2 and 8.3.
    """
    pseudo: set[bytes] = set()
    is_regular = False
    for name, value in fields:
        if name.startswith(b":"):
            if is_regular or name not in allowed or name in pseudo:
                return True
            pseudo.add(name)
        else:
            is_regular = True
            if not _NAME.fullmatch(name) or name in _OF_HTTP1 or (name == b"te" and value != b"trailers"):
                return True
        if _NOT_IN_VALUES.search(value):
            return True
    return False


def is_malformed_answer(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether HTTP/2 forbids them at the beginning of an answer; what is missing in them, :func:`find_verdict` tells.

    Spec: RFC 9113 sections 8.2 and 8.3.
    """
    return is_malformed(fields, allowed=_PSEUDO_OF_ANSWERS)


def is_malformed_end(fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether HTTP/2 forbids them at the end of a request, or of an answer.

    Spec: RFC 9113 section 8.1.
    """
    return is_malformed(fields, allowed=frozenset())


def find_refusal(headers: Mapping[bytes, bytes]) -> Refusal | None:
    """Why a request cannot be served, if so.

    Mirrors: grpc-go/internal/transport/http2_server.go, operateHeaders.
    """
    method = headers.get(b":method")
    if method != b"POST":
        return Refusal(b"405", Status.INTERNAL, f"the method must be POST, not {_shown(method)}")
    content_type = headers.get(b"content-type")
    if not _is_grpc(content_type):
        return Refusal(b"415", Status.INVALID_ARGUMENT, f"the content-type {_shown(content_type)} is not gRPC's")
    path = headers.get(b":path")
    if path not in (GOSSIP_STREAM, PING):
        return Refusal(b"200", Status.UNIMPLEMENTED, f"nothing is served at {_shown(path)}")
    return None


def find_verdict(headers: Mapping[bytes, bytes], *, ends: bool) -> CallStatus | None:
    """Read the first header fields of an answer: how the call ended, or None when messages are to come.

    A grpc-status there counts only where nothing follows, as in grpc-go.
    """
    http_status = headers.get(b":status")
    if ends and b"grpc-status" in headers:
        return parse_trailers(headers)
    if http_status != b"200":
        status = _STATUS_OF_HTTP.get(http_status or b"", Status.UNKNOWN)
        return CallStatus(status.name, f"HTTP status {_shown(http_status)}")
    content_type = headers.get(b"content-type")
    if not _is_grpc(content_type):
        return CallStatus(Status.UNKNOWN.name, f"the content-type {_shown(content_type)} is not gRPC's")
    return None


def parse_trailers(headers: Mapping[bytes, bytes]) -> CallStatus:
    """What the last header fields of an answer say."""
    code = headers.get(b"grpc-status")
    if code is None:
        return CallStatus(Status.UNKNOWN.name, "the answer ended without a status")
    try:
        status = Status(int(code) if code.isdigit() else -1)
    except ValueError:
        return CallStatus(
            Status.UNKNOWN.name, f"the answer ended with the status {_shown(code)}, which gRPC does not know"
        )
    return CallStatus(status.name, decode_grpc_message(headers.get(b"grpc-message", b"").decode(errors="replace")))


def _is_grpc(content_type: bytes | None) -> bool:
    return content_type is not None and (
        content_type == CONTENT_TYPE or content_type.startswith((CONTENT_TYPE + b"+", CONTENT_TYPE + b";"))
    )


def _shown(value: bytes | None) -> str:
    return "nothing" if value is None else repr(value[:100].decode("latin-1"))

"""What asyncio, ssl and h2 raise, as gossip's own errors."""

import socket
import ssl

from h2.errors import ErrorCodes
from h2.exceptions import NoSuchStreamError, ProtocolError, StreamClosedError

from gossip.errors import DialError, StreamBrokenError
from gossip.transport.tls.contexts import TlsSide
from gossip.transport.tls.errors import describe, describe_refusal


def connection_broken(remote: str, cause: BaseException | None, reason: str | None = None) -> StreamBrokenError:
    """Say that a connection that worked is gone, and why."""
    if reason is None and cause is not None:
        reason = describe(cause)
    error = StreamBrokenError(f"the connection to {remote} is gone: {reason or 'the peer closed it'}")
    error.__cause__ = cause
    return error


def stream_reset(remote: str, code: int) -> StreamBrokenError:
    """Say that the peer reset a stream."""
    text = f"{remote} reset the stream with {error_code_name(code)}"
    return StreamBrokenError(text, was_taken=code != ErrorCodes.REFUSED_STREAM)


def error_code_name(code: int) -> str:
    """HTTP/2's name for an error code."""
    try:
        return ErrorCodes(code).name
    except ValueError:
        return f"error code {code}"


def address_error(endpoint: str, cause: Exception) -> DialError:
    """Say that an endpoint names no address."""
    text = f"cannot resolve the name: {cause.strerror}" if isinstance(cause, socket.gaierror) else str(cause)
    error = DialError(endpoint, "address", text)
    error.__cause__ = cause
    return error


def dial_error(
    endpoint: str, stage: str, reason: str | None, cause: BaseException | None, side: TlsSide | None
) -> DialError:
    """Say that a dial failed at ``stage``; in TLS 1.3 a client hears that it was refused only after that stage."""
    if isinstance(cause, ssl.SSLError):
        stage = "tls"
    error = DialError(endpoint, stage, reason or _dial_text(stage, cause, side))
    error.__cause__ = cause
    return error


def _dial_text(stage: str, cause: BaseException | None, side: TlsSide | None) -> str:
    if cause is not None:
        return describe_refusal(cause, side)
    if stage == "tls":
        return "the peer closed the connection during the TLS handshake"
    return "the peer closed the connection before it spoke HTTP/2"


def again(failure: StreamBrokenError) -> StreamBrokenError:
    """Copy an error that is kept, to be raised: a raised error holds the frames that it passed through."""
    fresh = StreamBrokenError(*failure.args, was_taken=failure.was_taken)
    fresh.__cause__ = failure.__cause__
    return fresh


def describe_breach(error: ProtocolError) -> str:
    """What broke HTTP/2's rules; h2 says no more than a number where it was a frame for a stream that is not there."""
    match error:
        case StreamClosedError():
            return f"a frame for stream {error.stream_id}, which is closed"
        case NoSuchStreamError():
            return f"a frame for stream {error.stream_id}, which is not there"
        case _:
            return str(error)

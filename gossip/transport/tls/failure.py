"""Why a dial failed in TLS or right behind it, told apart for those who look for the reason."""

import ssl
from enum import Enum

from h2.exceptions import ProtocolError

from gossip.errors import DialError
from gossip.transport.tls.alerts import ABOUT_CERTIFICATE, REFUSED_UNREAD, alert_name, reason_of
from gossip.transport.tls.errors import NOT_TLS
from gossip.transport.tls.hello import TOO_COSTLY


class TlsFault(Enum):
    """What happened."""

    WE_REFUSED = "we refused the peer's certificate"
    THEY_REFUSED = "the peer refused our certificate"
    ALERT = "the peer refused TLS for another reason"
    NOT_TLS = "the peer does not speak TLS"
    GIVEN_UP = "we gave TLS up, as it would cost too much"
    SILENT = "no answer came in time"
    CLOSED = "the peer closed the connection without a reason"
    OTHER = "TLS broke"
    NOT_HTTP2 = "TLS stands, and the peer does not speak HTTP/2"


def classify(error: DialError) -> TlsFault:
    """Tell what happened from the cause of a dial's error."""
    match error.__cause__:
        case ssl.SSLCertVerificationError():
            return TlsFault.WE_REFUSED
        case ssl.SSLError() as broken if reason_of(broken) in REFUSED_UNREAD:
            return TlsFault.WE_REFUSED
        case ssl.SSLError(reason=reason) if reason in NOT_TLS:
            return TlsFault.NOT_TLS
        case ssl.SSLError(reason=reason) if reason in TOO_COSTLY:
            return TlsFault.GIVEN_UP
        case ssl.SSLEOFError():
            return TlsFault.CLOSED
        case ssl.SSLError():
            alert = find_alert(error)
            if alert is None:
                return TlsFault.OTHER
            return TlsFault.THEY_REFUSED if alert in ABOUT_CERTIFICATE else TlsFault.ALERT
        case TimeoutError():
            return TlsFault.SILENT
        case ProtocolError():
            return TlsFault.NOT_HTTP2
        case _:
            return TlsFault.CLOSED


def find_alert(error: DialError) -> str | None:
    """The alert by which the peer refused us, in TLS's words, such as ``unknown ca``; None where it sent none."""
    cause = error.__cause__
    return alert_name(reason_of(cause)) if isinstance(cause, ssl.SSLError) else None


def find_verify_code(error: DialError) -> int | None:
    """OpenSSL's X509_V_ERR by which we refused the peer's certificate; None where we did not."""
    cause = error.__cause__
    return cause.verify_code if isinstance(cause, ssl.SSLCertVerificationError) else None

"""What asyncio and ssl raise, in one line for people; `failure` looks into it again, for diagnosis."""

import ssl

from gossip.transport.tls.alerts import ABOUT_CERTIFICATE, REFUSED_UNREAD, alert_name, reason_of
from gossip.transport.tls.contexts import TlsSide

NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL", "BAD_RECORD_TYPE"}
CA_UNKNOWN = {2, 18, 19, 20, 21}
"""OpenSSL's X509_V_ERR codes of chains that do not end in a certificate that we trust."""


def describe(cause: BaseException) -> str:
    """One line about a foreign error, for people."""
    if isinstance(cause, ssl.SSLError):
        return _describe_tls(cause)
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused, nothing listens there"
    if isinstance(cause, ConnectionResetError):
        return "the peer reset the connection"
    if isinstance(cause, OSError):
        return cause.strerror or str(cause)
    return str(cause) or type(cause).__name__


def describe_refusal(cause: BaseException, side: TlsSide | None) -> str:
    """The same, with the files that were looked in where a certificate's CA was not found."""
    text = describe(cause)
    if isinstance(cause, ssl.SSLCertVerificationError) and cause.verify_code in CA_UNKNOWN and side is not None:
        text += f"; OpenSSL finds no chain from it to the TLS CAs in {', '.join(map(str, side.roots))}"
    return text


def _describe_tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the peer's certificate was refused by us: {error.verify_message}"
    reason = reason_of(error)
    if reason in NOT_TLS:
        return f"what the peer speaks is not TLS ({reason})"
    if reason in REFUSED_UNREAD:
        return f"the peer's certificate was refused by us: {REFUSED_UNREAD[reason]} ({reason})"
    alert = alert_name(reason)
    if alert is None:
        return reason.lower().replace("_", " ")
    if alert in ABOUT_CERTIFICATE:
        return f"the peer refused our certificate: {alert}"
    return f"the peer refused TLS: {alert}"

"""Alerts of TLS by their names, whatever OpenSSL and Python call them."""

import re
import ssl

_IN_TEXT = re.compile(r"^(?:\[[^]]*\] )?(?P<reason>.*?)(?: \(_ssl\.c:\d+\))?$", re.DOTALL)
"""``[SSL] tlsv1 alert no application protocol (_ssl.c:1006)``: Python has names for most reasons, and not for this."""

_ALERT = re.compile(r"(?:SSLV3_ALERT|TLSV13_ALERT|TLSV1_ALERT|TLSV1)_(?P<name>.+)")
"""OpenSSL has a few without the word, such as TLSV1_UNRECOGNIZED_NAME; nothing but alerts begins like these."""

ABOUT_CERTIFICATE = {
    "bad certificate",
    "unsupported certificate",
    "certificate revoked",
    "certificate expired",
    "certificate unknown",
    "certificate required",
    "unknown ca",
    "access denied",
    "decrypt error",
}

REFUSED_UNREAD = {
    "ASN1_LIB": "one that it sends cannot be read",
    "CERT_LENGTH_MISMATCH": "more follows one that it sends",
    "BAD_ECC_CERT": "it has key usages without digital signature",
}
"""What OpenSSL refuses certificates for before it verifies them; the last one in TLS 1.2."""


def reason_of(error: ssl.SSLError) -> str:
    """OpenSSL's reason, such as ``TLSV1_ALERT_UNKNOWN_CA``, also where Python gives none."""
    if error.reason:
        return error.reason
    found = _IN_TEXT.match(error.strerror or str(error))
    return found["reason"].upper().replace(" ", "_") if found is not None else str(error)


def alert_name(reason: str) -> str | None:
    """The alert that the peer sent, in TLS's words: TLSV1_ALERT_UNKNOWN_CA is "unknown ca"."""
    found = _ALERT.fullmatch(reason)
    return found["name"].lower().replace("_", " ") if found is not None else None

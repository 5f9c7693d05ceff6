"""RSA keys in TLS that are longer than Go's TLS takes: verifying with one costs a hundred times as much."""

import ssl

from gossip.der import SEQUENCE, read_certificate_fields, read_element, read_elements, read_integer

MAX_RSA_BITS = 8192
"""Spec: CVE-2023-29409; Go has had it since 1.20.7, for every certificate that is sent."""

_RSA = bytes.fromhex("06092a864886f70d010101")
_UNSPECIFIED = 1
"""OpenSSL's X509_V_ERR_UNSPECIFIED."""


def has_long_rsa_key(certificate: bytes) -> bool:
    """Whether a certificate in DER is of an RSA key of more than 8,192 bits; not where it is none."""
    if len(certificate) <= MAX_RSA_BITS // 8:
        return False
    try:
        key_info = read_element(read_certificate_fields(certificate)[5], SEQUENCE)
        algorithm, key = read_elements(key_info.content)
        if not algorithm.content.startswith(_RSA):
            return False
        unused_bits = 1
        modulus, _ = read_integer(read_element(key.content[unused_bits:], SEQUENCE).content)
    except (ValueError, IndexError):
        return False  # OpenSSL will complain of it
    return modulus.bit_length() > MAX_RSA_BITS


def long_rsa_key_error() -> ssl.SSLCertVerificationError:
    """An error as OpenSSL would raise it for the peer's certificate."""
    text = f"RSA key of more than {MAX_RSA_BITS} bits"
    error = ssl.SSLCertVerificationError(ssl.SSLErrorNumber.SSL_ERROR_SSL, text)
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    error.verify_code, error.verify_message = _UNSPECIFIED, text
    return error

"""Whom a TLS context trusts."""

import base64
import ssl
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.transport.passing_file import passing_file
from gossip.transport.tls_files import certificates_in, is_key_alone, read_text

_TRUSTED_AS_CLIENT = bytes.fromhex("300c300a06082b06010505070302")
"""OpenSSL's X509_CERT_AUX, which may follow a certificate: it is trusted as a client's, whatever its usages say."""


def load_root(context: ssl.SSLContext, path: Path, *, leaves_are_clients: bool) -> None:
    """Trust what a file lists, root or not; with ``leaves_are_clients`` what is no CA as a client's.

    Raises:
        ConfigurationError: The file cannot be used; it is named.
    """
    text = read_text(path)  # once: it may be a pipe
    if is_key_alone(text):
        raise ConfigurationError("holds a private key where a CA certificate belongs", path=str(path))
    try:
        if leaves_are_clients:  # first, since OpenSSL keeps the first copy of a certificate
            _trust_leaves_as_clients(context, text)
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError("holds no usable CA certificate in PEM", path=str(path)) from error
    except OSError as error:
        text = f"lists a certificate that is no CA, which takes a temporary file: {error.strerror}"
        raise ConfigurationError(text, path=str(path)) from error


def _trust_leaves_as_clients(context: ssl.SSLContext, text: str) -> None:
    """Trust every certificate that is no CA as a client's, also where its usages name servers alone."""
    every = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    every.load_verify_locations(cadata=text)
    authorities = set(every.get_ca_certs(binary_form=True))
    leaves = [certificate for certificate in certificates_in(text) if certificate not in authorities]
    if leaves:
        with passing_file("".join(map(_trusted, leaves)).encode()) as file:
            context.load_verify_locations(cafile=file)


def _trusted(leaf: bytes) -> str:
    body = base64.encodebytes(leaf + _TRUSTED_AS_CLIENT).decode()
    return f"-----BEGIN TRUSTED CERTIFICATE-----\n{body}-----END TRUSTED CERTIFICATE-----\n"

"""Whom a TLS context trusts."""

import base64
import ssl
from pathlib import Path

from gossip.der import SEQUENCE, read_certificate_fields, read_element, read_elements
from gossip.errors import ConfigurationError
from gossip.transport.tls.files import certificates_in, is_key_alone, read_text
from gossip.transport.tls.passing_file import passing_file

_TRUSTED_IN_TLS = bytes.fromhex("3016301406082b0601050507030106082b06010505070302")
"""OpenSSL's X509_CERT_AUX, which may follow a certificate: it is trusted for servers and clients, whatever its usages
say."""
_EXTENSIONS_TAG = 0xA3
_EXTENDED_KEY_USAGE = bytes.fromhex("0603551d25")
_ANY_USAGE = bytes.fromhex("0604551d2500")


def load_root(context: ssl.SSLContext, path: Path, *, leaves_are_clients: bool) -> None:
    """Trust what a file lists, root or not; with ``leaves_are_clients`` what is no CA as a client's.

    What is for any usage is for TLS too, as in Go; OpenSSL wants servers and clients named. The CAs of cryptogen 1.0 to
    1.3 are such.

    Raises:
        ConfigurationError: The file cannot be used; it is named.
    """
    text = read_text(path, may_be_pipe=True)
    if is_key_alone(text):
        raise ConfigurationError("holds a private key where a CA certificate belongs", path=str(path))
    try:
        _trust_whatever_they_say(context, text, leaves=leaves_are_clients)  # OpenSSL keeps the first copy of each
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError("holds no usable CA certificate in PEM", path=str(path)) from error
    except OSError as error:
        text = f"lists a certificate that OpenSSL trusts for TLS only from a temporary file: {error.strerror}"
        raise ConfigurationError(text, path=str(path)) from error


def _trust_whatever_they_say(context: ssl.SSLContext, text: str, *, leaves: bool) -> None:
    """Trust the certificates that are for any usage, and with ``leaves`` every one that is no CA."""
    listed = list(certificates_in(text))
    chosen = set(filter(_is_for_any_usage, listed))
    if leaves:
        every = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        every.load_verify_locations(cadata=text)
        chosen.update(set(listed).difference(every.get_ca_certs(binary_form=True)))
    if chosen:
        with passing_file("".join(map(_trusted, sorted(chosen, key=listed.index))).encode()) as file:
            context.load_verify_locations(cafile=file)


def _is_for_any_usage(certificate: bytes) -> bool:
    """Whether it names any usage; of what is no certificate, OpenSSL will complain."""
    try:
        fields = map(read_element, read_certificate_fields(certificate))
        wrapped = next((field for field in fields if field.tag == _EXTENSIONS_TAG), None)
        extensions = read_elements(read_element(wrapped.content, SEQUENCE).content) if wrapped is not None else []
        for extension in extensions:
            kind, *_, value = read_elements(extension.content)
            if kind.encoded == _EXTENDED_KEY_USAGE:
                usages = read_elements(read_element(value.content, SEQUENCE).content)
                return any(usage.encoded == _ANY_USAGE for usage in usages)
    except ValueError:
        pass
    return False


def _trusted(certificate: bytes) -> str:
    body = base64.encodebytes(certificate + _TRUSTED_IN_TLS).decode()
    return f"-----BEGIN TRUSTED CERTIFICATE-----\n{body}-----END TRUSTED CERTIFICATE-----\n"

"""TLS as attackers speak it: with no certificate, or with one that nobody trusts."""

import ssl
import tempfile
from functools import cache
from threading import Lock

from gossip.misbehave.forger import make_costly_tls, make_stranger_tls
from gossip.transport.tls.contexts import ALPN

_making_costly = Lock()


def blind_context() -> ssl.SSLContext:
    """TLS that presents nothing, offers nothing, and looks at no certificate: we tell this peer no secrets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def context_without_certificate() -> ssl.SSLContext:
    """TLS that presents nothing, and offers HTTP/2."""
    context = blind_context()
    context.set_alpn_protocols([ALPN])
    return context


def stranger_context(chain_length: int = 1) -> ssl.SSLContext:
    """TLS that presents a certificate of a TLS CA that nobody knows, again and again, and offers HTTP/2."""
    certificate, key = make_stranger_tls()
    return _presenting(certificate * chain_length + key)


def costly_context() -> ssl.SSLContext:
    """TLS that presents a certificate that takes long to read, and offers HTTP/2.

    Always the same one: making it takes as long as reading it.
    """
    with _making_costly:
        return _make_costly_context()


@cache
def _make_costly_context() -> ssl.SSLContext:
    certificate, key = make_costly_tls()
    return _presenting(certificate + key)


def _presenting(pem: bytes) -> ssl.SSLContext:
    context = context_without_certificate()
    with tempfile.NamedTemporaryFile() as file:  # the ssl module takes certificates from files alone
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context

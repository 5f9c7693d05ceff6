"""Mutual TLS with the standard library, as a Python user sets it up; with grpclib's ALPN where asked for."""

import ssl

from bench.material import Material


def server_context(material: Material, host: str, *, alpn: str | None = None) -> ssl.SSLContext:
    """A server of the second organisation that insists on a client certificate."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, material, 1, host, alpn)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(material: Material, *, alpn: str | None = None) -> ssl.SSLContext:
    """``peer0`` of the first organisation."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, material, 0, "peer0", alpn)


def _context(protocol: int, material: Material, org: int, host: str, alpn: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    files = material.tls(org, host)
    context.load_cert_chain(files.certificate, files.key)
    context.load_verify_locations(cadata=material.tls_roots_pem().decode())
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    return context

"""TLS contexts for both sides, built once from files, and our own leaf certificate."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.errors import ConfigurationError
from gossip.transport.tls.alerts import reason_of
from gossip.transport.tls.files import PRIVATE_KEY, read_leaf, read_text, root_files
from gossip.transport.tls.hello import Openings
from gossip.transport.tls.issuer import is_self_issued, with_issuer
from gossip.transport.tls.key import MAX_RSA_BITS, has_long_rsa_key
from gossip.transport.tls.trust import load_root

TLS_1_2_SUITES = "ECDHE+AESGCM"
ALPN = "h2"
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module has no name for."""
NO_CERTIFICATE_COMPRESSION = 0x300000000
"""OpenSSL's SSL_OP_NO_TX_ and SSL_OP_NO_RX_CERTIFICATE_COMPRESSION, from 3.2 on; Go does not know RFC 8879.

Nobody could tell by what a peer has said how long its certificates take to read.
"""

_UNUSABLE = {
    "CA_MD_TOO_WEAK": "it is signed with a hash that is too weak",
    "EE_KEY_TOO_SMALL": "its key is too short",
    "CA_KEY_TOO_SMALL": "the key of a CA in it is too short",
}
"""What OpenSSL's security level says of a certificate."""
_NOT_ITS_KEY = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}
"""What it says of another key: of the same kind, and of another kind."""


@dataclass(frozen=True, slots=True)
class TlsSide:
    """One side's part of TLS, ready to be used for any number of connections.

    ``own_certificate`` is the leaf in DER that the context presents; ``roots`` are the files that it trusts, for error
    texts. A server's connection begins with one of ``openings``, which trust nobody, and goes on with ``context`` when
    its certificate has been sent: OpenSSL sends what it trusts along, which costs each client 0.14 ms to read.
    """

    context: ssl.SSLContext
    own_certificate: bytes
    roots: tuple[Path, ...]
    openings: Openings | None = None


def client_side(files: TlsFiles) -> TlsSide:
    """Make the dialling side: it presents our certificate, and verifies the server's chain, dates and host name.

    Raises:
        ConfigurationError: A file cannot be used; it is named.
    """
    context = _base(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False  # as in Go, a host's name is an alternative name
    roots = _trust(context, files, leaves_are_clients=False)
    return TlsSide(context, _present((context,), files, issuers=context.get_ca_certs(binary_form=True)), roots)


def server_side(files: TlsFiles, *, require_client_certificate: bool = False) -> TlsSide:
    """Make the listening side.

    A client certificate is asked for, and must be issued by one of ``files.roots``: Python cannot ask for one without
    verifying it. Unless it is required, its dates are not judged, nor are the usages of one that is listed in place of
    its CA, as a Fabric peer does not judge them: what counts is that the certificate is the one bound to the identity.

    Args:
        files: Our certificate, its key, and the TLS CAs of every organisation.
        require_client_certificate: Refuse clients without a certificate, and expired ones, already in TLS.

    Raises:
        ConfigurationError: A file cannot be used; it is named.

    Mirrors: internal/pkg/comm/server.go, NewGRPCServerFromListener, and its ``clientAuthRequired``.
    """
    context, x25519, p256 = (_listening(require_client_certificate) for _ in range(3))
    x25519.set_ecdh_curve("X25519")
    p256.set_ecdh_curve("prime256v1")
    roots = _trust(context, files, leaves_are_clients=not require_client_certificate)
    intermediates = [each for each in context.get_ca_certs(binary_form=True) if not is_self_issued(each)]
    own_certificate = _present((context, x25519, p256), files, issuers=intermediates)
    return TlsSide(context, own_certificate, roots, Openings(x25519, p256))


def _listening(require_client_certificate: bool) -> ssl.SSLContext:
    context = _base(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED if require_client_certificate else ssl.CERT_OPTIONAL
    if not require_client_certificate:
        context.verify_flags |= NO_CHECK_TIME
    context.num_tickets = 0
    return context


def _base(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(TLS_1_2_SUITES)
    context.set_alpn_protocols([ALPN])
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options |= NO_CERTIFICATE_COMPRESSION
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go, whatever is listed is trusted, root or not
    return context


def _trust(context: ssl.SSLContext, files: TlsFiles, *, leaves_are_clients: bool) -> tuple[Path, ...]:
    roots = tuple(root_files(files.roots))
    for path in roots:
        load_root(context, path, leaves_are_clients=leaves_are_clients)
    return roots


def _present(contexts: Sequence[ssl.SSLContext], files: TlsFiles, *, issuers: Sequence[bytes]) -> bytes:
    """Present our certificate, and what we know of its issuer; returns our leaf in DER."""
    leaf = read_leaf(files.certificate)
    if has_long_rsa_key(leaf):
        raise ConfigurationError(
            f"its RSA key has more than {MAX_RSA_BITS} bits, which no peer takes", path=str(files.certificate)
        )
    with with_issuer(files.certificate, leaf, issuers) as chain:
        for context in contexts:
            _load_key_pair(context, files, chain)
    if read_leaf(files.certificate) != leaf:
        raise ConfigurationError("changed while it was read", path=str(files.certificate))
    return leaf


def _load_key_pair(context: ssl.SSLContext, files: TlsFiles, chain: Path) -> None:
    if PRIVATE_KEY not in read_text(files.key):
        raise ConfigurationError("holds no private key in PEM", path=str(files.key))

    def refuse_password() -> str:
        raise ConfigurationError("is encrypted; keys must lie in plain PEM", path=str(files.key))

    try:
        context.load_cert_chain(chain, files.key, password=refuse_password)
    except ssl.SSLError as error:
        if error.reason in _NOT_ITS_KEY:
            text = f"is not the key of the certificate in {files.certificate}"
            raise ConfigurationError(text, path=str(files.key)) from error
        reason = reason_of(error)
        if reason not in _UNUSABLE and _can_be_read(files.certificate):
            raise ConfigurationError(
                f"holds a private key that OpenSSL cannot use: {reason}", path=str(files.key)
            ) from error
        text = f"cannot be used: {_UNUSABLE.get(reason, 'a certificate in it cannot be read')} ({reason})"
        raise ConfigurationError(text, path=str(files.certificate)) from error
    except OSError as error:
        text = f"went away, or the key in {files.key} did, while they were read: {error.strerror}"
        raise ConfigurationError(text, path=str(files.certificate)) from error


def _can_be_read(certificates: Path) -> bool:
    """Whether OpenSSL takes each certificate in a file, those behind our own as well."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=read_text(certificates))
    except ssl.SSLError:
        return False
    return True

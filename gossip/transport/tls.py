"""TLS contexts for both sides, built once from files, and our own leaf certificate."""

import base64
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from gossip.api.options import TlsFiles
from gossip.der import SEQUENCE, read_element, read_elements
from gossip.errors import ConfigurationError

TLS_1_2_SUITES = "ECDHE+AESGCM"
ALPN = "h2"
NO_CHECK_TIME = 0x200000
"""OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which the ssl module has no name for."""

_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"
_VERSION_TAG = 0xA0
_PRIVATE_KEY = "PRIVATE KEY-----"

_TRUSTED_AS_CLIENT = bytes.fromhex("300c300a06082b06010505070302")
"""OpenSSL's X509_CERT_AUX, which may follow a certificate: it is trusted as a client's, whatever its usages say."""


@dataclass(frozen=True, slots=True)
class TlsSide:
    """One side's part of TLS, ready to be used for any number of connections.

    ``own_certificate`` is the leaf in DER that the context presents; ``roots`` are the files that it trusts, for error
    texts.
    """

    context: ssl.SSLContext
    own_certificate: bytes
    roots: tuple[Path, ...]


def client_side(files: TlsFiles) -> TlsSide:
    """Make the dialling side: it presents our certificate, and verifies the server's chain, dates and host name.

    Raises:
        ConfigurationError: A file cannot be used; it is named.
    """
    return _side(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), files)


def server_side(files: TlsFiles, *, require_client_certificate: bool = False) -> TlsSide:
    """Make the listening side.

    A client certificate is asked for, and must be issued by one of ``files.roots``: Python cannot ask for one without
    verifying it. Unless it is required, its dates are not judged, nor are the usages of one that is itself listed, as a
    Fabric peer does not judge them: what counts is that the certificate is the one bound to the identity.

    Args:
        files: Our certificate, its key, and the TLS CAs of every organisation.
        require_client_certificate: Refuse clients without a certificate, and expired ones, already in TLS.

    Raises:
        ConfigurationError: A file cannot be used; it is named.

    Mirrors: internal/pkg/comm/server.go, NewGRPCServerFromListener, and its ``clientAuthRequired``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED if require_client_certificate else ssl.CERT_OPTIONAL
    if not require_client_certificate:
        context.verify_flags |= NO_CHECK_TIME
    context.num_tickets = 0
    return _side(context, files, leaves_are_clients=not require_client_certificate)


def _side(context: ssl.SSLContext, files: TlsFiles, *, leaves_are_clients: bool = False) -> TlsSide:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(TLS_1_2_SUITES)
    context.set_alpn_protocols([ALPN])
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go, whatever is listed is trusted, root or not
    roots = tuple(_root_files(files.roots))
    for path in roots:
        _load_root(context, path, leaves_are_clients=leaves_are_clients)
    leaf = _read_leaf(files.certificate)
    with _with_issuer(files.certificate, leaf, context.get_ca_certs(binary_form=True)) as chain:
        _load_key_pair(context, files, chain)
    if _read_leaf(files.certificate) != leaf:
        raise ConfigurationError("changed while it was read", path=str(files.certificate))
    return TlsSide(context, leaf, roots)


def _read_text(path: Path) -> str:
    """The file with ``?`` for all that is not ASCII, which the ssl module takes for no reason to stop reading."""
    try:
        return path.read_text(encoding="ascii", errors="replace").replace("\N{REPLACEMENT CHARACTER}", "?")
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", path=str(path)) from error


def _read_leaf(path: Path) -> bytes:
    """The first certificate of a PEM file, in DER."""
    text = _read_text(path)
    try:
        leaf = next(_certificates(text), None)
    except ValueError as error:
        raise ConfigurationError("holds a certificate that is not base64", path=str(path)) from error
    if leaf is None:
        raise ConfigurationError("holds no certificate in PEM", path=str(path))
    return leaf


@contextmanager
def _with_issuer(certificate: Path, leaf: bytes, roots: list[bytes]) -> Iterator[Path]:
    """A file that holds the certificate's issuer too, where it lacks one and we know it.

    Without a chain to present, OpenSSL looks for one at every handshake and verifies it: a tenth of TLS.
    """
    issuers = [root for root in roots if _names(root).subject == _names(leaf).issuer and root != leaf]
    if len(issuers) != 1 or _read_text(certificate).count(_BEGIN) > 1:
        yield certificate
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(NamedTemporaryFile(suffix=".pem", buffering=0))
            file.write("".join(map(ssl.DER_cert_to_PEM_cert, (leaf, issuers[0]))).encode())
            path = Path(file.name)
        except OSError:
            path = certificate  # no place to write is no reason not to speak
        yield path


class _Names(NamedTuple):
    issuer: bytes
    subject: bytes


def _names(certificate: bytes) -> _Names:
    """Issuer and subject in DER; of what is no certificate, which OpenSSL will complain of, neither."""
    try:
        signed = read_element(read_element(certificate, SEQUENCE).content, SEQUENCE)
        fields = [element.encoded for element in read_elements(signed.content) if element.tag != _VERSION_TAG]
        return _Names(issuer=fields[2], subject=fields[4])
    except (ValueError, IndexError):
        return _Names(b"", b"")


def _load_key_pair(context: ssl.SSLContext, files: TlsFiles, chain: Path) -> None:
    if _PRIVATE_KEY not in _read_text(files.key):
        raise ConfigurationError("holds no private key in PEM", path=str(files.key))

    def refuse_password() -> str:
        raise ConfigurationError("is encrypted; keys must lie in plain PEM", path=str(files.key))

    try:
        context.load_cert_chain(chain, files.key, password=refuse_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            text = f"is not the key of the certificate in {files.certificate}"
            raise ConfigurationError(text, path=str(files.key)) from error
        text = f"cannot be used together with the key in {files.key}: {error.reason or error}"
        raise ConfigurationError(text, path=str(files.certificate)) from error


def _root_files(roots: tuple[Path, ...]) -> Iterator[Path]:
    if not roots:
        raise ConfigurationError("no TLS CA is configured, so no peer could be trusted")
    for path in roots:
        if not path.is_dir():
            yield path
            continue
        try:
            files = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.name.startswith("."))
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror}", path=str(path)) from error
        if not files:
            raise ConfigurationError("is a folder without TLS CAs", path=str(path))
        yield from files


def _load_root(context: ssl.SSLContext, path: Path, *, leaves_are_clients: bool) -> None:
    text = _read_text(path)
    try:
        if leaves_are_clients:  # first, since OpenSSL keeps the first copy of a certificate
            _trust_leaves_as_clients(context, text)
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError("holds no usable CA certificate in PEM", path=str(path)) from error


def _trust_leaves_as_clients(context: ssl.SSLContext, text: str) -> None:
    """Trust every certificate that is no CA as a client's, also where its usages name servers alone."""
    every = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    every.load_verify_locations(cadata=text)
    authorities = set(every.get_ca_certs(binary_form=True))
    leaves = [certificate for certificate in _certificates(text) if certificate not in authorities]
    if leaves:
        with NamedTemporaryFile() as file:  # what a certificate is trusted for can only be told by a file
            for leaf in leaves:
                body = base64.encodebytes(leaf + _TRUSTED_AS_CLIENT).decode()
                file.write(f"-----BEGIN TRUSTED CERTIFICATE-----\n{body}-----END TRUSTED CERTIFICATE-----\n".encode())
            file.flush()
            context.load_verify_locations(cafile=file.name)


def _certificates(text: str) -> Iterator[bytes]:
    """Every certificate of a PEM file, in DER."""
    _, begin, rest = text.partition(_BEGIN)
    while begin:
        body, end, rest = rest.partition(_END)
        if end:
            yield ssl.PEM_cert_to_DER_cert(begin + body + end)
        _, begin, rest = rest.partition(_BEGIN)

"""Our TLS certificate together with its issuer, which spares OpenSSL work."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from gossip.der import read_certificate_fields
from gossip.transport.tls.files import BEGIN, read_text
from gossip.transport.tls.passing_file import passing_file


@contextmanager
def with_issuer(certificate: Path, leaf: bytes, issuers: Sequence[bytes]) -> Iterator[Path]:
    """A file that holds the certificate's issuer too, where it lacks one and it is among ``issuers``.

    Without a chain to present, OpenSSL looks for one at every handshake and verifies it: a tenth of TLS.
    """
    fitting = [issuer for issuer in issuers if _names(issuer).subject == _names(leaf).issuer and issuer != leaf]
    if len(fitting) != 1 or read_text(certificate).count(BEGIN) > 1:
        yield certificate
        return
    with ExitStack() as stack:
        try:
            chain = "".join(map(ssl.DER_cert_to_PEM_cert, (leaf, fitting[0])))
            path = stack.enter_context(passing_file(chain.encode()))
        except OSError:
            path = certificate  # no place to write is no reason not to speak
        yield path


def is_self_issued(certificate: bytes) -> bool:
    """Whether it is a root, which nobody has to be sent."""
    names = _names(certificate)
    return names.subject == names.issuer


class _Names(NamedTuple):
    issuer: bytes
    subject: bytes


def _names(certificate: bytes) -> _Names:
    """Issuer and subject in DER; of what is no certificate, which OpenSSL will complain of, neither."""
    try:
        fields = read_certificate_fields(certificate)
        return _Names(issuer=fields[2], subject=fields[4])
    except (ValueError, IndexError):
        return _Names(b"", b"")

"""Our TLS certificate together with its issuer, which spares OpenSSL work."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from gossip.der import SEQUENCE, read_element, read_elements
from gossip.transport.passing_file import passing_file
from gossip.transport.tls_files import BEGIN, read_text

_VERSION_TAG = 0xA0


@contextmanager
def with_issuer(certificate: Path, leaf: bytes, roots: list[bytes]) -> Iterator[Path]:
    """A file that holds the certificate's issuer too, where it lacks one and we know it.

    Without a chain to present, OpenSSL looks for one at every handshake and verifies it: a tenth of TLS.
    """
    issuers = [root for root in roots if _names(root).subject == _names(leaf).issuer and root != leaf]
    if len(issuers) != 1 or read_text(certificate).count(BEGIN) > 1:
        yield certificate
        return
    with ExitStack() as stack:
        try:
            chain = "".join(map(ssl.DER_cert_to_PEM_cert, (leaf, issuers[0])))
            path = stack.enter_context(passing_file(chain.encode()))
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

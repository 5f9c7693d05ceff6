"""What is in a TLS file, in whatever state it is."""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.config import MAX_FILE_BYTES
from gossip.msp.lint.no_pem import BYTE_ORDER_MARK

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"


def read(path: Path) -> bytes:
    """The beginning of a file; nothing where it cannot be read, which the dialler names, or where it is a pipe.

    A pipe can be read only once, and the dialler does.
    """
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES)
    except OSError:
        return b""


def has_certificate(path: Path) -> bool:
    """Whether there is one in PEM, broken or not."""
    return _BEGIN in read(path)


def has_key(path: Path) -> bool:
    """Whether there is a private key in PEM."""
    return _KEY in read(path)


def is_encrypted(path: Path) -> bool:
    """Whether its private key takes a password."""
    content = read(path)
    return b"ENCRYPTED " + _KEY in content or b"Proc-Type: 4,ENCRYPTED" in content


def read_certificates(path: Path) -> Iterator[Certificate | None]:
    """Each certificate in PEM, as TLS finds them; None for one that is broken."""
    for part in read(path).split(_BEGIN)[1:]:
        body, end, _ = part.partition(_END)
        try:
            yield parse_certificate(base64.b64decode(b"".join(body.split()), validate=True)) if end else None
        except (binascii.Error, UntrustedIdentityError):
            yield None


def find_broken_certificate(path: Path) -> int | None:
    """The number, from 1, of the first certificate that is broken."""
    found = enumerate(read_certificates(path), 1)
    return next((number for number, certificate in found if certificate is None), None)


def find_unreadable_certificate(path: Path) -> tuple[int, str] | None:
    """The number, from 1, of the first certificate that Go does not read, and why; None where it reads all."""
    for number, part in enumerate(read(path).split(_BEGIN)[1:], 1):
        try:
            parse_certificate(base64.b64decode(b"".join(part.partition(_END)[0].split()), validate=True))
        except (binascii.Error, UntrustedIdentityError) as error:
            return number, str(error)
    return None


def begins_with_mark(path: Path) -> bool:
    """Whether an editor has put a byte order mark before everything else."""
    return read(path).startswith(BYTE_ORDER_MARK)

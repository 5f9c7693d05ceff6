"""What is in a TLS file, in whatever state it is."""

import base64
import binascii
from collections.abc import Iterator
from pathlib import Path

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.config import MAX_FILE_BYTES
from gossip.msp.lint.entries import leads_nowhere
from gossip.msp.lint.no_pem import BYTE_ORDER_MARK
from gossip.paths import is_file

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"


def read(path: Path) -> bytes:
    """The beginning of a file; nothing where it cannot be read, which the dialler names, or where it is a pipe.

    A pipe can be read only once, and the dialler does.
    """
    try:
        if not is_file(path):
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
    """Each certificate in PEM, as TLS finds them; None for one that Go does not read."""
    return (each if isinstance(each, Certificate) else None for each in _read_each(path))


def find_broken_certificate(path: Path) -> tuple[int, str] | None:
    """The number, from 1, of the first certificate that Go does not read, and why; None where it reads all."""
    for number, each in enumerate(_read_each(path), 1):
        if isinstance(each, Exception):
            return number, str(each)
    return None


def _read_each(path: Path) -> Iterator[Certificate | Exception]:
    for part in read(path).split(_BEGIN)[1:]:
        body, end, _ = part.partition(_END)
        try:
            certificate = parse_certificate(base64.b64decode(b"".join(body.split()), validate=True))
            yield certificate if end else UntrustedIdentityError("its PEM is cut short")
        except (binascii.Error, UntrustedIdentityError) as error:
            yield error


def find_lost_target(path: Path) -> str | None:
    """Where a link leads that leads nowhere; None where it is none."""
    try:
        return str(path.readlink()) if leads_nowhere(path) else None
    except OSError:
        return None


def begins_with_mark(path: Path) -> bool:
    """Whether an editor has put a byte order mark before everything else."""
    return read(path).startswith(BYTE_ORDER_MARK)

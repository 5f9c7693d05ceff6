"""The files that TLS is set up from: certificates in PEM, and folders of them."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from gossip.errors import ConfigurationError

BEGIN = "-----BEGIN CERTIFICATE-----"
END = "-----END CERTIFICATE-----"
PRIVATE_KEY = "PRIVATE KEY-----"


def read_text(path: Path) -> str:
    """The file with ``?`` for all that is not ASCII, which the ssl module takes for no reason to stop reading.

    Raises:
        ConfigurationError: It cannot be read; it is named.
    """
    try:
        return path.read_text(encoding="ascii", errors="replace").replace("\N{REPLACEMENT CHARACTER}", "?")
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", path=str(path)) from error


def read_leaf(path: Path) -> bytes:
    """The first certificate of a PEM file, in DER.

    Raises:
        ConfigurationError: There is none that can be read; it is named.
    """
    text = read_text(path)
    try:
        leaf = next(certificates_in(text), None)
    except ValueError as error:
        raise ConfigurationError("holds a certificate that is not base64", path=str(path)) from error
    if leaf is None:
        raise ConfigurationError("holds no certificate in PEM", path=str(path))
    return leaf


def certificates_in(text: str) -> Iterator[bytes]:
    """Every certificate of a PEM file, in DER.

    Raises:
        ValueError: One is not base64.
    """
    _, begin, rest = text.partition(BEGIN)
    while begin:
        body, end, rest = rest.partition(END)
        if end:
            yield ssl.PEM_cert_to_DER_cert(begin + body + end)
        _, begin, rest = rest.partition(BEGIN)


def is_key_alone(text: str) -> bool:
    """Whether a file's text holds a private key in PEM, and no certificate."""
    return PRIVATE_KEY in text and BEGIN not in text


def root_files(roots: tuple[Path, ...]) -> Iterator[Path]:
    """Every file that is named, and those of the folders; a CA's own folder may hold its key, which is passed over.

    Raises:
        ConfigurationError: There is none, or a folder has none or cannot be read.
    """
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
        authorities = [file for file in files if not is_key_alone(read_text(file))]
        if not authorities:
            raise ConfigurationError("is a folder without TLS CAs", path=str(path))
        yield from authorities

"""The files that TLS is set up from: certificates in PEM, and folders of them."""

import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.paths import is_dir, is_file

BEGIN = "-----BEGIN CERTIFICATE-----"
END = "-----END CERTIFICATE-----"
PRIVATE_KEY = "PRIVATE KEY-----"
MAX_FILE_BYTES = 16 * 1024 * 1024
"""No organisation has as many CAs, and a link to a device never ends."""


def read_text(path: Path, *, may_be_pipe: bool = False) -> str:
    """The file with ``?`` for all that is not ASCII, which the ssl module takes for no reason to stop reading.

    Args:
        path: The file.
        may_be_pipe: It is read only once, so that a pipe will do, which is waited for.

    Raises:
        ConfigurationError: It cannot be read, is too large, or none that ends; it is named.
    """
    try:
        if not _ends(path.stat().st_mode, may_be_pipe):
            raise ConfigurationError("is not a regular file", path=str(path))
        with path.open(encoding="ascii", errors="replace") as stream:
            text = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", path=str(path)) from error
    if len(text) > MAX_FILE_BYTES:
        raise ConfigurationError(f"is larger than {MAX_FILE_BYTES} bytes", path=str(path))
    return text.replace("\N{REPLACEMENT CHARACTER}", "?")


def _ends(mode: int, may_be_pipe: bool) -> bool:
    """Whether reading comes to an end without anybody's help; a folder is refused by whoever opens it."""
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or (may_be_pipe and stat.S_ISFIFO(mode))


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
        files = _list(path)
        if files is None:
            yield path
            continue
        authorities = [file for file in files if not is_key_alone(read_text(file))]
        if not authorities:
            raise ConfigurationError("is a folder without TLS CAs", path=str(path))
        yield from authorities


def _list(path: Path) -> list[Path] | None:
    """The files of a folder, by name; None for what is no folder."""
    try:
        if not is_dir(path):
            return None
        return sorted(entry for entry in path.iterdir() if is_file(entry) and not entry.name.startswith("."))
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", path=str(path)) from error

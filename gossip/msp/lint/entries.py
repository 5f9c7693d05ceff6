"""Lists the files of a folder with what they hold; what cannot be read becomes a finding."""

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from gossip.errors import ConfigurationError
from gossip.msp.certificate import Certificate
from gossip.msp.config import MAX_FILE_BYTES
from gossip.msp.distinguished_name import parse_name
from gossip.msp.lint.finding import FileFacts, Finding, error, warning
from gossip.msp.lint.folder import Folder
from gossip.msp.lint.open_mode import find_open_mode, mode_remedy
from gossip.msp.pem import find_pem_block
from gossip.paths import exists, is_dir, is_file, is_link

_MAX_FILES = 1000
_TOO_LARGE = f"is larger than {MAX_FILE_BYTES} bytes"
ALLOW_READING = "let the peer's user read it: chmod and chown, also of the folders above"


def read_files(folder: Folder, path: Path, shown: str) -> Iterator[tuple[str, bytes]]:
    """Yield each file of ``path``, by name, under the name ``shown`` for that folder.

    Raises:
        ConfigurationError: There are more than in any such folder.
    """
    for index, entry in enumerate(_entries(folder, path, shown)):
        if index >= _MAX_FILES:
            raise ConfigurationError(f"has more than {_MAX_FILES} entries", path=str(path))
        file = f"{shown}/{entry.name}"
        if leads_nowhere(entry):
            note_dangling(folder, entry, file)
            continue
        content = read_content(folder, entry, file)
        if content is None:
            continue
        if entry.name.startswith(".") and find_pem_block(content) is None:
            folder.files.append(FileFacts(file, "ignored"))
        else:
            yield file, content


def read_content(folder: Folder, entry: Path, file: str) -> bytes | None:
    """What a file holds; None where it is no file, or cannot be read, which becomes a finding."""
    try:
        if not is_file(entry):
            folder.files.append(FileFacts(file, "ignored"))
        elif entry.stat().st_size > MAX_FILE_BYTES:
            folder.files.append(FileFacts(file, "unknown"))
            folder.findings.append(error(file, "file-too-large", _TOO_LARGE, "move it out of the folder"))
        else:
            return entry.read_bytes()
    except OSError as refusal:
        folder.files.append(FileFacts(file, "unreadable"))
        note_unreadable(folder, file, refusal)
    return None


def note_unreadable(folder: Folder, file: str, refusal: OSError) -> None:
    """Tell of a file or folder that may not be read."""
    folder.findings.append(error(file, "unreadable", f"cannot be read: {refusal.strerror}", ALLOW_READING))


def note_folders(folder: Folder, path: Path, shown: str) -> None:
    """Tell of every folder where files belong; hidden ones are those of Kubernetes."""
    for entry in _entries(folder, path, shown):
        if not entry.name.startswith(".") and _is_folder(entry):
            folder.findings.append(not_a_file(f"{shown}/{entry.name}", f"a file of {shown}"))


def _is_folder(entry: Path) -> bool:
    try:
        return is_dir(entry)
    except OSError:
        return False  # that it may not be looked at has been said


def not_a_file(file: str, what: str) -> Finding:
    """Say of a folder that it is none."""
    remedy = "put the file there; Docker creates such a folder when told to mount a file that does not exist"
    return error(file, "not-a-file", f"is a folder, where {what} belongs", remedy)


def leads_nowhere(path: Path) -> bool:
    """Whether it is a link to what does not exist."""
    try:
        return is_link(path) and not exists(path)
    except OSError:
        return False  # who reads it will say so


def note_dangling(folder: Folder, path: Path, file: str) -> None:
    """List a link to what does not exist."""
    folder.files.append(FileFacts(file, "unreadable"))
    problem = f"is a link to {path.readlink()}, which does not exist"
    folder.findings.append(error(file, "dangling-link", problem, "create what it should point to"))


def note_certificate(folder: Folder, file: str, role: str, certificate: Certificate | None) -> None:
    """List a file by the certificate in it, if one can be read."""
    if certificate is None:
        folder.files.append(FileFacts(file, "unreadable"))
        return
    validity = (certificate.not_before_at, certificate.not_after_at)
    folder.files.append(FileFacts(file, role, parse_name(certificate.raw_subject).rfc4514_string(), *validity))


def note_key(folder: Folder, path: Path, file: str, public_key: PublicKeyTypes | None) -> None:
    """List a file by the private key in it, if one can be read, and warn where others than its owner may use it."""
    is_key = public_key is not None
    folder.files.append(FileFacts(file, "private key" if is_key else "unreadable"))
    mode = find_open_mode(path)
    if is_key and mode is not None:
        problem = f"a private key that users other than its owner may use (mode {mode:04o})"
        folder.findings.append(warning(file, "key-permissions", problem, mode_remedy(path)))


def _entries(folder: Folder, path: Path, shown: str) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as refusal:
        note_unreadable(folder, shown, refusal)
        return []

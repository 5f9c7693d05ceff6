"""Reads an MSP folder file by file, and goes on where the loader would stop."""

import stat
from collections.abc import Iterator
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.certificate import Certificate
from gossip.msp.config import MAX_FILE_BYTES
from gossip.msp.distinguished_name import parse_name
from gossip.msp.lint.contents import read_certificate, read_crl, read_key
from gossip.msp.lint.finding import FileFacts, error, warning
from gossip.msp.lint.folder import CERTIFICATE_ROLES, CertificateFile, CrlFile, Folder, KeyFile, Stranger
from gossip.msp.lint.level import check_is_msp_folder
from gossip.msp.lint.strangers import may_hold_key
from gossip.msp.pem import find_pem_block
from gossip.msp.revocation import describe_issuer

_TLS_FILES = {"ca.crt": "TLS root CA", "server.crt": "TLS certificate", "client.crt": "TLS certificate"}
_IDEMIX = ("IssuerPublicKey", "IssuerRevocationPublicKey", "user")
"""What fabric-ca-client leaves at the top; an X.509 MSP does not read it."""
_MAX_FILES = 1000
_TOO_LARGE = f"is larger than {MAX_FILE_BYTES} bytes"
_LET_READ = "let the peer's user read it: chmod and chown, also of the folders above"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_folder(path: Path) -> Folder:
    """Read every file of an MSP folder; what cannot be read becomes a finding.

    Raises:
        ConfigurationError: It is no MSP folder, or has more files than any.
        OSError: The folder may not be read.
    """
    if not path.is_dir():
        raise ConfigurationError("is not a folder" if path.exists() else "there is no such folder", path=str(path))
    check_is_msp_folder(path)
    folder = Folder(path)
    for entry in sorted(path.iterdir()):
        if _leads_nowhere(entry):
            _note_dangling(folder, entry, entry.name)
        else:
            _read_entry(folder, entry.name)
    beside = path.parent / "tls"
    if path.name == "msp" and beside.is_dir():
        _read_tls(folder, beside)
    return folder


def _read_entry(folder: Folder, name: str) -> None:
    path = folder.path / name
    if name in CERTIFICATE_ROLES and path.is_dir():
        folder.certificates[name] = []
        for file, content in _files(folder, path, name):
            certificate = _certificate(folder, file, content, CERTIFICATE_ROLES[name])
            if certificate is not None:
                folder.certificates[name].append(CertificateFile(file, certificate))
    elif name == "keystore" and path.is_dir():
        for file, content in _files(folder, path, name):
            _add_key(folder, folder.keys, path.parent / file, file, content)
    elif name == "crls" and path.is_dir():
        for file, content in _files(folder, path, name):
            _add_crl(folder, file, content)
    elif name == "config.yaml" and path.is_file():
        _add_config(folder, path)
    elif name in _IDEMIX or name.startswith("."):
        folder.files.append(FileFacts(name, "ignored"))
    else:
        folder.strangers.append(Stranger(name, may_hold_key(path)))
        folder.files.append(FileFacts(name, "unknown"))


def _read_tls(folder: Folder, beside: Path) -> None:
    for file, content in _files(folder, beside, "../tls"):
        name = Path(file).name
        if name in _TLS_FILES:
            certificate = _certificate(folder, file, content, _TLS_FILES[name])
            if certificate is not None and name != "ca.crt":
                folder.tls_certificates.append(CertificateFile(file, certificate))
        elif name.endswith((".key", "_sk")):
            _add_key(folder, folder.tls_keys, beside / name, file, content)
        else:
            folder.files.append(FileFacts(file, "ignored"))


def _files(folder: Folder, path: Path, shown: str) -> Iterator[tuple[str, bytes]]:
    for index, entry in enumerate(_entries(folder, path, shown)):
        if index >= _MAX_FILES:
            raise ConfigurationError(f"has more than {_MAX_FILES} entries", path=str(path))
        file = f"{shown}/{entry.name}"
        if _leads_nowhere(entry):
            _note_dangling(folder, entry, file)
            continue
        content = _content(folder, entry, file)
        if content is None:
            continue
        if entry.name.startswith(".") and find_pem_block(content) is None:
            folder.files.append(FileFacts(file, "ignored"))
        else:
            yield file, content


def _entries(folder: Folder, path: Path, shown: str) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError as refusal:
        folder.findings.append(error(shown, "unreadable", f"cannot be read: {refusal.strerror}", _LET_READ))
        return []


def _content(folder: Folder, entry: Path, file: str) -> bytes | None:
    """What a file holds; None where it is no file, or cannot be read, which becomes a finding."""
    try:
        if not entry.is_file():
            folder.files.append(FileFacts(file, "ignored"))
        elif entry.stat().st_size > MAX_FILE_BYTES:
            folder.files.append(FileFacts(file, "unknown"))
            folder.findings.append(error(file, "file-too-large", _TOO_LARGE, "move it out of the folder"))
        else:
            return entry.read_bytes()
    except OSError as refusal:
        folder.files.append(FileFacts(file, "unreadable"))
        folder.findings.append(error(file, "unreadable", f"cannot be read: {refusal.strerror}", _LET_READ))
    return None


def _leads_nowhere(path: Path) -> bool:
    try:
        return path.is_symlink() and not path.exists()
    except OSError:
        return False  # who reads it will say so


def _note_dangling(folder: Folder, path: Path, file: str) -> None:
    folder.files.append(FileFacts(file, "unreadable"))
    problem = f"is a link to {path.readlink()}, which does not exist"
    folder.findings.append(error(file, "dangling-link", problem, "put there what it should lead to"))


def _certificate(folder: Folder, file: str, content: bytes, role: str) -> Certificate | None:
    certificate, findings = read_certificate(file, content)
    folder.findings += findings
    if certificate is None:
        folder.files.append(FileFacts(file, "unreadable"))
        return None
    validity = (certificate.not_before_at, certificate.not_after_at)
    folder.files.append(FileFacts(file, role, parse_name(certificate.raw_subject).rfc4514_string(), *validity))
    return certificate


def find_open_mode(path: Path) -> int | None:
    """The mode of a file that others than its owner may use; None where they may not."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return mode if mode & _OTHERS else None


def _add_key(folder: Folder, keys: list[KeyFile], path: Path, file: str, content: bytes) -> None:
    public_key, findings = read_key(file, content)
    folder.findings += findings
    folder.files.append(FileFacts(file, "private key" if public_key is not None else "unreadable"))
    if public_key is not None:
        keys.append(KeyFile(file, public_key))
    mode = find_open_mode(path)
    if mode is not None:
        problem = f"a private key that others than its owner may use (mode {mode:04o})"
        folder.findings.append(warning(file, "key-permissions", problem, f"chmod 600 {path}"))


def _add_crl(folder: Folder, file: str, content: bytes) -> None:
    crl, findings = read_crl(file, content)
    folder.findings += findings
    if crl is None:
        folder.files.append(FileFacts(file, "unreadable"))
        return
    folder.files.append(FileFacts(file, "CRL", describe_issuer(crl), crl.last_update_utc, crl.next_update_utc))
    folder.crls.append(CrlFile(file, crl))


def _add_config(folder: Folder, path: Path) -> None:
    content = _content(folder, path, "config.yaml")
    if content is not None:
        folder.files.append(FileFacts("config.yaml", "configuration"))
        folder.config = content

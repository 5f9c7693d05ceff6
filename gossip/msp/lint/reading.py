"""Reads an MSP folder file by file, and goes on where the loader would stop."""

from itertools import islice
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.lint.contents import read_certificate, read_crl, read_key
from gossip.msp.lint.entries import (
    leads_nowhere,
    note_certificate,
    note_dangling,
    note_folders,
    note_key,
    read_content,
    read_files,
)
from gossip.msp.lint.finding import FileFacts
from gossip.msp.lint.folder import CERTIFICATE_ROLES, Folder, KeyFile, LintedCertificate, LintedCrl, Stranger
from gossip.msp.lint.level import check_is_msp_folder
from gossip.msp.lint.strangers import may_hold_key
from gossip.msp.lint.tls_reading import read_tls_folder
from gossip.msp.pem import find_pem_blocks
from gossip.msp.revocation import describe_issuer
from gossip.msp.tls_facts import MAX_CERTIFICATES
from gossip.paths import exists, is_dir, is_file

_IDEMIX = ("IssuerPublicKey", "IssuerRevocationPublicKey", "user")
"""What fabric-ca-client leaves at the top; an X.509 MSP does not read it."""


def read_folder(path: Path) -> Folder:
    """Read every file of an MSP folder; what cannot be read becomes a finding.

    Raises:
        ConfigurationError: It is no MSP folder, or has more files than any.
        OSError: The folder may not be read.
    """
    if not is_dir(path):
        raise ConfigurationError("is not a folder" if exists(path) else "there is no such folder", path=str(path))
    check_is_msp_folder(path)
    folder = Folder(path)
    for entry in sorted(path.iterdir()):
        if leads_nowhere(entry):
            note_dangling(folder, entry, entry.name)
        else:
            _read_entry(folder, entry.name)
    _note_folders(folder)
    beside = path.parent / "tls"
    if path.name == "msp" and is_dir(beside):
        read_tls_folder(folder, beside)
    return folder


def _note_folders(folder: Folder) -> None:
    """Where nothing is found that every peer needs, a folder may stand in its place."""
    for name, found in (
        ("cacerts", folder.in_folder("cacerts")),
        ("signcerts", folder.in_folder("signcerts")),
        ("keystore", folder.keys),
    ):
        if not found and is_dir(folder.path / name) and name not in folder.faulty_files():
            note_folders(folder, folder.path / name, name)


def _read_entry(folder: Folder, name: str) -> None:
    path = folder.path / name
    if name in CERTIFICATE_ROLES and is_dir(path):
        folder.certificates[name] = []
        for file, content in read_files(folder, path, name):
            _add_certificate(folder, name, file, content)
    elif name == "keystore" and is_dir(path):
        for file, content in read_files(folder, path, name):
            _add_key(folder, path.parent / file, file, content)
    elif name == "crls" and is_dir(path):
        for file, content in read_files(folder, path, name):
            _add_crl(folder, file, content)
    elif name == "config.yaml" and is_file(path):
        _add_config(folder, path)
    elif name in _IDEMIX or name.startswith("."):
        folder.files.append(FileFacts(name, "ignored"))
    else:
        folder.strangers.append(Stranger(name, may_hold_key(path)))
        folder.files.append(FileFacts(name, "unknown"))


def _add_certificate(folder: Folder, name: str, file: str, content: bytes) -> None:
    certificate, findings = read_certificate(file, content)
    folder.findings += findings
    note_certificate(folder, file, CERTIFICATE_ROLES[name], certificate)
    if certificate is not None:
        folder.certificates[name].append(LintedCertificate(file, certificate))
        behind = [block.body for block in islice(find_pem_blocks(content), 1, MAX_CERTIFICATES)]
        if behind:
            folder.unread[file] = behind


def _add_key(folder: Folder, path: Path, file: str, content: bytes) -> None:
    public_key, findings = read_key(file, content)
    folder.findings += findings
    note_key(folder, path, file, public_key)
    if public_key is not None:
        folder.keys.append(KeyFile(file, public_key))


def _add_crl(folder: Folder, file: str, content: bytes) -> None:
    crl, findings = read_crl(file, content)
    folder.findings += findings
    if crl is None:
        folder.files.append(FileFacts(file, "unreadable"))
        return
    folder.files.append(FileFacts(file, "CRL", describe_issuer(crl), crl.last_update_utc, crl.next_update_utc))
    folder.crls.append(LintedCrl(file, crl))


def _add_config(folder: Folder, path: Path) -> None:
    content = read_content(folder, path, "config.yaml")
    if content is not None:
        folder.files.append(FileFacts("config.yaml", "configuration"))
        folder.config = content

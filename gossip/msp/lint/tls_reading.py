"""Reads the ``tls`` folder beside an MSP folder."""

from pathlib import Path

from gossip.msp.lint.entries import not_a_file, note_certificate, note_key, note_unreadable, read_files
from gossip.msp.lint.finding import FileFacts, error, warning
from gossip.msp.lint.folder import Folder, KeyFile, LintedCertificate
from gossip.msp.lint.tls_contents import read_authorities, read_chain, read_tls_key
from gossip.paths import is_dir

KEY_ENDINGS = (".key", "_sk")

_SHOWN = "../tls"
_AUTHORITIES = "ca.crt"
_CERTIFICATES = ("server.crt", "client.crt")

CLIENT = f"{_SHOWN}/client.crt"
"""What a peer or user dials with, and is never dialled by."""

_KEYS = ("server.key", "client.key")
_ROLES = {_AUTHORITIES: "the TLS CA", **dict.fromkeys(_CERTIFICATES, "the TLS certificate")}
_ENROLLED = {
    "server.crt": ("the certificate", "signcerts", "peer.tls.cert.file"),
    "server.key": ("the key", "keystore", "peer.tls.key.file"),
    _AUTHORITIES: ("the certificate", "tlscacerts", "peer.tls.rootcert.file"),
}
"""Where fabric-ca's client leaves what a peer reads under these names, and by what setting it would look there."""
_BEGIN = b"-----BEGIN CERTIFICATE-----"


def read_tls_folder(folder: Folder, path: Path) -> None:
    """Read every file of the ``tls`` folder, as TLS reads them."""
    try:
        is_enrolled = is_dir(path / "signcerts")
    except OSError as refusal:
        note_unreadable(folder, _SHOWN, refusal)
        return
    has_others = False
    for file, content in read_files(folder, path, _SHOWN):
        name = Path(file).name
        if name == _AUTHORITIES:
            _add_authorities(folder, file, content)
        elif name in _CERTIFICATES:
            _add_chain(folder, file, content)
        elif name.endswith(KEY_ENDINGS):
            _add_key(folder, path / name, file, content)
        else:
            folder.files.append(FileFacts(file, "ignored"))
            has_others = has_others or _BEGIN in content
    kinds = _kinds(path)
    _note_folders(folder, kinds)
    if has_others:
        return
    if is_enrolled:
        _note_not_copied(folder, kinds)
    else:
        _note_missing(folder, kinds)


def _add_authorities(folder: Folder, file: str, content: bytes) -> None:
    certificates, findings = read_authorities(file, content)
    folder.findings += findings
    note_certificate(folder, file, "TLS root CA", next(iter(certificates), None))
    folder.tls_roots += [LintedCertificate(file, certificate) for certificate in certificates]


def _add_chain(folder: Folder, file: str, content: bytes) -> None:
    certificates, findings = read_chain(file, content)
    folder.findings += findings
    note_certificate(folder, file, "TLS certificate", next(iter(certificates), None))
    folder.tls_certificates += [LintedCertificate(file, certificate) for certificate in certificates[:1]]
    folder.tls_issuers += [LintedCertificate(file, certificate) for certificate in certificates[1:]]


def _add_key(folder: Folder, path: Path, file: str, content: bytes) -> None:
    public_key, findings = read_tls_key(file, content)
    folder.findings += findings
    note_key(folder, path, file, public_key)
    if public_key is not None:
        folder.tls_keys.append(KeyFile(file, public_key))


def _kinds(path: Path) -> dict[str, bool]:
    """Each entry by name, and whether it is a folder."""
    try:
        return {entry.name: is_dir(entry) for entry in path.iterdir()}
    except OSError:
        return {}  # which has been said


def _note_folders(folder: Folder, kinds: dict[str, bool]) -> None:
    for name in (_AUTHORITIES, *_CERTIFICATES, *_KEYS):
        if kinds.get(name):
            folder.findings.append(not_a_file(f"{_SHOWN}/{name}", _ROLES.get(name, "a key")))


def _note_missing(folder: Folder, kinds: dict[str, bool]) -> None:
    """A key without its certificate; or TLS CAs and no certificate at all."""
    missing = [crt for crt, key in zip(_CERTIFICATES, _KEYS, strict=True) if key in kinds and crt not in kinds]
    if not missing and _AUTHORITIES in kinds and kinds.keys().isdisjoint(_CERTIFICATES):
        missing = [_CERTIFICATES[0]]
    for name in missing:
        problem, remedy = (
            "does not exist, though other TLS files do",
            "put the certificate there that the TLS CA issued",
        )
        folder.findings.append(error(f"{_SHOWN}/{name}", "no-tls-certificate", problem, remedy))


def _note_not_copied(folder: Folder, kinds: dict[str, bool]) -> None:
    """What fabric-ca's client left in its own folders, whose names most settings do not give."""
    if any(name.startswith("client.") for name in kinds):
        return  # a user's
    for name, (what, place, setting) in _ENROLLED.items():
        if name not in kinds and kinds.get(place):
            problem = f"does not exist: fabric-ca's client left it in tls/{place}, where a peer looks only if told to"
            remedy = f"copy {what} in tls/{place} to {name}; or, if {setting} of core.yaml names it there, leave it"
            folder.findings.append(warning(f"{_SHOWN}/{name}", "tls-not-copied", problem, remedy))

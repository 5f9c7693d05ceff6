"""What we bring along ourselves: identity, TLS material, and the MSPs that we judge by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.errors import ConfigurationError
from gossip.msp.certificate import Certificate
from gossip.msp.issuers import find_mspids_of_issuer
from gossip.msp.lint import Finding, lint_msp_folder
from gossip.msp.lint.entries import ALLOW_READING
from gossip.msp.membership import Msp
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService
from gossip.msp.tls_facts import MAX_CERTIFICATES, TlsCertificate, read_tls_certificate
from gossip.msp.verdict import Verdict, judge_identity
from gossip.node.core_settings import TLS_CA_FOLDERS
from gossip.node.diagnose.tls_content import begins_with_mark, read_certificates
from gossip.node.diagnose.tls_sources import TlsRole, find_root_sources, find_source, role_of
from gossip.node.organizations import load_organizations
from gossip.node.settings import PeerSettings, tls_files_of
from gossip.paths import exists
from gossip.transport.tls.files import root_files


@dataclass(frozen=True, slots=True)
class RootFile:
    """A file of TLS CAs that we trust, and what names it."""

    path: Path
    certificates: tuple[Certificate, ...]
    source: str | None = None

    def __str__(self) -> str:
        return _named(str(self.path), self.source)


@dataclass(frozen=True, slots=True)
class OwnSide:
    """Our own side, as far as it can be used.

    Attributes:
        settings: What it was read from.
        error: Why our MSP folders cannot be used; then ``crypto``, ``registry`` and ``verdict`` are None.
        read_at: When that was.
        verdict: What our own MSPs say of our own identity.
        certificate: That of our identity; None where it cannot be used.
        issuing_mspids: The organisations that we know whose CA issued our certificate.
        findings: What is wrong with our MSP folder.
        wrong_folder: What is at the place of our MSP folder, where that is none of a peer or cannot be read.
        client_leaf: What we present where we dial; None without TLS.
        server_leaf: What we present where others dial us.
        roots: Whom we trust in TLS.
        presented: What the file of ``client_leaf`` holds, itself first.
        marked_files: TLS certificates and keys of ours that begin with a byte order mark.
    """

    settings: PeerSettings
    read_at: datetime
    error: ConfigurationError | None
    crypto: MspCryptoService | None
    registry: MspRegistry | None
    verdict: Verdict | None
    certificate: Certificate | None
    issuing_mspids: tuple[str, ...]
    findings: tuple[Finding, ...]
    wrong_folder: ConfigurationError | None
    client_leaf: TlsCertificate | None
    server_leaf: TlsCertificate | None
    roots: tuple[RootFile, ...]
    presented: tuple[Certificate, ...]
    marked_files: tuple[Path, ...]

    @property
    def dial_tls(self) -> TlsFiles | None:
        """The TLS files that we dial with."""
        return self.settings.dial.tls or self.settings.tls

    @property
    def tls_cas(self) -> tuple[Certificate, ...]:
        """Every TLS CA that we trust."""
        return tuple(certificate for root in self.roots for certificate in root.certificates)

    @property
    def own_tls_cas(self) -> tuple[Certificate, ...]:
        """Those of our own MSP folder, and what else we trust but the folders of other organisations."""
        msp = self.find_msp(self.settings.mspid)
        files = (*msp.config.tls_roots, *msp.config.tls_intermediates) if msp is not None else ()
        named = [root for root in self.roots if self.find_organization(str(root.path)) is None]
        cas = (*(file.certificate for file in files), *(ca for root in named for ca in root.certificates))
        return tuple(dict.fromkeys(cas))

    @property
    def msps(self) -> tuple[Msp, ...]:
        """Every organisation's MSP, by which we judge."""
        return self.registry.msps if self.registry is not None else ()

    def find_msp(self, mspid: str) -> Msp | None:
        """Our copy of an organisation's MSP."""
        return next((msp for msp in self.msps if msp.mspid == mspid), None)

    def holders(self, tls_ca: Certificate) -> list[RootFile]:
        """The files of TLS CAs that hold one."""
        return [root for root in self.roots if tls_ca in root.certificates]

    def holder_or(self, tls_ca: Certificate, otherwise: str) -> str:
        """The first of those files, for texts; ``otherwise`` where there is none."""
        return next(map(str, self.holders(tls_ca)), otherwise)

    def shown_holders(self, tls_ca: Certificate) -> str:
        """All of them, for texts."""
        return ", ".join(map(str, self.holders(tls_ca)))

    def certificate_file(self) -> str:
        """The TLS certificate that we dial with, for texts: the file, and what names it."""
        files = self.dial_tls
        if files is None:
            return "--tls-cert"
        source = find_source(self.settings, files, TlsRole.CERTIFICATE, files.certificate)
        return _named(str(files.certificate), source)

    def root_files(self) -> str:
        """Every file of TLS CAs, for texts, and what names them; then the folders of organisations that have none."""
        groups = groupby(self.roots, key=lambda root: root.source)
        shown = [_named(", ".join(str(root.path) for root in roots), source) for source, roots in groups]
        for mspid, folder in self.settings.organizations.items():
            if not any(root.path.is_relative_to(folder) for root in self.roots):
                shown.append(f"{folder / TLS_CA_FOLDERS[0]} of --org {mspid}, which holds none")
        return "; ".join(shown)

    def tls_file(self, files: TlsFiles, path: Path) -> str:
        """One of our TLS ``files`` that cannot be used, for texts, and what names it."""
        return _named(str(path), find_source(self.settings, files, role_of(files, path), path))

    def msp_file(self, path: str) -> str:
        """Something in an MSP folder for texts, and what names that folder."""
        mspid = self.find_organization(path)
        own = self.settings.sources.get("peer.mspConfigPath")
        return _named(path, own if mspid is None else f"--org {mspid}")

    def find_organization(self, path: str) -> str | None:
        """The other organisation in whose MSP folder something is; None where it is in our own, or in none.

        One folder may lie in another; the innermost counts.
        """
        folders = [
            (self.settings.msp_dir, None),
            *((folder, mspid) for mspid, folder in self.settings.organizations.items()),
        ]
        around = [(len(folder.parts), mspid) for folder, mspid in folders if Path(path).is_relative_to(folder)]
        return max(around, key=lambda each: each[0])[1] if around else None

    def where(self, key: str, option: str) -> str:
        """Where a setting stands, for texts: its file and line, variable or option."""
        source = self.settings.sources.get(key)
        return f"{key} ({source})" if source is not None else f"{key}, or {option}"


def _named(path: str, source: str | None) -> str:
    return path if source is None else f"{path}, named by {source}"


def load_own_side(settings: PeerSettings, now: datetime) -> OwnSide:
    """Read every file of ours; one that cannot be used is a fact, too."""
    error, crypto, certificate, registry, verdict = None, None, None, None, None
    issuing: tuple[str, ...] = ()
    try:
        organizations = load_organizations(settings)
        registry = MspRegistry(organizations.local, organizations.channels)
        crypto = MspCryptoService(registry, organizations.signing_identity)
    except ConfigurationError as refusal:
        error = refusal
    else:
        certificate = organizations.signing_identity.certificate
        verdict = judge_identity(registry, crypto.identity, now=now)
        issuing = find_mspids_of_issuer(registry.msps, certificate)
    dial_tls = settings.dial.tls or settings.tls
    findings, wrong_folder = _lint(settings, now)
    return OwnSide(
        settings=settings,
        read_at=now,
        error=error,
        crypto=crypto,
        registry=registry,
        verdict=verdict,
        certificate=certificate,
        issuing_mspids=issuing,
        findings=findings,
        wrong_folder=wrong_folder,
        client_leaf=_find_leaf(dial_tls),
        server_leaf=_find_leaf(settings.tls),
        roots=tuple(_read_roots(settings, dial_tls)) if dial_tls is not None else (),
        presented=tuple(filter(None, read_certificates(dial_tls.certificate))) if dial_tls is not None else (),
        marked_files=tuple(path for path in _presented_files(settings) if begins_with_mark(path)),
    )


def _presented_files(settings: PeerSettings) -> list[Path]:
    return list(dict.fromkeys(path for files in tls_files_of(settings) for path in (files.certificate, files.key)))


def _lint(settings: PeerSettings, now: datetime) -> tuple[tuple[Finding, ...], ConfigurationError | None]:
    try:
        findings = lint_msp_folder(settings.msp_dir, now=now, mspid=settings.mspid).findings
        return findings, _find_nobodys_folder(settings.msp_dir)
    except ConfigurationError as refusal:
        return (), refusal
    except OSError as refusal:
        remedy = f"; {ALLOW_READING}" if isinstance(refusal, PermissionError) else ""
        what = f"cannot be read: {refusal.strerror}{remedy}"  # ``error`` names something in the folder
        return (), ConfigurationError(what, path=str(settings.msp_dir))


def _find_nobodys_folder(msp_dir: Path) -> ConfigurationError | None:
    """Told from a peer's folder that has lost something, which has at least the folder that it was in."""
    if any(exists(msp_dir / name) for name in ("signcerts", "keystore")):
        return None
    what = "has neither signcerts nor keystore, as the MSP folder of an organisation; name that of the peer"
    return ConfigurationError(what, path=str(msp_dir))


def _find_leaf(files: TlsFiles | None) -> TlsCertificate | None:
    """What OpenSSL presents, which finds a certificate also where Go does not."""
    first = next(read_certificates(files.certificate), None) if files is not None else None
    return read_tls_certificate(first.der) if first is not None else None


def _read_roots(settings: PeerSettings, files: TlsFiles) -> Iterator[RootFile]:
    for root, source in zip(files.roots, find_root_sources(settings, files.roots), strict=True):
        for path in _files_of(root):
            certificates = tuple(filter(None, islice(read_certificates(path), MAX_CERTIFICATES)))
            yield RootFile(path, certificates, source)


def _files_of(root: Path) -> list[Path]:
    try:
        return list(root_files((root,)))
    except ConfigurationError:
        return []  # the dialler names it

"""What an MSP folder holds, file by file."""

from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from gossip.msp.certificate import Certificate
from gossip.msp.lint.finding import FileFacts, Finding, Severity
from gossip.msp.pem import encode_certificate_pem

CERTIFICATE_ROLES = {
    "cacerts": "root CA",
    "intermediatecerts": "intermediate CA",
    "admincerts": "admin",
    "signcerts": "own certificate",
    "tlscacerts": "TLS root CA",
    "tlsintermediatecerts": "TLS intermediate CA",
}
"""The folders that hold certificates, and what a certificate there is read as."""

OTHER_FOLDERS = ("keystore", "crls")


@dataclass(frozen=True, slots=True)
class LintedCertificate:
    """A certificate and the file that it is in."""

    file: str
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The public half of a private key, and the file that it is in."""

    file: str
    public_key: PublicKeyTypes


@dataclass(frozen=True, slots=True)
class LintedCrl:
    """A CRL and the file that it is in."""

    file: str
    crl: x509.CertificateRevocationList


@dataclass(frozen=True, slots=True)
class Stranger:
    """An entry that an MSP folder does not have; ``may_hold_key`` where that has to be feared."""

    name: str
    may_hold_key: bool


@dataclass(slots=True)
class Folder:
    """An MSP folder, and the ``tls`` folder beside it where there is one; files in the order of their names.

    ``unread`` has what stands in a file behind the certificate that a peer reads there, by the file's name.

    Of ``tls``, ``tls_certificates`` are the peer's own, ``tls_issuers`` what stands behind them in the same file, and
    ``tls_roots`` the CAs that the peer trusts.
    """

    path: Path
    certificates: dict[str, list[LintedCertificate]] = field(default_factory=dict)
    unread: dict[str, list[bytes]] = field(default_factory=dict)
    keys: list[KeyFile] = field(default_factory=list)
    crls: list[LintedCrl] = field(default_factory=list)
    config: bytes = b""
    tls_certificates: list[LintedCertificate] = field(default_factory=list)
    tls_issuers: list[LintedCertificate] = field(default_factory=list)
    tls_roots: list[LintedCertificate] = field(default_factory=list)
    tls_keys: list[KeyFile] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    files: list[FileFacts] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def in_folder(self, name: str) -> list[LintedCertificate]:
        """The certificates of one folder."""
        return self.certificates.get(name, [])

    def authorities(self) -> list[LintedCertificate]:
        """The CAs that issue identities."""
        return [*self.in_folder("cacerts"), *self.in_folder("intermediatecerts")]

    def tls_authorities(self) -> list[LintedCertificate]:
        """The CAs that issue TLS certificates."""
        return [*self.in_folder("tlscacerts"), *self.in_folder("tlsintermediatecerts")]

    def own(self) -> LintedCertificate | None:
        """The certificate that a peer runs with: the first by name."""
        return next(iter(self.in_folder("signcerts")), None)

    def has_key_of(self, entry: LintedCertificate) -> bool:
        """Whether keystore has the key of a certificate."""
        public_key = entry.certificate.parsed.public_key()
        return any(key.public_key == public_key for key in self.keys)

    def faulty_files(self) -> list[str]:
        """The files in which reading found an error."""
        return [finding.file for finding in self.findings if finding.severity is Severity.ERROR]

    def presented(self) -> bytes | None:
        """The certificate that the peer presents, in PEM with a low S in its signature; None where there is none."""
        own = self.own()
        if own is None:
            return None
        issuers = (entry.certificate for entry in self.authorities())
        issuer = next((ca for ca in issuers if own.certificate.is_signed_by(ca)), None)
        certificate = own.certificate if issuer is None else own.certificate.with_low_s(issuer)
        return encode_certificate_pem(certificate.der)

"""Rules over the ``tls`` folder beside an MSP folder: what the peer shows on its connections."""

from collections.abc import Iterator

from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import CertificateFile, Folder
from gossip.msp.tls_facts import find_missing_purposes


def lint_tls(folder: Folder) -> Iterator[Finding]:
    """TLS certificates come from the TLS CAs, fit a key, name a host, and serve both ends of a connection."""
    for entry in folder.tls_certificates:
        yield from _lint_issuer(entry, folder)
        yield from _lint_key(entry, folder)
        yield from _lint_usage(entry)
        if not entry.certificate.has_alternative_names:
            problem = f"{entry.certificate.subject} has no alternative names, and Go clients look at nothing else"
            remedy = "have it issued with the host names that peers dial (--csr.hosts)"
            yield error(entry.file, "no-alternative-names", problem, remedy)


def _lint_issuer(entry: CertificateFile, folder: Folder) -> Iterator[Finding]:
    authorities = folder.tls_authorities()
    if any(entry.certificate.is_signed_by(authority.certificate) for authority in authorities):
        return
    known = ", ".join(authority.certificate.subject for authority in authorities) or "there are none"
    problem = (
        f"{entry.certificate.subject} was issued by {entry.certificate.issuer}, which is none of the TLS CAs ({known})"
    )
    remedy = f"put the certificate of {entry.certificate.issuer} into tlscacerts"
    yield error(entry.file, "tls-not-issued-here", problem, remedy)


def _lint_key(entry: CertificateFile, folder: Folder) -> Iterator[Finding]:
    public_key = entry.certificate.parsed.public_key()
    if not any(key.public_key == public_key for key in folder.tls_keys):
        problem = f"no key in tls is that of {entry.certificate.subject}"
        yield error(entry.file, "tls-key-mismatch", problem, "put the key that it was issued for beside it")


def _lint_usage(entry: CertificateFile) -> Iterator[Finding]:
    missing = find_missing_purposes(entry.certificate)
    if missing:
        problem = f"{entry.certificate.subject} may not be used for TLS {' and '.join(missing)} authentication"
        remedy = "a gossip peer is both: have it issued for serverAuth and clientAuth"
        yield warning(entry.file, "tls-usage", problem, remedy)

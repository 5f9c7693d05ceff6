"""Rules over the ``tls`` folder beside an MSP folder: what the peer shows on its connections."""

from collections.abc import Iterator

from gossip.msp.certificate import Certificate
from gossip.msp.chain_fault import find_limit_fault
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import Folder, LintedCertificate
from gossip.msp.lint.generations import other_generation
from gossip.msp.lint.kinds import find_misplaced
from gossip.msp.lint.tls_reading import CLIENT, KEY_ENDINGS
from gossip.msp.tls_facts import find_missing_purposes
from gossip.msp.tls_path import MissingIssuer, find_missing_issuer, trace_certification_path
from gossip.paths import exists

_TLS_CA_FOLDERS = ("tlscacerts", "tlsintermediatecerts")


def lint_tls(folder: Folder) -> Iterator[Finding]:
    """TLS certificates come from the TLS CAs, fit a key, name a host, and serve their ends of a connection."""
    if _is_of_organization(folder) and not folder.tls_authorities():
        yield from _lint_without_tls_cas(folder)
    for entry in folder.tls_roots:
        yield from _lint_root(entry)
    for entry in folder.tls_certificates:
        if entry.certificate.is_ca:
            yield _ca_before_own(entry)
            continue
        if entry.certificate.weak_hash is None:
            yield from _lint_issuer(entry, folder)
        yield from _lint_way(entry, folder)
        yield from _lint_key(entry, folder)
        yield from _lint_usage(entry, folder)
        if entry.file != CLIENT and not entry.certificate.has_alternative_names:
            problem = f"{entry.certificate.subject} has no alternative names, and Go clients check nothing else"
            remedy = "have it issued with the host names that peers dial (--csr.hosts)"
            yield error(entry.file, "no-alternative-names", problem, remedy)


def _is_of_organization(folder: Folder) -> bool:
    """Whether others take the organisation's CAs from it, and no peer is at home there."""
    return not any(exists(folder.path / name) for name in ("signcerts", "keystore"))


def _lint_without_tls_cas(folder: Folder) -> Iterator[Finding]:
    if any(finding.file.startswith(_TLS_CA_FOLDERS) for finding in folder.findings):
        return  # nobody knows which CAs were meant to be there
    problem = "holds no TLS CA: where TLS is used, the peers of other organisations refuse those of this one"
    yield warning("tlscacerts", "no-tls-root", problem, "put the certificate of the organisation's TLS CA there")


def _lint_root(entry: LintedCertificate) -> Iterator[Finding]:
    """Who trusts a peer's own certificate as a CA trusts that one peer alone."""
    certificate = entry.certificate
    if not certificate.is_ca and not certificate.is_signed_by(certificate):
        problem = f"{certificate.subject}, issued by {certificate.issuer}, is not a CA certificate"
        yield warning(entry.file, "not-a-ca", problem, f"put the certificate of {certificate.issuer} there instead")


def _ca_before_own(entry: LintedCertificate) -> Finding:
    problem = f"begins with the CA {entry.certificate.subject}, and a peer presents the first certificate as its own"
    remedy = "put the peer's own certificate first, and those of intermediate CAs after it"
    return error(entry.file, "ca-before-own", problem, remedy)


def _lint_issuer(entry: LintedCertificate, folder: Folder) -> Iterator[Finding]:
    if any(entry.certificate.is_signed_by(found.entry.certificate) for found in find_misplaced(folder)):
        return  # the CA is to be moved
    if not set(_TLS_CA_FOLDERS).isdisjoint(folder.faulty_files()):
        return  # nobody knows which CAs are there
    authorities = folder.tls_authorities() or folder.tls_roots  # fabric-ca's client gives a peer's msp none
    chain = _presented(entry, folder)
    missing = find_missing_issuer(chain, _certificates(authorities))
    missing_here = find_missing_issuer(chain, _certificates(folder.tls_roots)) if folder.tls_roots else None
    namesakes = [found.namesake for found in (missing, missing_here) if found is not None]
    at_hand = (*folder.tls_authorities(), *folder.tls_roots)
    stale = [ca.file for ca in at_hand if ca.certificate in namesakes]
    if stale:
        yield other_generation(entry, next(filter(None, namesakes)).subject, stale, is_tls=True)
    if missing is not None and missing.presented_namesake is not None:
        yield _other_intermediate(entry, missing)
    elif missing is not None and missing.namesake is None:
        known = ", ".join(authority.certificate.subject for authority in authorities) or "there are none"
        problem = f"{missing.certificate} was issued by {missing.issuer}, which is not among the TLS CAs ({known})"
        remedy = f"put the certificate of {missing.issuer} into {_place_of(missing.issuer, folder)}"
        if any(entry.certificate.is_signed_by(ca.certificate) for ca in folder.authorities()):
            problem += f"; {missing.issuer} is a CA of identities here"
            remedy = f"have a TLS CA issue it; or, only where {missing.issuer} issues both, {remedy}"
        elif authorities and not _is_below(missing.issuer, folder):
            remedy = f"if {missing.issuer} is of this organisation, {remedy}; or else have one of its TLS CAs issue it"
        yield error(entry.file, "tls-not-issued-here", problem, remedy)


def _lint_way(entry: LintedCertificate, folder: Folder) -> Iterator[Finding]:
    """What everybody minds who verifies it, whether or not all of its issuers are here."""
    trusted = _certificates([*folder.tls_authorities(), *folder.tls_roots])
    fault = find_limit_fault(trace_certification_path(_presented(entry, folder), trusted))
    if fault is not None:
        yield error(entry.file, "broken-chain", f"no peer accepts it: {fault.problem}", fault.remedy)


def _presented(entry: LintedCertificate, folder: Folder) -> list[bytes]:
    """The certificate, and what is sent behind it."""
    return [entry.certificate.der, *(ca.certificate.der for ca in folder.tls_issuers if ca.file == entry.file)]


def _other_intermediate(entry: LintedCertificate, missing: MissingIssuer) -> Finding:
    problem = (
        f"{missing.certificate} was not signed with the key of the {missing.issuer} after it, which belongs to "
        "another generation of crypto material"
    )
    remedy = f"put the certificate of the {missing.issuer} that issued it there instead"
    return error(entry.file, "tls-other-generation", problem, remedy)


def _place_of(issuer: str, folder: Folder) -> str:
    """Where a TLS CA belongs, of which the certificate may be at hand."""
    if folder.tls_roots and not folder.tls_authorities():
        return folder.tls_roots[0].file
    at_hand = (*folder.tls_roots, *folder.authorities())
    found = next((ca.certificate for ca in at_hand if ca.certificate.subject == issuer), None)
    if found is None:
        return "tlscacerts, or into tlsintermediatecerts where another CA issued it"
    return "tlscacerts" if found.is_signed_by(found) else "tlsintermediatecerts"


def _is_below(issuer: str, folder: Folder) -> bool:
    """Whether a TLS CA is at hand that one of this MSP's issued, and so is of the same organisation."""
    cas = [ca.certificate for ca in folder.tls_roots if ca.certificate.subject == issuer]
    return any(ca.is_signed_by(above.certificate) for ca in cas for above in folder.tls_authorities())


def _certificates(entries: list[LintedCertificate]) -> list[Certificate]:
    return [entry.certificate for entry in entries]


def _lint_key(entry: LintedCertificate, folder: Folder) -> Iterator[Finding]:
    public_key = entry.certificate.parsed.public_key()
    is_there = any(key.public_key == public_key for key in folder.tls_keys)
    if not is_there and not _has_broken_key(folder):
        problem = f"no key in tls is that of {entry.certificate.subject}"
        yield error(entry.file, "tls-key-mismatch", problem, "put the key that it was issued for beside it")


def _has_broken_key(folder: Folder) -> bool:
    return any(file.startswith("../tls/") and file.endswith(KEY_ENDINGS) for file in folder.faulty_files())


def _lint_usage(entry: LintedCertificate, folder: Folder) -> Iterator[Finding]:
    """A peer dials with the same certificate by which it is dialled, unless it has another for that."""
    has_other = any(each.file == CLIENT for each in folder.tls_certificates)
    needed = ("client",) if entry.file == CLIENT else ("server",) if has_other else ("server", "client")
    missing = [purpose for purpose in find_missing_purposes(entry.certificate) if purpose in needed]
    if missing:
        problem = f"{entry.certificate.subject} may not be used for TLS {' and '.join(missing)} authentication"
        remedy = f"have it issued for {' and '.join(f'{purpose}Auth' for purpose in needed)}"
        yield warning(entry.file, "tls-usage", problem, remedy if has_other else f"a gossip peer is both: {remedy}")

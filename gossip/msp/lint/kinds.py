"""Rules over what CAs are for: those that issue identities and those of TLS lie in folders of their own."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from gossip.msp.certificate import Certificate, find_extension
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import Folder, LintedCertificate

_TLS_NAME = re.compile(r"tls[-_.]?ca", re.IGNORECASE)
"""How cryptogen and most people begin the name of a TLS CA."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A CA in a folder of the other kind, what it issued, and whether it is in a folder of its own kind as well."""

    entry: LintedCertificate
    issued: LintedCertificate
    is_of_tls: bool
    is_in_place_too: bool


def lint_kinds(folder: Folder) -> Iterator[Finding]:
    """CAs that issue identities are in cacerts, and TLS CAs in tlscacerts, as far as the folder can tell."""
    misplaced = find_misplaced(folder)
    yield from map(_misplaced, misplaced)
    told = [each.entry.certificate for each in misplaced]
    yield from _lint_names(folder, told)


def find_misplaced(folder: Folder) -> list[Misplaced]:
    """The CAs that by what they issued belong into the folders of the other kind."""
    identities, leaves = _identities(folder), folder.tls_certificates
    if not identities or not leaves:
        return []  # one CA may issue both kinds, and only one of them is here
    of_identities, of_tls = _issuers(identities, folder), _issuers(leaves, folder)
    authorities, tls_authorities = folder.authorities(), folder.tls_authorities()
    in_place, tls_in_place = ({ca.certificate for ca in each} for each in (authorities, tls_authorities))
    return [
        Misplaced(ca, _issued_by(ca, issued, folder), is_of_tls, ca.certificate in right)
        for among, strangers, issued, is_of_tls, right in (
            (authorities, _of_tls_alone(of_identities, of_tls, folder), leaves, True, tls_in_place),
            (tls_authorities, _of_identities_alone(of_identities, of_tls, folder), identities, False, in_place),
        )
        for ca in among
        if ca.certificate in strangers
    ]


def _of_tls_alone(of_identities: set[Certificate], of_tls: set[Certificate], folder: Folder) -> set[Certificate]:
    """The CAs that issue no identities; where nothing here does, the only root may be meant for both."""
    alone = of_tls - of_identities
    if of_identities or _roots("cacerts", folder) - alone:
        return alone
    return {ca for ca in alone if _TLS_NAME.match(ca.common_name)}


def _of_identities_alone(of_identities: set[Certificate], of_tls: set[Certificate], folder: Folder) -> set[Certificate]:
    """The CAs that issue no TLS certificates; where nothing here does, the only TLS root may be meant for both."""
    alone = of_identities - of_tls
    if of_tls or _roots("tlscacerts", folder) - alone:
        return alone
    return alone - {ca.certificate for ca in folder.authorities()}


def _roots(name: str, folder: Folder) -> set[Certificate]:
    return {ca.certificate for ca in folder.in_folder(name) if ca.certificate.is_ca}


def _issued_by(ca: LintedCertificate, among: list[LintedCertificate], folder: Folder) -> LintedCertificate:
    return next(leaf for leaf in among if ca.certificate in _issuers([leaf], folder))


def _misplaced(found: Misplaced) -> Finding:
    entry, issued = found.entry, found.issued
    rule = "tls-ca-among-cas" if found.is_of_tls else "ca-among-tls-cas"
    kind, not_issued = ("a TLS CA", "no identity") if found.is_of_tls else ("a CA of identities", "no TLS certificate")
    problem = f"{entry.certificate.subject} is {kind}: {issued.file} comes from it, and {not_issued} here does"
    if found.is_in_place_too:
        return warning(entry.file, rule, problem, "remove it here; it is where it belongs as well")
    place = entry.file.partition("/")[0]
    place = f"tls{place}" if found.is_of_tls else place.removeprefix("tls")
    return error(entry.file, rule, problem, f"move it to {place}")


def _lint_names(folder: Folder, told: list[Certificate]) -> Iterator[Finding]:
    """Where nothing shows what a CA issues, its name may."""
    known = {*told, *_issuers(_identities(folder), folder), *(ca.certificate for ca in folder.tls_authorities())}
    for ca in folder.authorities():
        if ca.certificate not in known and ca.certificate.is_ca and _TLS_NAME.match(ca.certificate.common_name):
            problem = f"{ca.certificate.subject} has the name of a TLS CA, and lies among the CAs of identities"
            remedy = "if it issues TLS certificates, move it to tlscacerts, and look there for the CA of identities"
            yield warning(ca.file, "tls-ca-among-cas", problem, remedy)


def _identities(folder: Folder) -> list[LintedCertificate]:
    """The certificates of members: neither CAs nor for TLS."""
    everything = [*folder.in_folder("signcerts"), *folder.in_folder("admincerts")]
    return [each for each in everything if not (each.certificate.is_ca or is_for_tls(each.certificate))]


def is_for_tls(certificate: Certificate) -> bool:
    """Whether a certificate is one for servers of TLS."""
    purposes = find_extension(certificate.parsed.extensions, x509.ExtendedKeyUsage)
    return purposes is not None and ExtendedKeyUsageOID.SERVER_AUTH in purposes


def _issuers(leaves: Iterable[LintedCertificate], folder: Folder) -> set[Certificate]:
    """Every CA at hand from which one of these comes, at once or through others."""
    at_hand = [*folder.authorities(), *folder.tls_authorities(), *folder.tls_issuers, *folder.tls_roots]
    authorities = {entry.certificate for entry in at_hand}
    found = set[Certificate]()
    below = {leaf.certificate for leaf in leaves}
    while below:
        below = {ca for ca in authorities - found if any(each.is_signed_by(ca) for each in below)}
        found |= below
    return found

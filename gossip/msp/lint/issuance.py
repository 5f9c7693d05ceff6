"""Rules over who issued what: chains and CRLs."""

from collections.abc import Iterator

from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate
from gossip.msp.chain import CaTree
from gossip.msp.chain_fault import find_chain_fault
from gossip.msp.crl_signature import is_signed_by
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import Folder, LintedCertificate, LintedCrl
from gossip.msp.lint.generations import other_generation
from gossip.msp.lint.kinds import find_misplaced
from gossip.msp.revocation import Revocations, describe_issuer, find_authority_key_id
from gossip.shown import shown_time

_BELOW = ("intermediatecerts", "signcerts", "admincerts")
"""Whatever comes from a CA of this MSP."""


def lint_chains(folder: Folder) -> Iterator[Finding]:
    """Everything that should come from this MSP's CAs does."""
    if not folder.in_folder("cacerts"):
        remedy = "put the certificate of the organisation's CA there"
        yield error("cacerts", "no-root", "holds no CA certificate", remedy)
        return
    try:
        tree = _tree(folder)
    except UntrustedIdentityError as fault:
        yield error("cacerts", "not-issued-here", str(fault), "leave only the CAs of this organisation")
        return
    misplaced = [found.entry.certificate for found in find_misplaced(folder)]
    for name in _BELOW:
        for entry in folder.in_folder(name):
            is_in_place = entry.certificate.is_ca == (name == "intermediatecerts")
            if is_in_place and entry.certificate.weak_hash is None:
                yield from _lint_chain(entry, tree, folder, misplaced)


def lint_twins(folder: Folder) -> Iterator[Finding]:
    """No CA is there with two certificates that hold at one time."""
    authorities, below = folder.authorities(), [entry for name in _BELOW for entry in folder.in_folder(name)]
    judge = error if any(_has_twins_above(entry.certificate, folder) for entry in below) else warning
    for at, ca in enumerate(authorities):
        twin = next((other for other in authorities[:at] if _are_twins(ca.certificate, other.certificate)), None)
        if twin is not None:
            problem = (
                f"{ca.certificate.subject} has the same key here as in {twin.file}: while both are valid, what "
                "it issues has two chains, and peers accept only one"
            )
            yield judge(ca.file, "ca-twice", problem, "leave one of them there, in every copy of this folder")


def lint_crls(folder: Folder) -> Iterator[Finding]:
    """Each CRL is signed by a CA of this MSP, and the peer itself is on none."""
    for entry in folder.crls:
        yield from _lint_crl(entry, folder)
    own = folder.own()
    issuers = [ca.certificate for ca in folder.authorities()]
    revocations = Revocations(((entry.file, entry.crl) for entry in folder.crls), issuers)
    for issuer in issuers:
        if own is None or not own.certificate.is_signed_by(issuer):
            continue
        crl = revocations.find_crl(own.certificate, issuer)
        if crl is not None:
            problem = f"{own.certificate.subject} was revoked by {issuer.subject}, which {crl} says"
            yield error(own.file, "revoked", problem, "enroll again for a new certificate")


def _tree(folder: Folder) -> CaTree:
    roots = [entry.certificate for entry in folder.in_folder("cacerts") if entry.certificate.is_ca]
    return CaTree(roots, [entry.certificate for entry in folder.in_folder("intermediatecerts")])


def _lint_chain(
    entry: LintedCertificate, tree: CaTree, folder: Folder, misplaced: list[Certificate]
) -> Iterator[Finding]:
    try:
        chain = tree.unique_chain(entry.certificate)
    except UntrustedIdentityError as fault:
        if any(entry.certificate.is_signed_by(ca) for ca in misplaced):
            return  # the CA is to be moved
        if _has_twins_above(entry.certificate, folder):
            return  # one of the two is to go
        if _is_issuer_broken(entry.certificate, tree, folder):
            return  # which is told of the issuer
        yield _lint_without_chain(entry, folder, fault)
        return
    if entry.certificate.is_ca or len(chain) < 2:
        return
    below = _find_below(chain[1], tree)
    if below is not None:
        problem = (
            f"{entry.certificate.subject} was issued by {chain[1].subject}, which has {below.subject} below "
            "it: members must be issued by the lowest CAs"
        )
        yield error(entry.file, "issuer-not-lowest", problem, f"have it issued by {below.subject}")


def _lint_without_chain(entry: LintedCertificate, folder: Folder, fault: UntrustedIdentityError) -> Finding:
    certificate = entry.certificate
    if any(certificate.is_signed_by(ca.certificate) for ca in folder.tls_authorities()):
        problem = f"{certificate.subject} is a TLS certificate, issued by the TLS CA {certificate.issuer}"
        return error(entry.file, "tls-certificate", problem, "put the one there that the organisation's CA issued")
    younger = _find_younger(certificate, folder)
    if younger is not None:
        return _ca_younger(entry, younger)
    namesakes = [ca for ca in folder.authorities() if ca.certificate.raw_subject == certificate.raw_issuer]
    if namesakes and not any(certificate.is_signed_by(ca.certificate) for ca in namesakes):
        return other_generation(entry, certificate.issuer, [ca.file for ca in namesakes])
    broken = find_chain_fault(certificate, [ca.certificate for ca in folder.authorities()])
    if broken is not None:
        return error(entry.file, "broken-chain", f"no peer accepts it: {broken.problem}", broken.remedy)
    if any(certificate.is_signed_by(ca.certificate) for ca in folder.authorities()):
        return error(entry.file, "broken-chain", str(fault), "have the certificate that breaks this rule issued again")
    remedy = (
        f"if {certificate.issuer} is a CA of this organisation, put it into cacerts, or into intermediatecerts where "
        "another CA issued it; or else put a certificate here that a CA of this MSP issued"
    )
    return error(entry.file, "not-issued-here", str(fault), remedy)


def _is_issuer_broken(certificate: Certificate, tree: CaTree, folder: Folder) -> bool:
    """Whether the CA that issued it is there and no CA, or comes from nobody here itself."""
    issuer = next((ca.certificate for ca in folder.authorities() if certificate.is_signed_by(ca.certificate)), None)
    if issuer is None or not issuer.is_ca:
        return issuer is not None
    try:
        tree.unique_chain(issuer)
    except UntrustedIdentityError:
        return True
    return False


def _find_younger(certificate: Certificate, folder: Folder) -> LintedCertificate | None:
    """The CA that issued a certificate and holds only since later, as one does that was renewed over the same key."""
    issuers = (ca for ca in folder.authorities() if certificate.is_signed_by(ca.certificate))
    return next((ca for ca in issuers if ca.certificate.not_before_at > certificate.verified_at), None)


def _ca_younger(entry: LintedCertificate, ca: LintedCertificate) -> Finding:
    problem = (
        f"{entry.certificate.subject} is valid from {shown_time(entry.certificate.not_before_at)} on, and its "
        f"CA's certificate {ca.file} from {shown_time(ca.certificate.not_before_at)} on: peers verify the "
        "chain as of the identity's start, when the CA's certificate was not yet valid"
    )
    remedy = "enroll again, or have the CA's certificate issued again with the date that the one before it had"
    return error(entry.file, "ca-younger", problem, remedy)


def _has_twins_above(certificate: Certificate, folder: Folder) -> bool:
    """Whether several paths lead up, since two certificates of one CA hold at the moment that counts."""
    authorities, verified_at = {ca.certificate for ca in folder.authorities()}, certificate.verified_at
    holding = {ca for ca in authorities if ca.not_before_at <= verified_at <= ca.not_after_at}
    for _ in authorities:
        issuers = [ca for ca in holding if ca != certificate and certificate.is_signed_by(ca)]
        if len(issuers) != 1:
            return len(issuers) > 1
        certificate = issuers[0]
    return False


def _are_twins(one: Certificate, other: Certificate) -> bool:
    is_one_ca = one.raw_subject == other.raw_subject and one.parsed.public_key() == other.parsed.public_key()
    hold_at_once = max(one.not_before_at, other.not_before_at) <= min(one.not_after_at, other.not_after_at)
    return one != other and is_one_ca and hold_at_once


def _find_below(issuer: Certificate, tree: CaTree) -> Certificate | None:
    return next((ca for ca in tree.intermediates if ca != issuer and ca.is_signed_by(issuer)), None)


def _lint_crl(entry: LintedCrl, folder: Folder) -> Iterator[Finding]:
    key_id = find_authority_key_id(entry.crl) or b""
    issuer = next((ca.certificate for ca in folder.authorities() if ca.certificate.key_id == key_id), None)
    signer = next((ca.certificate for ca in folder.authorities() if is_signed_by(entry.crl, ca.certificate)), None)
    if issuer is None and signer is not None and signer.key_id is not None:
        problem = (
            f"is signed by {signer.subject}, but its authority key identifier is {key_id.hex() or 'empty'}, by "
            "which a peer finds no CA here: it is ignored and revokes nothing"
        )
        remedy = f"have it issued again with the CA's subject key identifier, {signer.key_id.hex()}"
        yield error(entry.file, "crl-key-id", problem, remedy)
    elif issuer is None:
        problem = f"was made by {describe_issuer(entry.crl)}, which is not a CA of this MSP, so a peer ignores it"
        yield warning(entry.file, "crl-of-stranger", problem, "remove it, or put it into the MSP that it belongs to")
    elif signer != issuer:
        problem = (
            f"names {issuer.subject} as its CA, but it is not signed with that CA's key over SHA-1 or SHA-2: "
            "peers ignore it"
        )
        yield error(entry.file, "crl-not-signed", problem, f"fetch the CRL from {issuer.subject} again")

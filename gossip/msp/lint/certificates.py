"""Rules over single certificates: the right kind in the right folder, a key that Fabric can use, and time left."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gossip.msp.chain import MIN_RSA_BITS
from gossip.msp.key_name import name_key
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import Folder, LintedCertificate
from gossip.msp.lint.meant import find_meant
from gossip.shown import shown_time

EXPIRY_NOTICE = timedelta(days=30)
_CA_FOLDERS = ("cacerts", "intermediatecerts", "tlscacerts", "tlsintermediatecerts")
_INTERMEDIATES = {"cacerts": "intermediatecerts", "tlscacerts": "tlsintermediatecerts"}
_MIN_CURVE_BITS = 256
_ADMIN = "admin"


def lint_places(folder: Folder) -> Iterator[Finding]:
    """CAs lie in the folders of CAs, and nothing else does."""
    for name in _CA_FOLDERS:
        for entry in folder.in_folder(name):
            yield from _lint_ca(name, entry, folder)
    for name in ("signcerts", "admincerts"):
        for entry in folder.in_folder(name):
            if entry.certificate.is_ca:
                problem = f"{entry.certificate.subject} is a CA certificate, and a CA is never a member of its MSP"
                remedy = f"move it to cacerts, and put the certificate that this CA issued into {name}"
                yield error(entry.file, f"ca-in-{name}", problem, remedy)


def lint_keys_fit_fabric(folder: Folder) -> Iterator[Finding]:
    """Every key and signature is one that Fabric takes."""
    for name, entries in folder.certificates.items():
        for entry in entries:
            yield from _lint_key(entry, signs_gossip=name == "signcerts")
            yield from _lint_signature(entry)
    for entry in (*folder.tls_certificates, *folder.tls_issuers):
        yield from _lint_size(entry)
        yield from _lint_signature(entry)


def lint_validity(folder: Folder, now: datetime) -> Iterator[Finding]:
    """Every certificate holds now, and for thirty days more, except surplus certificates in signcerts."""
    meant, authorities = find_meant(folder, now), folder.authorities()
    to_go = [entry for entry in folder.in_folder("signcerts") if meant is not None and entry is not meant]
    everything = [entry for entries in folder.certificates.values() for entry in entries if entry not in to_go]
    for entry in [*everything, *folder.tls_certificates, *folder.tls_issuers]:
        not_before_at, not_after_at = entry.certificate.not_before_at, entry.certificate.not_after_at
        subject = entry.certificate.subject
        if not_after_at < now:
            yield _expired(entry, enrolls=entry in authorities)
        elif not_before_at > now:
            problem = f"{subject} is valid from {shown_time(not_before_at)} on, which is in the future"
            yield warning(entry.file, "not-yet-valid", problem, "wait, or set this machine's clock right")
        elif not_after_at - now < EXPIRY_NOTICE:
            problem = f"{subject} expires in {(not_after_at - now).days} days, at {shown_time(not_after_at)}"
            yield warning(entry.file, "expires-soon", problem, "renew it before then")


def _expired(entry: LintedCertificate, *, enrolls: bool) -> Finding:
    """Peers judge who was enrolled, and the CAs above, by the moment at which the enrolled certificate begins."""
    problem = f"{entry.certificate.subject} expired at {shown_time(entry.certificate.not_after_at)}"
    if not enrolls:
        return error(entry.file, "expired", problem, "renew it")
    problem += ": identities it issued before then are still accepted; those it issues now are not"
    return warning(entry.file, "expired", problem, "renew it")


def _lint_ca(name: str, entry: LintedCertificate, folder: Folder) -> Iterator[Finding]:
    certificate = entry.certificate
    if not certificate.is_ca:
        yield _not_a_ca(name, entry)
    elif name in _INTERMEDIATES and certificate.weak_hash is None and not certificate.is_signed_by(certificate):
        yield _not_a_root(name, entry, folder)
    elif certificate.key_id is None:
        problem = f"{certificate.subject} is a CA without subject key identifier, which Fabric refuses"
        yield error(entry.file, "ca-without-key-id", problem, "have the CA certificate issued with one")
    elif not certificate.can_sign_certificates:
        yield _may_not_sign(name, entry)


def _not_a_root(name: str, entry: LintedCertificate, folder: Folder) -> Finding:
    certificate, below = entry.certificate, _INTERMEDIATES[name]
    remedy = f"move it to {below}"
    if not any(certificate.is_signed_by(ca.certificate) for each in (name, below) for ca in folder.in_folder(each)):
        remedy += f", and put {certificate.issuer} here, or there too where another CA issued that one"
    problem = f"{certificate.subject} is an intermediate CA: {certificate.issuer} issued it"
    return error(entry.file, "not-a-root", problem, remedy)


def _not_a_ca(name: str, entry: LintedCertificate) -> Finding:
    subject, units = entry.certificate.subject, entry.certificate.organizational_units
    problem = f"{subject}, issued by {entry.certificate.issuer}, is not a CA certificate"
    if _ADMIN in units or subject.lower().startswith(_ADMIN):
        remedy = "move it to admincerts, or remove it: with NodeOUs its OU makes it an administrator"
        return error(entry.file, "admin-among-cas", problem, remedy)
    return error(entry.file, "not-a-ca", problem, f"put the certificate of the CA that issued it into {name} instead")


def _may_not_sign(name: str, entry: LintedCertificate) -> Finding:
    problem = f"{entry.certificate.subject} has key usages without certificate signing"
    remedy = "have the CA certificate issued with keyCertSign"
    if name == "cacerts" and entry.certificate.is_ecdsa_signed:
        return error(entry.file, "ca-cannot-sign", f"{problem}: no peer starts with it", remedy)
    return warning(entry.file, "ca-cannot-sign", f"{problem}: peers refuse whatever it issues", remedy)


def _lint_signature(entry: LintedCertificate) -> Iterator[Finding]:
    weak = entry.certificate.weak_hash
    if weak is not None:
        problem = f"{entry.certificate.subject} is signed with {weak}, which Go refuses"
        yield error(entry.file, "weak-signature", problem, "have it issued again with SHA-256")


def _lint_key(entry: LintedCertificate, *, signs_gossip: bool) -> Iterator[Finding]:
    key, subject = entry.certificate.key, entry.certificate.subject
    if signs_gossip and not isinstance(key, ec.EllipticCurvePublicKey):
        problem = f"{subject} has a {name_key(entry.certificate)} key, with which a peer cannot sign gossip"
        yield error(entry.file, "foreign-key", problem, "enroll again with ECDSA on P-256 or P-384")
    elif key is None:
        problem = f"{subject} has a {name_key(entry.certificate)} key, which Fabric cannot use"
        yield error(entry.file, "foreign-key", problem, "issue it again with ECDSA on P-256 or P-384")
    else:
        yield from _lint_size(entry)


def _lint_size(entry: LintedCertificate) -> Iterator[Finding]:
    key, subject = entry.certificate.key, entry.certificate.subject
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        yield warning(entry.file, "weak-key", f"{subject} has an RSA key of {key.key_size} bits", "use P-256")
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _MIN_CURVE_BITS:
        yield warning(entry.file, "weak-key", f"{subject} has a key on {key.curve.name}", "use P-256")

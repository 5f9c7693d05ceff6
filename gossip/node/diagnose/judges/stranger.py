"""Judges the peer's identity where no CA that we know has issued it."""

from collections.abc import Iterable

from gossip.msp.claim import Claim, shown_mspid
from gossip.msp.config import CertificateFile
from gossip.msp.membership import Msp
from gossip.node.diagnose.diagnosis import Blame, Cause, Side
from gossip.node.diagnose.evidence import Theirs


def judge_stranger(msps: Iterable[Msp], msp: Msp, theirs: Theirs, claim: Claim) -> Blame:
    """Whose mistake is it? ``msp`` is our copy of the organisation that it claims, one of ``msps``."""
    certificate, name, cacerts = claim.certificate, shown_mspid(claim.mspid), f"{msp.config.path}/cacerts"
    if certificate.weak_hash is not None:
        text = (
            f"{certificate.subject} is signed with {certificate.weak_hash}, which no MSP accepts: enroll it "
            "again with SHA-256"
        )
        return Side.THEIRS, (Cause("weak-signature", text, "the peer's signcerts"),)
    if theirs.tls_issuing_mspids:
        text = (
            f"{certificate.subject} is a TLS certificate, issued by the TLS CA {certificate.issuer} of "
            f"{theirs.tls_issuing_mspids[0]}: its identity belongs there"
        )
        return Side.THEIRS, (Cause("tls-certificate", text, "the peer's signcerts"),)
    if not theirs.has_namesake:
        mixed_up = _find_mixed_up(msps, msp)
        if mixed_up is not None:
            file, owner = mixed_up
            text = (
                f"our copy of {name} has {file.certificate.subject}, the CA of {owner.mspid}, where "
                f"{certificate.issuer} belongs: the two were confused"
            )
            return Side.OURS, (Cause("ca-of-another-here", text, file.path),)
        text = f"{certificate.issuer} is no CA in our copy of {name}: the copy is old, or the peer is a stranger"
        return Side.OURS, (Cause("ca-unknown-here", text, cacerts),)
    signed = f"{certificate.subject} was not signed with the key of our {certificate.issuer}"
    if _is_tls_ca(msp, claim):
        text = f"{signed}, which is the TLS CA of {name}: its CA of the same name belongs there"
        return Side.OURS, (Cause("tls-ca-here", text, cacerts),)
    text = f"{signed}: the CA of {name} was created anew, and we have the old one; or the peer is a stranger"
    return Side.OURS, (Cause("ca-outdated-here", text, cacerts),)


def _find_mixed_up(msps: Iterable[Msp], msp: Msp) -> tuple[CertificateFile, Msp] | None:
    """A CA in our copy of the organisation, which has none but those of another that we know."""
    roots = msp.config.roots
    for owner in msps:
        known = {file.certificate for file in owner.config.roots}
        if owner is not msp and all(file.certificate in known for file in roots):
            return roots[0], owner
    return None


def _is_tls_ca(msp: Msp, claim: Claim) -> bool:
    """Whether what our copy has as the CA of the issuer's name is among its TLS CAs as well."""
    tls_cas = [file.certificate for file in msp.config.tls_roots]
    namesakes = [ca for ca in msp.config.roots if ca.certificate.raw_subject == claim.certificate.raw_issuer]
    return any(ca.certificate in tls_cas for ca in namesakes)

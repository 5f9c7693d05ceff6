"""Judges the peer's identity where no CA that we know has issued it."""

from pathlib import Path

from gossip.msp.claim import Claim, shown_mspid
from gossip.msp.config import CertificateFile
from gossip.msp.membership import Msp
from gossip.node.diagnose.diagnosis import Cause, Side
from gossip.node.diagnose.evidence import Evidence, Theirs


def judge_stranger(evidence: Evidence, theirs: Theirs, claim: Claim, cacerts: Path) -> tuple[Side, tuple[Cause, ...]]:
    """Whose mistake is it? ``cacerts`` are the CAs in our copy of the organisation that it claims."""
    certificate, name = claim.certificate, shown_mspid(claim.mspid)
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
        mixed_up = _find_mixed_up(evidence, claim)
        if mixed_up is not None:
            file, owner = mixed_up
            text = (
                f"our copy of {name} has {file.certificate.subject}, the CA of {owner.mspid}, where "
                f"{certificate.issuer} belongs: the two were confused"
            )
            return Side.OURS, (Cause("ca-of-another-here", text, file.path),)
        text = f"{certificate.issuer} is no CA in our copy of {name}: the copy is old, or the peer is a stranger"
        return Side.OURS, (Cause("ca-unknown-here", text, str(cacerts)),)
    signed = f"{certificate.subject} was not signed with the key of our {certificate.issuer}"
    if _is_tls_ca(evidence, claim):
        text = f"{signed}, which is the TLS CA of {name}: its CA of the same name belongs there"
        return Side.OURS, (Cause("tls-ca-here", text, str(cacerts)),)
    text = f"{signed}: the CA of {name} was created anew, and we have the old one; or the peer is a stranger"
    return Side.OURS, (Cause("ca-outdated-here", text, str(cacerts)),)


def _find_mixed_up(evidence: Evidence, claim: Claim) -> tuple[CertificateFile, Msp] | None:
    """A CA in our copy of the organisation, which has none but those of another that we know."""
    msp = evidence.own.find_msp(claim.mspid)
    roots = msp.config.roots if msp is not None else ()
    for owner in evidence.own.msps:
        known = {file.certificate for file in owner.config.roots}
        if owner is not msp and roots and all(file.certificate in known for file in roots):
            return roots[0], owner
    return None


def _is_tls_ca(evidence: Evidence, claim: Claim) -> bool:
    """Whether what our copy has as the CA of the issuer's name is among its TLS CAs as well."""
    msp = evidence.own.find_msp(claim.mspid)
    if msp is None:
        return False
    tls_cas = [file.certificate for file in msp.config.tls_roots]
    namesakes = [ca for ca in msp.config.roots if ca.certificate.raw_subject == claim.certificate.raw_issuer]
    return any(ca.certificate in tls_cas for ca in namesakes)

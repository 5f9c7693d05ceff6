"""Whose CA issued a certificate, whatever its holder claims."""

from collections.abc import Iterable

from gossip.msp.certificate import Certificate
from gossip.msp.claim import Claim
from gossip.msp.membership import Msp


def find_mspids_of_issuer(msps: Iterable[Msp], certificate: Certificate) -> tuple[str, ...]:
    """Name each organisation one of whose CAs of identities issued a certificate."""
    return tuple(msp.mspid for msp in msps if any(certificate.is_signed_by(ca) for ca in msp.tree.cas))


def has_namesake(msps: Iterable[Msp], claim: Claim) -> bool:
    """Whether the organisation that an identity claims has a CA of its issuer's name, whoever has signed it."""
    issuer = claim.certificate.raw_issuer
    return any(ca.raw_subject == issuer for msp in msps if msp.mspid == claim.mspid for ca in msp.tree.cas)


def find_tls_issuing_mspids(msps: Iterable[Msp], leaf: Certificate) -> tuple[str, ...]:
    """Name each organisation one of whose TLS CAs issued a TLS certificate."""
    return tuple(
        msp.mspid
        for msp in msps
        if any(leaf.is_signed_by(file.certificate) for file in (*msp.config.tls_roots, *msp.config.tls_intermediates))
    )

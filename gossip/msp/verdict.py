"""All that a peer would say of an identity, at once and in words; for people who look for the reason."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from gossip.errors import IdentityError
from gossip.msp.certificate import pki_id_of
from gossip.msp.claim import parse_serialized
from gossip.msp.msp_set import Standing
from gossip.msp.registry import MspRegistry
from gossip.types import PeerIdentityType, PkiId


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a peer with certain MSPs would say of an identity.

    Attributes:
        valid: An MSP vouches for it; its expiry plays no part.
        storable: The identity mapper would take it now: valid and not expired.
        verifiable: Its signatures would be taken: valid, a key that signs gossip, and, in another organisation, a role
            that may read.
        org: The MSP-ID of the organisation that can place it, valid or not.
        reason: Why one of the three does not hold; None when all do.
    """

    valid: bool
    storable: bool
    verifiable: bool
    org: str | None
    pki_id: PkiId
    expires_at: datetime | None
    reason: str | None

    @property
    def ok(self) -> bool:
        """A peer would take the identity and what it signs."""
        return self.storable and self.verifiable


def judge_identity(registry: MspRegistry, identity: PeerIdentityType, *, now: datetime) -> Verdict:
    """Judge an identity in every respect.

    Raises:
        UntrustedIdentityError: It is no SerializedIdentity, so that there is nothing to judge.
    """
    serialized = parse_serialized(identity)
    pki_id = pki_id_of(serialized.mspid, serialized.id_bytes)
    org = registry.find_mspid(identity)
    try:
        standing = registry.judge(identity)
    except IdentityError as refusal:
        return Verdict(False, False, False, org, pki_id, None, str(refusal))
    expires_at = standing.member.certificate.not_after_at
    unverifiable = _find_why_unverifiable(registry, identity, standing)
    expired = f"gossipping peer identity expired at {expires_at.isoformat()}" if now > expires_at else None
    return Verdict(
        valid=True,
        storable=expired is None,
        verifiable=unverifiable is None,
        org=org,
        pki_id=pki_id,
        expires_at=expires_at,
        reason=expired or unverifiable,
    )


def _find_why_unverifiable(registry: MspRegistry, identity: PeerIdentityType, standing: Standing) -> str | None:
    certificate = standing.member.certificate
    if not isinstance(certificate.key, ec.EllipticCurvePublicKey):
        return f"{certificate.subject} has an RSA key, and gossip is signed with ECDSA"
    if standing.channel is None:
        return None
    try:
        registry.judge_reader(standing.channel, identity)
    except IdentityError as refusal:
        return str(refusal)
    return None

"""Our own certificate and key."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from gossip.msp.certificate import Certificate
from gossip.msp.signature import sign


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """What we sign with; the key never shows in a text.

    Mirrors: msp/identities.go, signingidentity.
    """

    mspid: str
    certificate: Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def not_after_at(self) -> datetime:
        """When the certificate ends, aware and in UTC; from then on no peer takes us."""
        return self.certificate.not_after_at

    def sign(self, message: bytes) -> bytes:
        """Sign with ECDSA over SHA-256; DER with a low S. Mirrors: Sign."""
        return sign(self.key, message)

"""Keys and certificates that belong together, and when they hold."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate begins and ends, both inclusive; aware datetimes in whole seconds, as X.509 has them."""

    not_before_at: datetime
    not_after_at: datetime

    @classmethod
    def running(cls, now: datetime) -> "Validity":
        """Began five minutes ago, so that clocks may differ, and holds for ten years, as with cryptogen."""
        not_before_at = now.replace(microsecond=0) - timedelta(minutes=5)
        return cls(not_before_at, not_before_at + timedelta(days=3650))

    @classmethod
    def expired(cls, now: datetime) -> "Validity":
        """Held for three minutes and ended a minute ago: within a CA that began five minutes ago, as Fabric wants."""
        return cls(now - timedelta(minutes=4), now - timedelta(minutes=1))

    @classmethod
    def not_yet(cls, now: datetime) -> "Validity":
        """Begins in a day and holds for a year."""
        return cls(now + timedelta(days=1), now + timedelta(days=366))


@dataclass(frozen=True, slots=True)
class Credential:
    """A certificate and the private key that belongs to it."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key as unencrypted PKCS#8 in PEM; a secret."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def generate_key() -> ec.EllipticCurvePrivateKey:
    """Make a new private key on P-256."""
    return ec.generate_private_key(ec.SECP256R1())

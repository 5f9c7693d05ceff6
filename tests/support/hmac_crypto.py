"""An identity scheme without certificates: names and shared keys. What a user may plug in instead of MSPs."""

import hashlib
import hmac
from datetime import datetime

from gossip.api.crypto import MessageCryptoService
from gossip.api.security import SecurityAdvisor
from gossip.errors import SignatureError, UntrustedIdentityError
from gossip.types import ChannelId, OrgIdentityType, PeerIdentityType, PkiId


def identity_of(name: str, organization: str = "org1") -> PeerIdentityType:
    """An identity is its organisation's and its own name."""
    return PeerIdentityType(f"{organization}/{name}".encode())


def pki_id_of(identity: PeerIdentityType) -> PkiId:
    """Names the identity."""
    return PkiId(hashlib.sha256(identity).digest())


class HmacCrypto:
    """Everybody shares one secret, from which each identity's key follows."""

    def __init__(self, identity: PeerIdentityType, secret: bytes = b"shared") -> None:
        self.identity = identity
        self.untrusted: set[PeerIdentityType] = set()
        self.ends_at: dict[PeerIdentityType, datetime] = {}
        self._secret = secret

    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        return pki_id_of(identity) if identity.count(b"/") else None

    def validate_identity(self, identity: PeerIdentityType) -> None:
        if not identity.count(b"/") or identity in self.untrusted:
            raise UntrustedIdentityError("nobody vouches for it")

    def expiration(self, identity: PeerIdentityType) -> datetime | None:
        return self.ends_at.get(identity)

    def sign(self, message: bytes) -> bytes:
        return self._mac(self.identity, message)

    def verify(self, identity: PeerIdentityType, signature: bytes, message: bytes) -> None:
        self.validate_identity(identity)
        if not hmac.compare_digest(signature, self._mac(identity, message)):
            raise SignatureError("the code does not fit")

    def verify_by_channel(
        self, channel: ChannelId, identity: PeerIdentityType, signature: bytes, message: bytes
    ) -> None:
        self.verify(identity, signature, message)

    def _mac(self, identity: PeerIdentityType, message: bytes) -> bytes:
        key = hmac.digest(self._secret, identity, "sha256")
        return hmac.digest(key, message, "sha256")


class PrefixAdvisor:
    """The organisation is what stands before the slash."""

    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
        organization, slash, _ = identity.partition(b"/")
        return OrgIdentityType(organization) if slash else None


_crypto: MessageCryptoService = HmacCrypto(identity_of("typed"))
_advisor: SecurityAdvisor = PrefixAdvisor()

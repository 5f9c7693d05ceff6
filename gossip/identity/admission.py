"""Who may be stored: an identity that stands what `vet_identity` asks becomes an entry of the table."""

from datetime import UTC, datetime, timedelta

from gossip.answers import hear_name, hear_verdict
from gossip.api.crypto import MessageCryptoService
from gossip.api.security import SecurityAdvisor
from gossip.errors import Fault, GossipError, IdentityError
from gossip.identity.entry import Entry
from gossip.identity_check import own_pki_id, vet_identity
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId

AFTER_END = timedelta(milliseconds=1)
"""An identity is still good in the last moment of its certificate."""

NEVER = datetime.max.replace(tzinfo=UTC) - AFTER_END


class Admission:
    """Asks crypto service and advisor, and makes the entry of an identity that they take. Pure: time is an argument."""

    def __init__(self, crypto: MessageCryptoService, advisor: SecurityAdvisor) -> None:
        self._crypto = crypto
        self._advisor = advisor

    def vet(self, pki_id: PkiId, identity: PeerIdentityType, now: datetime) -> datetime | None:
        """Judge an identity, and tell when it ends, None for never; the checks come in Fabric's order.

        Raises:
            IdentityError: It cannot be stored; the subclass says why, as :meth:`IdentityMapper.put` lists them.

        Mirrors: gossip/identity/identity.go, Put.
        """
        if not pki_id:
            raise IdentityError("PKIID is nil")
        return vet_identity(self._crypto, pki_id, identity, now)

    def entry_of(self, pki_id: PkiId, identity: PeerIdentityType, ends_at: datetime | None, now: datetime) -> Entry:
        """Make the entry of an identity that ends then; :meth:`vet` it first."""
        organization = hear_name(self._advisor.org_by_peer_identity, identity) or OrgIdentityType(b"")
        expires_at = ends_at.astimezone(UTC) + AFTER_END if ends_at is not None and ends_at <= NEVER else None
        return Entry(pki_id, identity, organization, expires_at, used_at=now)

    def own_entry(self, identity: PeerIdentityType, now: datetime) -> Entry:
        """Make the entry of our own identity.

        Raises:
            IdentityError: It cannot be read or stored.
            InvalidArgumentError: It is not bytes, or the crypto service or the advisor answered what is no answer.
        """
        pki_id = own_pki_id(self._crypto, identity)
        return self.entry_of(pki_id, identity, self.vet(pki_id, identity, now), now)

    def is_valid(self, entry: Entry) -> bool:
        """A stored identity still holds, apart from its end.

        Raises:
            Exception: Whatever the crypto service raises that is no refusal.
        """
        try:
            hear_verdict(self._crypto.validate_identity, entry.identity)
        except GossipError as error:
            if error.fault is not Fault.PEER:
                raise
            return False
        return True

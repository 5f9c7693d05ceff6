"""What an identity must stand before it is believed or stored."""

from datetime import datetime

from gossip.answers import hear_end, hear_name, hear_verdict
from gossip.api.crypto import MessageCryptoService
from gossip.checks import check_argument
from gossip.errors import (
    IdentityError,
    IdentityExpiredError,
    IdentityRevokedError,
    PkiIdMismatchError,
    UntrustedIdentityError,
)
from gossip.types import PeerIdentityType, PkiId


def vet_identity(
    crypto: MessageCryptoService, pki_id: PkiId, identity: PeerIdentityType, now: datetime
) -> datetime | None:
    """Judge an identity, and tell when it ends, None for never; checks and words are Fabric's, in its order.

    Raises:
        IdentityError: It cannot be believed; the subclass says why, as :meth:`IdentityMapper.put` lists them.
        InvalidArgumentError: The crypto service answered what is no answer.

    Mirrors: gossip/identity/identity.go, Put.
    """
    if not identity:
        raise IdentityError("identity is nil", pki_id=pki_id)
    try:
        ends_at = hear_end(crypto.expiration, identity)
    except IdentityError as error:
        raise _unclassified(error, pki_id) from error
    hear_verdict(crypto.validate_identity, identity)
    computed = hear_name(crypto.get_pki_id_of_cert, identity)
    if computed != pki_id:
        raise PkiIdMismatchError(claimed=pki_id, computed=computed or PkiId(b""))
    if ends_at is not None and ends_at < now:
        raise IdentityExpiredError(ends_at, pki_id=pki_id)
    return ends_at


def own_pki_id(crypto: MessageCryptoService, identity: PeerIdentityType) -> PkiId:
    """Name our own identity.

    Raises:
        IdentityError: The crypto service cannot read it.
        InvalidArgumentError: It is not bytes, or the crypto service answered what is no answer.
    """
    check_argument("identity", identity, bytes)
    pki_id = hear_name(crypto.get_pki_id_of_cert, identity)
    if pki_id is None:
        raise IdentityError("our own identity cannot be read")
    return pki_id


def _unclassified(error: IdentityError, pki_id: PkiId) -> IdentityError:
    """Fabric's words for an identity whose end cannot be told, with the reason and its class."""
    kinds = (IdentityRevokedError, UntrustedIdentityError)
    kind = next((kind for kind in kinds if isinstance(error, kind)), IdentityError)
    return kind(f"failed classifying identity: {error}", pki_id=pki_id)

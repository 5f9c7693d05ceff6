"""PKI-ID to identity: the store of those that have been verified."""

from abc import abstractmethod
from typing import Protocol

from gossip.api.peer import PeerIdentitySet, PeerSuspector
from gossip.types import PeerIdentityType, PkiId


class Mapper(Protocol):
    """Holds identities for as long as they are valid and in use.

    Mirrors: gossip/identity/identity.go, Mapper.
    """

    @abstractmethod
    def put(self, pki_id: PkiId, identity: PeerIdentityType) -> None:
        """Store an identity after judging it; one that is stored already is left as it is.

        Where it raises one of these, nothing was stored.

        Raises:
            IdentityExpiredError: It ended before now.
            PkiIdMismatchError: ``pki_id`` is not its own.
            IdentityError: It is not valid, or one of the two is empty.
            InvalidArgumentError: One of the two is not bytes, such as a PKI-ID in hex.

        Mirrors: Put.
        """
        ...

    @abstractmethod
    def get(self, pki_id: PkiId) -> PeerIdentityType:
        """Fetch an identity, which counts as use.

        Raises:
            UnknownIdentityError: None is stored under ``pki_id``.
            InvalidArgumentError: It is not bytes, such as a PKI-ID in hex.

        Mirrors: Get.
        """
        ...

    @abstractmethod
    def sign(self, message: bytes) -> bytes:
        """Sign with our own identity's key.

        Raises:
            InvalidArgumentError: ``message`` is not bytes.

        Mirrors: Sign.
        """
        ...

    @abstractmethod
    def verify(self, pki_id: PkiId, signature: bytes, message: bytes) -> None:
        """Return when the identity stored under ``pki_id`` made ``signature`` over ``message``; counts as use.

        Raises:
            UnknownIdentityError: None is stored under ``pki_id``.
            IdentityError: The stored identity is not valid any more.
            SignatureError: The signature does not hold.
            InvalidArgumentError: One of the three is not bytes.

        Mirrors: Verify.
        """
        ...

    @abstractmethod
    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        """Name an identity, without judging it; None when it cannot be read.

        Raises:
            InvalidArgumentError: It is not bytes.

        Mirrors: GetPKIidOfCert.
        """
        ...

    @abstractmethod
    def suspect_peers(self, is_suspected: PeerSuspector) -> None:
        """Judge again every other stored identity for which ``is_suspected`` returns True, and remove those that fail.

        Raises:
            InvalidArgumentError: ``is_suspected`` is no function, or a coroutine function; nothing is removed.

        Mirrors: SuspectPeers.
        """
        ...

    @abstractmethod
    def identity_info(self) -> PeerIdentitySet:
        """Everything that is stored, our own identity included. Mirrors: IdentityInfo."""
        ...

    @abstractmethod
    def stop(self) -> None:
        """End all timers; may be called again. Mirrors: Stop."""
        ...

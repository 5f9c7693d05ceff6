"""What gossip asks of the crypto that it is given."""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol, runtime_checkable

from gossip.types import ChannelId, PeerIdentityType, PkiId


class MessageCryptoService(Protocol):
    """Binds gossip to an identity scheme: MSPs, or a user's own.

    Every method answers at once and keeps the event loop waiting while it works.

    Mirrors: gossip/api/crypto.go, MessageCryptoService.
    """

    @abstractmethod
    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        """Name an identity, without judging it.

        Returns:
            The PKI-ID, or None when ``identity`` cannot be read as one.

        Mirrors: GetPKIidOfCert.
        """
        ...

    @abstractmethod
    def validate_identity(self, identity: PeerIdentityType) -> None:
        """Return when the identity is valid now, apart from its expiry.

        Raises:
            IdentityError: It is not; the subclass and the text say why.

        Mirrors: ValidateIdentity.
        """
        ...

    @abstractmethod
    def expiration(self, identity: PeerIdentityType) -> datetime | None:
        """Tell when the identity ends.

        Returns:
            An aware datetime in UTC, or None when it never ends.

        Raises:
            IdentityError: It cannot be read, or no MSP knows it.

        Mirrors: Expiration.
        """
        ...

    @abstractmethod
    def sign(self, message: bytes) -> bytes:
        """Sign with our own identity's key.

        Returns:
            The signature; with MSPs, ECDSA over SHA-256 in DER with a low S.

        Raises:
            Exception: Whatever keeps the key from being used; it goes to whoever wanted the signature.

        Mirrors: Sign.
        """
        ...

    @abstractmethod
    def verify(self, identity: PeerIdentityType, signature: bytes, message: bytes) -> None:
        """Return when ``identity`` is valid and its key made ``signature`` over ``message``.

        Raises:
            IdentityError: The identity is not valid.
            SignatureError: The signature does not hold.

        Mirrors: Verify.
        """
        ...

    @abstractmethod
    def verify_by_channel(
        self, channel: ChannelId, identity: PeerIdentityType, signature: bytes, message: bytes
    ) -> None:
        """Return when the signature holds and the channel lets this identity read.

        Raises:
            IdentityError: The identity is not valid, or the channel does not know or admit it.
            SignatureError: The signature does not hold.

        Mirrors: VerifyByChannel.
        """
        ...


@runtime_checkable
class BlockVerifier(Protocol):
    """The one part of Fabric's crypto service that communication does not need; optional, and not in this package.

    Mirrors: gossip/api/crypto.go, a part of MessageCryptoService.
    """

    @abstractmethod
    def verify_block(self, channel: ChannelId, sequence: int, block: bytes) -> None:
        """Return when the channel's orderers signed block number ``sequence``; ``block`` is a marshalled Block.

        Mirrors: VerifyBlock.
        """
        ...

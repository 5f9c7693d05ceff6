"""Identities without certificates: a directory says who may take part, with which key, for which department."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gossip.errors import SignatureError, UntrustedIdentityError
from gossip.types import ChannelId, OrgIdentityType, PeerIdentityType, PkiId


@dataclass(frozen=True)
class Member:
    """One line of the directory."""

    department: str
    key: Ed25519PublicKey


Directory = Mapping[str, Member]
"""Members by name; a name in UTF-8 is that member's identity on the wire."""


class DirectoryCrypto:
    """Implements :class:`gossip.api.crypto.MessageCryptoService`."""

    def __init__(self, directory: Directory, own_key: Ed25519PrivateKey) -> None:
        """Judge by ``directory``, sign with ``own_key``."""
        self._directory = directory
        self._own_key = own_key

    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        """Name whoever it is, known or not."""
        return PkiId(hashlib.sha256(b"directory:" + identity).digest())

    def validate_identity(self, identity: PeerIdentityType) -> None:
        """Return for members.

        Raises:
            UntrustedIdentityError: The directory does not have it.
        """
        self._member(identity)

    def expiration(self, identity: PeerIdentityType) -> datetime | None:
        """Keys do not end; a member leaves by leaving the directory."""
        self._member(identity)
        return None

    def sign(self, message: bytes) -> bytes:
        """Sign with our own key."""
        return self._own_key.sign(message)

    def verify(self, identity: PeerIdentityType, signature: bytes, message: bytes) -> None:
        """Return when the member's key made the signature.

        Raises:
            UntrustedIdentityError: The directory does not have it.
            SignatureError: The signature does not hold.
        """
        try:
            self._member(identity).key.verify(signature, message)
        except InvalidSignature as error:
            raise SignatureError("the member's key did not make this signature") from error

    def verify_by_channel(
        self,
        channel: ChannelId,  # noqa: ARG002  # the Protocol's signature
        identity: PeerIdentityType,
        signature: bytes,
        message: bytes,
    ) -> None:
        """Do the same: every member is in every channel."""
        self.verify(identity, signature, message)

    def _member(self, identity: PeerIdentityType) -> Member:
        name = identity.decode(errors="replace")
        member = self._directory.get(name)
        if member is None:
            raise UntrustedIdentityError(f"{name!r} is not in the directory")
        return member


class DepartmentAdvisor:
    """Implements :class:`gossip.api.security.SecurityAdvisor`: a department is what an organisation is to Fabric."""

    def __init__(self, directory: Directory) -> None:
        """Look departments up in ``directory``."""
        self._directory = directory

    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
        """The member's department; None for strangers."""
        member = self._directory.get(identity.decode(errors="replace"))
        return OrgIdentityType(member.department.encode()) if member is not None else None

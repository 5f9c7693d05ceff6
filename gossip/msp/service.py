"""Fabric's crypto service and security advisor over MSPs."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from gossip.errors import ConfigurationError, IdentityError, SignatureError, UntrustedIdentityError
from gossip.msp.certificate import pki_id_of
from gossip.msp.claim import parse_serialized
from gossip.msp.membership import Msp
from gossip.msp.msp_set import Standing
from gossip.msp.registry import MspRegistry
from gossip.msp.rule_source import find_rule_source
from gossip.msp.signature import check_signature
from gossip.msp.signing import SigningIdentity
from gossip.types import ChannelId, OrgIdentityType, PeerIdentityType, PkiId

mcs_logger = logging.getLogger("peer.gossip.mcs")
sa_logger = logging.getLogger("peer.gossip.sa")
"""Fabric's names, and what Fabric says there: for those who look for the reason of a refusal."""


class MspCryptoService:
    """Gossip's crypto, by X.509 certificates and the MSPs that judge them.

    ``verify_block`` belongs to the dissemination of blocks and is not here.

    Mirrors: internal/peer/gossip/mcs.go, MSPMessageCryptoService.
    """

    def __init__(self, registry: MspRegistry, signing_identity: SigningIdentity) -> None:
        """Build the service.

        Args:
            registry: The MSPs; its local one must be our own organisation's.
            signing_identity: What we sign with.

        Raises:
            ConfigurationError: Our own certificate has no place in our own MSP.
        """
        self._identity = _identity_of(signing_identity, registry.local)
        self._registry = registry
        self._signing_identity = signing_identity

    def replace(
        self, local: Msp, channels: Mapping[ChannelId, Iterable[Msp]], signing_identity: SigningIdentity
    ) -> None:
        """Judge by other MSPs and sign with another identity from now on, all at once.

        Raises:
            ConfigurationError: The new certificate has no place in the new local MSP; everything stays as it was.
        """
        self._identity = _identity_of(signing_identity, local)
        self._signing_identity = signing_identity
        self._registry.replace(local, channels)

    @property
    def identity(self) -> PeerIdentityType:
        """Our own identity, as other peers see it."""
        return self._identity

    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        """Name an identity, without judging it; None when it is empty or malformed. Mirrors: GetPKIidOfCert."""
        try:
            serialized = parse_serialized(identity)
        except UntrustedIdentityError:
            return None
        return pki_id_of(serialized.mspid, serialized.id_bytes)

    def validate_identity(self, identity: PeerIdentityType) -> None:
        """Return when the identity is valid, whether or not it has ended.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid; the text says why.

        Mirrors: ValidateIdentity.
        """
        self._judge(identity)

    def expiration(self, identity: PeerIdentityType) -> datetime | None:
        """Tell when a valid identity ends.

        Returns:
            An aware datetime in UTC, to the second.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid; the text says why.

        Mirrors: Expiration.
        """
        try:
            return self._judge(identity).member.certificate.not_after_at
        except IdentityError as error:
            raise type(error)(f"Unable to extract msp.Identity from peer Identity: {error}") from error

    def sign(self, message: bytes) -> bytes:
        """Sign with our own key: ECDSA over SHA-256, DER, low S. Mirrors: Sign."""
        return self._signing_identity.sign(message)

    def verify(self, identity: PeerIdentityType, signature: bytes, message: bytes) -> None:
        """Return when the identity is valid and made the signature, and, in another organisation, may read its channel.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid, or its channel does not let it read.
            SignatureError: The signature does not hold, or its key cannot sign gossip.

        Mirrors: Verify.
        """
        standing = self._judge(identity)
        if standing.channel is not None:
            standing.check_reader()
        _check_signature(standing, signature, message)

    def verify_by_channel(
        self, channel: ChannelId, identity: PeerIdentityType, signature: bytes, message: bytes
    ) -> None:
        """Return when the channel lets the identity read and it made the signature.

        Raises:
            IdentityRevokedError: Its issuer revoked it.
            UntrustedIdentityError: It is not valid on the channel, may not read there, or there is no such channel.
            SignatureError: The signature does not hold, or its key cannot sign gossip.

        Mirrors: VerifyByChannel.
        """
        _check_signature(self._registry.judge_reader(channel, identity), signature, message)

    def _judge(self, identity: PeerIdentityType) -> Standing:
        try:
            return self._registry.judge(identity)
        except IdentityError as refusal:
            source = find_rule_source(refusal)
            mcs_logger.debug("Refused an identity%s: %s", f" by {source}" if source is not None else "", refusal)
            raise


class MspSecurityAdvisor:
    """Tells organisations by the MSP that can place a certificate.

    Mirrors: internal/peer/gossip/sa.go, mspSecurityAdvisor.
    """

    def __init__(self, registry: MspRegistry) -> None:
        """Build the advisor over the MSPs that the crypto service judges by."""
        self._registry = registry

    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
        """Name the organisation of an identity, valid or not: its MSP-ID in UTF-8; None when no MSP can place it.

        Mirrors: OrgByPeerIdentity.
        """
        mspid = self._registry.find_mspid(identity)
        if mspid is None:
            sa_logger.debug("Peer Identity cannot be deserialized. No MSP found able to do that.")
        return None if mspid is None else OrgIdentityType(mspid.encode())


def _check_signature(standing: Standing, signature: bytes, message: bytes) -> None:
    key = standing.member.certificate.key
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise SignatureError(
            "could not determine the validity of the signature: Unsupported 'VerifyKey' provided: "
            f"{standing.member.certificate.subject} has an RSA key, and gossip is signed with ECDSA"
        )
    check_signature(key, signature, message)


def _identity_of(signing_identity: SigningIdentity, local: Msp) -> PeerIdentityType:
    if signing_identity.mspid != local.mspid:
        raise ConfigurationError(f"we sign as a member of {signing_identity.mspid}, but the local MSP is {local.mspid}")
    certificate = signing_identity.certificate
    try:
        return local.encode_identity(certificate)
    except UntrustedIdentityError as error:
        raise ConfigurationError(
            f"our own certificate {certificate.subject} is not of {local.mspid}: {error}", path=local.config.path
        ) from error

"""What an identity claims, before anybody judges it."""

from dataclasses import dataclass

from gossip.errors import UntrustedIdentityError, WireError
from gossip.messages import SerializedIdentity
from gossip.msp.certificate import Certificate, parse_certificate_pem, shown
from gossip.msp.pem import PemBlock
from gossip.types import PeerIdentityType
from gossip.wire.serialized import parse_serialized_identity

MAX_IDENTITY_BYTES = 16 * 1024
"""Ten times what a Fabric CA makes. Strangers may send longer ones, each of which costs milliseconds to read."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A certificate, the PEM block that held it, and the organisation that it claims."""

    mspid: str
    certificate: Certificate
    block: PemBlock


def shown_mspid(mspid: str) -> str:
    """Give an MSP-ID that somebody claims as it may stand in a text."""
    return shown(mspid) or "(no MSP-ID)"


def parse_serialized(identity: PeerIdentityType) -> SerializedIdentity:
    """Read an identity as far as MSP-ID and id_bytes.

    Raises:
        UntrustedIdentityError: It is empty or malformed.

    Mirrors: protoutil, UnmarshalSerializedIdentity.
    """
    if not identity:
        raise UntrustedIdentityError("Invalid Peer Identity. It must be different from nil.")
    try:
        return parse_serialized_identity(identity)
    except WireError as error:
        raise UntrustedIdentityError(f"error unmarshalling SerializedIdentity: {error}") from error


def parse_claim(identity: PeerIdentityType) -> Claim:
    """Read an identity down to its certificate.

    Raises:
        UntrustedIdentityError: It is empty, malformed or too long, or holds no certificate in PEM.
    """
    if len(identity) > MAX_IDENTITY_BYTES:
        raise UntrustedIdentityError(f"identity of {len(identity)} bytes exceeds the limit of {MAX_IDENTITY_BYTES}")
    serialized = parse_serialized(identity)
    try:
        certificate, block = parse_certificate_pem(serialized.id_bytes)
    except UntrustedIdentityError as error:
        claimed = shown_mspid(serialized.mspid)
        raise UntrustedIdentityError(
            f"Peer Identity of {claimed} cannot be validated. No MSP found able to do that: {error}"
        ) from error
    return Claim(serialized.mspid, certificate, block)

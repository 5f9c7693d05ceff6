"""What stands in an identity, without judging it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gossip.errors import ConfigurationError, UntrustedIdentityError, WireError
from gossip.messages import SerializedIdentity
from gossip.msp.certificate import Certificate, parse_certificate_pem, pki_id_of
from gossip.msp.distinguished_name import parse_name
from gossip.msp.key_name import name_key
from gossip.msp.lint.no_pem import describe_no_pem, find_pem_remedy
from gossip.msp.lint.reading import read_folder
from gossip.msp.membership import Msp
from gossip.msp.pem import encode_certificate_pem, find_pem_block
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.serialized import encode_serialized_identity, parse_serialized_identity


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    """An identity's certificate in words; ``mspid`` and ``pki_id`` are None for a certificate that claims no MSP."""

    mspid: str | None
    pki_id: PkiId | None
    subject: str
    issuer: str
    organizational_units: tuple[str, ...]
    not_before_at: datetime
    not_after_at: datetime
    serial_number: int
    key: str


def find_serialized_identity(content: bytes) -> SerializedIdentity | None:
    """Read a file as a marshalled SerializedIdentity; None when it is not one, a certificate for instance.

    Text in PEM has no byte that could begin ``id_bytes``, so that one is never taken for the other.
    """
    try:
        serialized = parse_serialized_identity(content)
    except WireError:
        return None
    return serialized if serialized.id_bytes else None


def encode_identity_for(mspid: str, content: bytes) -> PeerIdentityType:
    """Make the identity that the holder of a certificate in PEM presents as a member of ``mspid``.

    Raises:
        UntrustedIdentityError: ``content`` is no certificate in PEM.
    """
    return encode_serialized_identity(mspid, encode_certificate_pem(_parse_pem(content).der))


def encode_identity_as_member(msp: Msp, content: bytes) -> PeerIdentityType:
    """Make the identity that the holder of a certificate in PEM presents as a member of this MSP.

    Where the MSP can place the certificate, that is with a low S in its signature, which the PKI-ID depends on.

    Raises:
        UntrustedIdentityError: ``content`` is no certificate in PEM.
    """
    certificate = _parse_pem(content)
    try:
        return msp.encode_identity(certificate)
    except UntrustedIdentityError:
        return encode_serialized_identity(msp.mspid, encode_certificate_pem(certificate.der))


def read_own_certificate(path: Path) -> bytes:
    """Read the certificate that a peer with this MSP folder presents, in PEM, with a low S in its signature.

    Raises:
        ConfigurationError: There is no such folder, or no certificate in its signcerts.
    """
    folder = read_folder(path)
    presented = folder.presented()
    if presented is None:
        found = (each for each in folder.findings if each.file.startswith("signcerts/"))
        why = next((f": {each.file} {each.problem}; {each.remedy}" for each in found), "")
        raise ConfigurationError(
            f"holds no certificate, so the folder is nobody's own{why}", path=str(path / "signcerts")
        )
    return presented


def describe_identity(content: bytes) -> IdentityFacts:
    """Say what stands in a marshalled identity, or in a certificate in PEM.

    Raises:
        UntrustedIdentityError: It is neither.
    """
    serialized = find_serialized_identity(content)
    certificate = _parse_pem(content if serialized is None else serialized.id_bytes)
    return IdentityFacts(
        mspid=None if serialized is None else serialized.mspid,
        pki_id=None if serialized is None else pki_id_of(serialized.mspid, serialized.id_bytes),
        subject=parse_name(certificate.raw_subject).rfc4514_string(),
        issuer=parse_name(certificate.raw_issuer).rfc4514_string(),
        organizational_units=certificate.organizational_units,
        not_before_at=certificate.not_before_at,
        not_after_at=certificate.not_after_at,
        serial_number=certificate.serial_number,
        key=name_key(certificate),
    )


def _parse_pem(content: bytes) -> Certificate:
    try:
        return parse_certificate_pem(content)[0]
    except UntrustedIdentityError as error:
        what = _describe_no_certificate(content) or str(error)
        raise UntrustedIdentityError(f"neither an identity nor a certificate in PEM: {what}") from error


def _describe_no_certificate(content: bytes) -> str | None:
    """What is there instead; None where it is named a certificate."""
    block = find_pem_block(content)
    if block is not None:
        return None if block.type == "CERTIFICATE" else f"it holds a {block.type}"
    remedy = find_pem_remedy(content, "x509", "the certificate")
    return f"it {describe_no_pem(content)}" + (f"; {remedy}" if remedy is not None else "")

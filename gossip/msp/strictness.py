"""What Go's certificate parser refuses and cryptography's does not."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtensionOID

from gossip.der import OBJECT_IDENTIFIER, SEQUENCE, read_element, read_elements, read_tbs_fields
from gossip.msp.signature import CURVE_ORDERS

_NEVER_CRITICAL = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    }
)
_TEXT_NAMES = (x509.DNSName, x509.RFC822Name, x509.UniformResourceIdentifier)
_HANDLED_NAMES = (*_TEXT_NAMES, x509.IPAddress)
_MAX_SHOWN = 64
_SHORT_ARC = len("2147483648")
_MAX_PATH_LENGTH = 2**63 - 1


class Fields(NamedTuple):
    """What of a certificate's bytes cryptography does not show: the fields in DER."""

    inner_algorithm: bytes
    outer_algorithm: bytes
    issuer: bytes
    subject: bytes
    public_key: bytes
    signature: bytes


def read_fields(der: bytes) -> Fields:
    """Split a certificate that cryptography took; ``signature`` is what its bit string holds, unused bits first."""
    signed, outer_algorithm, signature = read_elements(read_element(der, SEQUENCE).content)
    _, inner_algorithm, issuer, _, subject, public_key, *_ = read_tbs_fields(signed.content)
    return Fields(inner_algorithm, outer_algorithm.encoded, issuer, subject, public_key, signature.content)


def check_as_go(certificate: x509.Certificate, key: CertificatePublicKeyTypes | None, fields: Fields) -> None:
    """Return when Go's parser takes this certificate, which cryptography's took, as well; names apart.

    Raises:
        ValueError: It does not; the text says what it stumbles over.

    Mirrors: crypto/x509, parseCertificate and processExtensions (Go 1.26).
    """
    if certificate.serial_number < 0:
        raise ValueError("negative serial number")
    if fields.inner_algorithm != fields.outer_algorithm:
        raise ValueError("inner and outer signature algorithm identifiers don't match")
    if fields.signature[:1] != b"\0":
        # Go shifts them out, and what is left is no signature; cryptography passes over them.
        raise ValueError("malformed signature: its bit string has unused bits")
    for identifier in _identifiers(certificate):
        _check_arcs(identifier.dotted_string)
    for extension in certificate.extensions:
        _check_extension(extension)
    if isinstance(key, ec.EllipticCurvePublicKey):
        _check_curve_is_named(fields.public_key)
        _check_point(key, fields.public_key)


def _check_extension(extension: x509.Extension[x509.ExtensionType]) -> None:
    if extension.critical:
        _check_critical(extension)
    if isinstance(extension.value, x509.SubjectAlternativeName):
        _check_alternative_names(extension.value)
    if isinstance(extension.value, x509.CertificatePolicies):
        _check_policies(extension.value)
    if isinstance(extension.value, x509.BasicConstraints):
        _check_path_length(extension.value)
    if isinstance(extension.value, x509.CRLDistributionPoints):
        _check_distribution_points(extension.value)


def _identifiers(certificate: x509.Certificate) -> Iterator[x509.ObjectIdentifier]:
    """Those that Go reads arc by arc, names apart; not policies and registered names, whose arcs have no limit."""
    yield certificate.signature_algorithm_oid
    yield certificate.public_key_algorithm_oid
    for extension in certificate.extensions:
        yield extension.oid
        if isinstance(extension.value, x509.ExtendedKeyUsage):
            yield from extension.value
        if isinstance(extension.value, x509.AuthorityInformationAccess):
            yield from (access.access_method for access in extension.value)


def _check_arcs(identifier: str) -> None:
    """The first two arcs are encoded as one. Mirrors: cryptobyte, readBase128Int."""
    if len(identifier) <= _SHORT_ARC:
        return
    first, second, *others = map(int, identifier.split("."))
    if any(arc >> 31 for arc in (40 * first + second, *others)):
        raise ValueError(f"malformed object identifier {identifier[:_MAX_SHOWN]}: an arc of 2^31 or more")


def _check_curve_is_named(public_key: bytes) -> None:
    algorithm = read_elements(read_element(read_element(public_key, SEQUENCE).content, SEQUENCE).content)
    if algorithm[-1].tag != OBJECT_IDENTIFIER:
        raise ValueError("invalid ECDSA parameters: the curve is written out, not named")


def _check_critical(extension: x509.Extension[x509.ExtensionType]) -> None:
    if extension.oid in _NEVER_CRITICAL:
        raise ValueError(f"extension {extension.oid.dotted_string} incorrectly marked critical")
    names = extension.value
    if isinstance(names, x509.SubjectAlternativeName) and not any(isinstance(name, _HANDLED_NAMES) for name in names):
        raise ValueError("unhandled critical extension: alternative names, none of a kind that Go reads")
    if isinstance(names, x509.NameConstraints) and not all(
        isinstance(name, _HANDLED_NAMES)
        for name in (*(names.permitted_subtrees or ()), *(names.excluded_subtrees or ()))
    ):
        raise ValueError("unhandled critical extension: name constraints of a kind that Go does not read")


def _check_alternative_names(names: x509.SubjectAlternativeName) -> None:
    for name in names:
        if isinstance(name, x509.IPAddress) and isinstance(name.value, IPv4Network | IPv6Network):
            raise ValueError("cannot parse IP address: it is a network")  # noqa: TRY004  # what was read is wrong
        if isinstance(name, _TEXT_NAMES) and not name.value.isascii():
            raise ValueError(f"alternative name is malformed: {name.value[:_MAX_SHOWN]!a}")


def _check_path_length(basics: x509.BasicConstraints) -> None:
    if basics.path_length is not None and basics.path_length > _MAX_PATH_LENGTH:
        raise ValueError("invalid basic constraints: a path length of 2^63 or more")


def _check_policies(policies: x509.CertificatePolicies) -> None:
    if len({policy.policy_identifier for policy in policies}) < len(policies):
        raise ValueError("invalid certificate policies: one of them stands there twice")


def _check_distribution_points(points: x509.CRLDistributionPoints) -> None:
    if any(point.relative_name is not None for point in points):
        raise ValueError("invalid CRL distribution point: its name is relative to the issuer's")


def _check_point(key: ec.EllipticCurvePublicKey, public_key: bytes) -> None:
    if key.curve.name not in CURVE_ORDERS:
        raise ValueError(f"unsupported elliptic curve {key.curve.name}")
    # Go takes no compressed point, so the uncompressed one must be there as it is.
    if key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) not in public_key:
        raise ValueError("failed to unmarshal elliptic curve point: it is compressed")

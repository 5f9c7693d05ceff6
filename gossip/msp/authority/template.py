"""Certificates before they are signed: names, usages and extensions as cryptogen sets them.

Mirrors: internal/cryptogen/ca/ca.go.
"""

import hashlib
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gossip.msp.authority.credential import PrivateKey, Validity

TLS_USAGES = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)


def authority_builder(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    """Begin a CA's certificate; the issuer is still to be named."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        _builder(subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(key_encipherment=True, authority=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage(TLS_USAGES), critical=False)
        .add_extension(x509.SubjectKeyIdentifier(hashlib.sha256(point).digest()), critical=False)
    )


def leaf_builder(subject: x509.Name, key: PrivateKey, validity: Validity) -> x509.CertificateBuilder:
    """Begin the certificate of somebody who issues none; usages and issuer are still to be added."""
    builder = _builder(subject, key, validity)
    return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)


def _builder(subject: x509.Name, key: PrivateKey, validity: Validity) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.not_before_at)
        .not_valid_after(validity.not_after_at)
    )


def subject_name(common_name: str, *, organization: str | None = None, units: Iterable[str] = ()) -> x509.Name:
    """Name the holder of a certificate."""
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "US")]
    if organization is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    attributes += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name(
        [
            *attributes,
            x509.NameAttribute(NameOID.LOCALITY_NAME, "San Francisco"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "California"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def key_usage(*, key_encipherment: bool = False, authority: bool = False) -> x509.KeyUsage:
    """Allow signing messages, and whatever else is asked for."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Point at the issuer's key."""
    subject_key = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key)


def general_name(host: str) -> x509.GeneralName:
    """Read a host as an IP address, or else as a DNS name."""
    address: IPv4Address | IPv6Address
    try:
        address = ip_address(host)
    except ValueError:
        return x509.DNSName(host)
    return x509.IPAddress(address)

"""Certificates with any one thing wrong with them, and MSP configurations made of them without a disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gossip.der import BIT_STRING, SEQUENCE, encode_element, read_element, read_elements
from gossip.msp.authority import Authority, Credential
from gossip.msp.certificate import Certificate, parse_certificate
from gossip.msp.config import CertificateFile, CrlFile, MspConfig, OuConfig
from gossip.msp.membership import Msp
from gossip.msp.pem import encode_certificate_pem
from gossip.msp.roles import Role
from gossip.msp.signature import CURVE_ORDERS
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity

NOT_BEFORE = datetime(2024, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2034, 1, 1, tzinfo=UTC)
NODE_OUS = {
    role: OuConfig(role.value, None, f"config.yaml:{line}", f"config.yaml:{line}") for line, role in enumerate(Role, 3)
}

ECDSA_WITH_SHA1 = bytes.fromhex("06072a8648ce3d0401")
RSA_WITH_SHA1 = bytes.fromhex("06092a864886f70d0101050500")

Extension = tuple[x509.ExtensionType, bool]
"""An extension and whether it is critical."""

CA = (x509.BasicConstraints(ca=True, path_length=None), True)
NO_CA = (x509.BasicConstraints(ca=False, path_length=None), True)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def pem(self) -> bytes:
        return encode_certificate_pem(self.certificate.der)

    def identity(self, mspid: str = "Org1MSP") -> PeerIdentityType:
        return encode_serialized_identity(mspid, self.pem)


def like(certificate: x509.Certificate, *, without: type[x509.ExtensionType]) -> x509.CertificateBuilder:
    """Begin a certificate like this one, with one extension less."""
    builder = x509.CertificateBuilder(
        issuer_name=certificate.issuer,
        subject_name=certificate.subject,
        public_key=certificate.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=certificate.not_valid_before_utc,
        not_valid_after=certificate.not_valid_after_utc,
    )
    for extension in certificate.extensions:
        if not isinstance(extension.value, without):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder


def with_unknown_extension(credential: Credential, issuer: Authority) -> Credential:
    """The same certificate with a critical extension that nobody knows."""
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    builder = like(credential.certificate, without=x509.UnrecognizedExtension)
    return Credential(builder.add_extension(unknown, critical=True).sign(issuer.key, hashes.SHA256()), credential.key)


def renewed(authority: Authority, *, begins_at: datetime) -> bytes:
    """A CA's certificate over the same key from another date on, in PEM."""
    ca = authority.certificate
    builder = x509.CertificateBuilder(
        issuer_name=ca.issuer,
        subject_name=ca.subject,
        public_key=ca.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=begins_at,
        not_valid_after=ca.not_valid_after_utc,
    )
    for extension in ca.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def over_sha1(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> x509.Certificate:
    """The same, signed with SHA-1, which cryptography no longer does."""
    der = certificate.public_bytes(Encoding.DER)
    signed, algorithm, _ = read_elements(read_element(der, SEQUENCE).content)
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    weak = encode_element(SEQUENCE, RSA_WITH_SHA1 if is_rsa else ECDSA_WITH_SHA1)
    body = encode_element(SEQUENCE, signed.content.replace(algorithm.encoded, weak))
    if isinstance(key, rsa.RSAPrivateKey):
        made = key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    else:
        made = key.sign(body, ec.ECDSA(hashes.SHA1()))
    return x509.load_der_x509_certificate(
        encode_element(SEQUENCE, body + weak + encode_element(BIT_STRING, b"\0" + made))
    )


def key_usage(*, signs_certificates: bool) -> Extension:
    """A key usage extension with or without keyCertSign."""
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
    return (usage, True)


def make_der(
    name: str,
    issuer: Issued | None = None,
    *,
    extensions: Sequence[Extension] = (),
    units: Sequence[str] = (),
    key: CertificateIssuerPrivateKeyTypes | None = None,
    serial_number: int | None = None,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    hash_algorithm: hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None = hashes.SHA256(),  # noqa: B008 (immutable)
) -> tuple[bytes, CertificateIssuerPrivateKeyTypes]:
    """Sign a certificate; by itself without an issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.parsed.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial_number or x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signed = builder.sign(issuer.key if issuer else key, hash_algorithm)
    return signed.public_bytes(Encoding.DER), key


def make_leaf(name: str = "peer0", issuer: Issued | None = None, **options: object) -> Issued:
    """A member's certificate; options as for ``make_der``, with the peer OU and no CA bit unless they say otherwise."""
    options = {"units": ("peer",), "extensions": (NO_CA,), **options}
    der, key = make_der(name, issuer, **options)  # type: ignore[arg-type]  # passed through as they came
    return Issued(parse_certificate(der), key)


def make_ca(
    name: str = "ca",
    issuer: Issued | None = None,
    *,
    basics: Extension = CA,
    more: Sequence[Extension] = (),
    has_key_id: bool = True,
    key: CertificateIssuerPrivateKeyTypes | None = None,
    **options: object,
) -> Issued:
    """A CA's certificate, a root without an issuer; with a subject key identifier."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    key_id: list[Extension] = [(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)]
    extensions = [basics, *(key_id if has_key_id else []), *more]
    der, _ = make_der(name, issuer, extensions=extensions, key=key, **options)  # type: ignore[arg-type]  # as above
    return Issued(parse_certificate(der), key)


def with_s(certificate: Certificate, *, in_lower_half: bool, curve: str = "secp256r1") -> Certificate:
    """The same certificate with S in the half that is asked for."""
    order = CURVE_ORDERS[curve]
    r, s = decode_dss_signature(certificate.parsed.signature)
    s = s if (s <= order // 2) == in_lower_half else order - s
    signed, algorithm, _ = read_elements(read_element(certificate.der, SEQUENCE).content)
    bits = encode_element(BIT_STRING, b"\0" + encode_dss_signature(r, s))
    return parse_certificate(encode_element(SEQUENCE, signed.encoded + algorithm.encoded + bits))


def make_crl(
    ca: Issued, serial_numbers: Sequence[int], *, signer: Issued | None = None, has_key_id: bool = True
) -> bytes:
    """A CRL in PEM that carries the CA's key identifier, signed by the CA or by another key."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.parsed.subject)
        .last_update(NOT_BEFORE)
        .next_update(NOT_BEFORE.replace(month=2))
    )
    if has_key_id:
        assert ca.certificate.key_id is not None
        key_id = x509.AuthorityKeyIdentifier(ca.certificate.key_id, None, None)
        builder = builder.add_extension(key_id, critical=False)
    for serial_number in serial_numbers:
        entry = x509.RevokedCertificateBuilder(serial_number, NOT_BEFORE).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign((signer or ca).key, hashes.SHA256()).public_bytes(Encoding.PEM)


def make_config(
    roots: Sequence[Issued],
    intermediates: Sequence[Issued] = (),
    *,
    mspid: str = "Org1MSP",
    admins: Sequence[Issued] = (),
    crls: Sequence[CrlFile] = (),
    node_ous: dict[Role, OuConfig] | None = NODE_OUS,
    organizational_units: Sequence[OuConfig] = (),
    tls_roots: Sequence[Issued] = (),
    tls_intermediates: Sequence[Issued] = (),
) -> MspConfig:
    """What ``load_msp_config`` would read from a folder with these certificates."""
    return MspConfig(
        mspid=mspid,
        path=mspid,
        roots=files("cacerts", roots),
        intermediates=files("intermediatecerts", intermediates),
        admins=files("admincerts", admins),
        crls=tuple(crls),
        node_ous=node_ous,
        organizational_units=tuple(organizational_units),
        tls_roots=files("tlscacerts", tls_roots),
        tls_intermediates=files("tlsintermediatecerts", tls_intermediates),
    )


def make_msp(roots: Sequence[Issued], intermediates: Sequence[Issued] = (), **options: object) -> Msp:
    """An MSP of these CAs; options as for ``make_config``."""
    return Msp(make_config(roots, intermediates, **options))  # type: ignore[arg-type]  # passed through as they came


def files(folder: str, issued: Sequence[Issued]) -> tuple[CertificateFile, ...]:
    """Certificates with the file names that they would have, counted from 0."""
    return tuple(CertificateFile(f"{folder}/{at}.pem", one.certificate) for at, one in enumerate(issued))

"""A CA that issues and revokes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gossip.msp.authority.credential import Credential, PrivateKey, Validity, generate_key
from gossip.msp.authority.template import (
    TLS_USAGES,
    authority_builder,
    authority_key_identifier,
    general_name,
    key_usage,
    leaf_builder,
    subject_name,
)
from gossip.msp.signature import CURVE_ORDERS

_ATTEMPTS = 128
"""Each attempt has a low S with probability one half."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A root or intermediate CA with its key: issues certificates and revokes them."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, common_name: str, organization: str, *, validity: Validity) -> "Authority":
        """Make a self-signed root."""
        key = generate_key()
        name = subject_name(common_name, organization=organization)
        builder = authority_builder(name, key, validity).issuer_name(name)
        return cls(_sign(builder, key), key)

    @property
    def name(self) -> str:
        """The common name."""
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    @property
    def certificate_pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key as unencrypted PKCS#8 in PEM; a secret."""
        return Credential(self.certificate, self.key).key_pem

    def issue_authority(self, common_name: str, organization: str, *, validity: Validity) -> "Authority":
        """Issue an intermediate CA."""
        key = generate_key()
        builder = authority_builder(subject_name(common_name, organization=organization), key, validity)
        return Authority(_sign(self._issued(builder), self.key), key)

    def issue_identity(
        self,
        common_name: str,
        *,
        validity: Validity,
        units: Iterable[str] = (),
        key: PrivateKey | None = None,
    ) -> Credential:
        """Issue a certificate that signs messages.

        Args:
            common_name: At most 64 characters.
            validity: When it holds; nothing stops it from outliving the CA.
            units: The organisational units, in order; with NodeOUs exactly one names the role.
            key: The private key; a new one on P-256 without it.
        """
        key = key or generate_key()
        builder = leaf_builder(subject_name(common_name, units=units), key, validity)
        builder = builder.add_extension(key_usage(), critical=True)
        return Credential(_sign(self._issued(builder), self.key), key)

    def issue_tls(
        self, common_name: str, *, validity: Validity, hosts: Iterable[str], key: PrivateKey | None = None
    ) -> Credential:
        """Issue a certificate for both sides of TLS; ``hosts`` are DNS names and IP addresses."""
        key = key or generate_key()
        names = [general_name(host) for host in hosts]
        builder = leaf_builder(subject_name(common_name), key, validity)
        builder = builder.add_extension(key_usage(key_encipherment=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(TLS_USAGES), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return Credential(_sign(self._issued(builder), self.key), key)

    def revoke(self, certificates: Iterable[x509.Certificate], *, now: datetime) -> bytes:
        """Make a CRL, in PEM, that names these certificates and no others; it holds for thirty days."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now)
            .next_update(now + timedelta(days=30))
            .add_extension(authority_key_identifier(self.certificate), critical=False)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        )
        for certificate in certificates:
            revoked = x509.RevokedCertificateBuilder(certificate.serial_number, now)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _issued(self, builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
        return builder.issuer_name(self.certificate.subject).add_extension(
            authority_key_identifier(self.certificate), critical=False
        )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Sign with an S in the lower half of the order: Fabric re-encodes a certificate that has another."""
    half_order = CURVE_ORDERS[key.curve.name] // 2
    for _ in range(_ATTEMPTS):
        certificate = builder.sign(key, hashes.SHA256())
        if decode_dss_signature(certificate.signature)[1] <= half_order:
            return certificate
    raise AssertionError("the random generator is broken: no low S in 128 signatures")

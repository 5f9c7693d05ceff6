"""One X.509 certificate: read as strictly as Go reads it, and the facts of it that an MSP judges by."""

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, PublicKeyAlgorithmOID, SignatureAlgorithmOID

from gossip.der import BIT_STRING, SEQUENCE, encode_element
from gossip.errors import UntrustedIdentityError
from gossip.msp.distinguished_name import ORGANIZATIONAL_UNIT, DistinguishedName, parse_name
from gossip.msp.parser_text import readable
from gossip.msp.pem import PemBlock, find_pem_block
from gossip.msp.signature import encode_low_s
from gossip.msp.strictness import check_as_go, read_fields
from gossip.types import PkiId

MemberKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""The keys that Fabric takes for a member or a CA; only those on a curve can sign gossip."""

ECDSA_SIGNATURES = frozenset(
    {
        SignatureAlgorithmOID.ECDSA_WITH_SHA1,
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        SignatureAlgorithmOID.ECDSA_WITH_SHA384,
        SignatureAlgorithmOID.ECDSA_WITH_SHA512,
    }
)
UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What cryptography raises for a certificate or CRL that it cannot read, at once or when a part of it is asked for;
KeyError for a TLS feature that it does not know."""

_READ_KEYS = frozenset(
    {
        PublicKeyAlgorithmOID.EC_PUBLIC_KEY,
        PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5,
        PublicKeyAlgorithmOID.DSA,
        PublicKeyAlgorithmOID.ED25519,
        PublicKeyAlgorithmOID.X25519,
    }
)
"""Keys that Go reads. Of others, RSA for PSS alone would pass for RSA here, and to read a Diffie-Hellman key OpenSSL
tests its parameters for primes: 27 s for 8,192 bits."""
_WEAK_HASHES: dict[type, str] = {hashes.MD5: "MD5", hashes.SHA1: "SHA-1", hashes.SHA224: "SHA-224"}
_NO_USAGE = x509.KeyUsage(False, False, False, False, False, False, False, False, False)
_MAX_SHOWN = 128
_SERVER_PURPOSES = frozenset({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


ExtensionT = TypeVar("ExtensionT", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """A certificate and what an MSP asks of it; two are equal when their DER is.

    Attributes:
        der: The exact bytes.
        parsed: cryptography's view of it.
        key: The subject's key; None where Fabric cannot use it (Ed25519, DSA, ...).
        raw_subject, raw_issuer: The names' exact bytes, by which Go tells whether they are the same.
        subject, issuer: Short names for texts: the common name, or the whole name where there is none.
        organizational_units: The subject's OUs in order.
        serial_number: As it stands there and in a CRL; zero or more.
        is_ca: Basic constraints say that it may sign certificates.
        key_id: The subject key identifier, or None.
        verified_at: One second after it became valid, aware and in UTC: when its chain is verified, so that
            expiry plays no part. Mirrors: msp/mspimplvalidate.go, getValidityOptsForCert.
        not_after_at: When it ends, aware and in UTC.
        is_ecdsa_signed: Its issuer signed with ECDSA.
        is_for_servers: Its extended key usages, if it has any, hold server authentication: what Go asks of a chain
            when nobody says what it is for, as Fabric does not.
        can_sign_certificates: Its key usages, if it has any, hold certificate signing; Go takes none for no rule.
        has_alternative_names, has_name_constraints: It carries that extension.
    """

    der: bytes
    parsed: x509.Certificate
    key: MemberKey | None
    raw_subject: bytes
    raw_issuer: bytes
    subject: str
    issuer: str
    organizational_units: tuple[str, ...]
    serial_number: int
    is_ca: bool
    key_id: bytes | None
    verified_at: datetime
    not_after_at: datetime
    is_ecdsa_signed: bool
    is_for_servers: bool
    can_sign_certificates: bool
    has_alternative_names: bool
    has_name_constraints: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.der == other.der

    def __hash__(self) -> int:
        return hash(self.der)

    @property
    def not_before_at(self) -> datetime:
        """When it becomes valid, aware and in UTC; peers take it earlier."""
        return self.parsed.not_valid_before_utc

    @property
    def common_name(self) -> str:
        """The subject's last common name as it stands there; empty where it has none."""
        return parse_name(self.raw_subject).common_name

    @property
    def weak_hash(self) -> str | None:
        """The hash that its issuer signed over, where Go no longer takes it; None for one that holds."""
        try:
            algorithm = self.parsed.signature_hash_algorithm
        except (UnsupportedAlgorithm, ValueError, TypeError):
            return None
        return _WEAK_HASHES.get(type(algorithm)) if algorithm is not None else None

    def released(self) -> "Certificate":
        """The same, without the 6 kB of names and extensions that cryptography keeps once it was asked for them."""
        with without_warnings():
            return replace(self, parsed=x509.load_der_x509_certificate(self.der))

    def is_signed_by(self, issuer: "Certificate") -> bool:
        """True when ``issuer`` has the issuer's name and made the signature, over a hash that Go still takes."""
        if self.weak_hash is not None:
            return False
        try:
            self.parsed.verify_directly_issued_by(issuer.parsed)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
            return False
        return True

    def with_low_s(self, issuer: "Certificate") -> "Certificate":
        """Give the same certificate with a low S in its issuer's signature; itself where nothing is to change.

        Mirrors: msp/cert.go, sanitizeECDSASignedCert.
        """
        if not self.is_ecdsa_signed or not isinstance(issuer.key, ec.EllipticCurvePublicKey):
            return self
        old = self.parsed.signature
        new = encode_low_s(issuer.key.curve, old)
        if new == old:
            return self
        # The certificate is a sequence of three: what is signed, the algorithm, the signature as a bit string.
        signed = self.parsed.tbs_certificate_bytes
        body_at = self.der.index(signed)
        algorithm = self.der[body_at + len(signed) : -len(encode_element(BIT_STRING, b"\0" + old))]
        return parse_certificate(encode_element(SEQUENCE, signed + algorithm + encode_element(BIT_STRING, b"\0" + new)))


@contextmanager
def without_warnings() -> Iterator[None]:
    """For certificates that cryptography may refuse one day: the verdict must not hang on a warning filter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def parse_certificate(der: bytes) -> Certificate:
    """Read a certificate, refusing what Go's parser refuses.

    Raises:
        UntrustedIdentityError: It is not one; the text says what is wrong with it.

    Mirrors: crypto/x509, ParseCertificate (Go 1.26).
    """
    try:
        with without_warnings():
            parsed = x509.load_der_x509_certificate(der)
            serial_number = parsed.serial_number
            key = parsed.public_key() if parsed.public_key_algorithm_oid in _READ_KEYS else None
            fields = read_fields(der)
            check_as_go(parsed, key, fields)
            # Go reads extensions of version 3 alone.
            extensions = parsed.extensions if parsed.version is x509.Version.v3 else x509.Extensions([])
            subject, issuer = parse_name(fields.subject), parse_name(fields.issuer)
        verified_at, not_after_at = parsed.not_valid_before_utc + timedelta(seconds=1), parsed.not_valid_after_utc
    except UNREADABLE as error:
        raise UntrustedIdentityError(f"not an X.509 certificate: {readable(str(error))}") from error
    basics = find_extension(extensions, x509.BasicConstraints)
    key_id = find_extension(extensions, x509.SubjectKeyIdentifier)
    usage = find_extension(extensions, x509.KeyUsage)
    purposes = find_extension(extensions, x509.ExtendedKeyUsage)
    return Certificate(
        der=der,
        parsed=parsed,
        key=key if isinstance(key, MemberKey) else None,
        raw_subject=fields.subject,
        raw_issuer=fields.issuer,
        subject=_short_name(subject),
        issuer=_short_name(issuer),
        organizational_units=subject.values_of(ORGANIZATIONAL_UNIT),
        serial_number=serial_number,
        is_ca=basics is not None and basics.ca,
        key_id=key_id.digest if key_id is not None else None,
        verified_at=verified_at,
        not_after_at=not_after_at,
        is_ecdsa_signed=parsed.signature_algorithm_oid in ECDSA_SIGNATURES,
        is_for_servers=purposes is None or not _SERVER_PURPOSES.isdisjoint(purposes),
        can_sign_certificates=usage is None or usage.key_cert_sign or usage == _NO_USAGE,
        has_alternative_names=find_extension(extensions, x509.SubjectAlternativeName) is not None,
        has_name_constraints=find_extension(extensions, x509.NameConstraints) is not None,
    )


def parse_certificate_pem(pem: bytes) -> tuple[Certificate, PemBlock]:
    """Read the certificate in the first PEM block of ``pem``; the block tells its type and what follows it.

    Raises:
        UntrustedIdentityError: There is no block, or it holds no certificate.
    """
    block = find_pem_block(pem)
    if block is None:
        raise UntrustedIdentityError("could not decode the PEM structure: no complete PEM block")
    return parse_certificate(block.body), block


def find_extension(extensions: x509.Extensions, kind: type[ExtensionT]) -> ExtensionT | None:
    """The extension of one kind; None where there is none."""
    return next((extension.value for extension in extensions if isinstance(extension.value, kind)), None)


def pki_id_of(mspid: str, id_bytes: bytes) -> PkiId:
    """Name an identity: SHA-256 over the MSP-ID in UTF-8 followed by ``id_bytes`` exactly as they came.

    Mirrors: internal/peer/gossip/mcs.go, GetPKIidOfCert.
    """
    return PkiId(hashlib.sha256(mspid.encode() + id_bytes).digest())


def shown(text: str) -> str:
    """Give a text from a certificate as it may stand in a log: short, and without control characters."""
    printable = text if text.isprintable() else ascii(text)
    return printable if len(printable) <= _MAX_SHOWN else f"{printable[:_MAX_SHOWN]}..."


def _short_name(name: DistinguishedName) -> str:
    return shown(name.common_name or name.rfc4514_string()) or "(empty name)"

"""Whether a CA signed a CRL in a way that Fabric takes: over SHA-1 too, which Go takes for no certificate."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID

from gossip.der import SEQUENCE, read_element, read_elements
from gossip.errors import SignatureError
from gossip.msp.certificate import ECDSA_SIGNATURES, Certificate
from gossip.msp.signature import parse_signature

_RSA_SIGNATURES = frozenset(
    {
        SignatureAlgorithmOID.RSA_WITH_SHA1,
        x509.ObjectIdentifier("1.3.14.3.2.29"),  # ISO's name for the same
        SignatureAlgorithmOID.RSA_WITH_SHA256,
        SignatureAlgorithmOID.RSA_WITH_SHA384,
        SignatureAlgorithmOID.RSA_WITH_SHA512,
    }
)
_PSS_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def check_readable(crl: x509.CertificateRevocationList) -> None:
    """Return when the signature can be read, if it is one of ECDSA; of others Fabric says nothing before it needs them.

    Raises:
        SignatureError: It cannot.

    Mirrors: msp/mspimplsetup.go, setupCRLs.
    """
    if crl.signature_algorithm_oid in ECDSA_SIGNATURES:
        if _has_unused_bits(crl):
            raise SignatureError("its bit string has unused bits")
        parse_signature(crl.signature)


def is_signed_by(crl: x509.CertificateRevocationList, ca: Certificate) -> bool:
    """Whether this CA's key signed the CRL, whatever CA the CRL names; bytes after ECDSA's two numbers are tolerated.

    Mirrors: crypto/x509, Certificate.CheckCRLSignature, with what setupCRLs in msp/mspimplsetup.go makes of signatures.
    """
    try:
        return not _has_unused_bits(crl) and _verify(crl, ca.parsed.public_key())
    except (InvalidSignature, UnsupportedAlgorithm, SignatureError, ValueError):
        return False


def _has_unused_bits(crl: x509.CertificateRevocationList) -> bool:
    """Go shifts them out of the signature, which leaves none; cryptography passes over them."""
    *_, signature = read_elements(read_element(crl.public_bytes(Encoding.DER), SEQUENCE).content)
    return signature.content[:1] != b"\0"


def _verify(crl: x509.CertificateRevocationList, key: CertificatePublicKeyTypes) -> bool:
    """False where key and algorithm do not belong together; raises where the signature does not hold."""
    oid, algorithm = crl.signature_algorithm_oid, crl.signature_hash_algorithm
    signature, signed = crl.signature, crl.tbs_certlist_bytes
    if isinstance(key, ec.EllipticCurvePublicKey) and oid in ECDSA_SIGNATURES and algorithm:
        key.verify(encode_dss_signature(*parse_signature(signature)), signed, ec.ECDSA(algorithm))
    elif isinstance(key, rsa.RSAPublicKey) and oid in _RSA_SIGNATURES and algorithm:
        key.verify(signature, signed, padding.PKCS1v15(), algorithm)
    elif (
        isinstance(key, rsa.RSAPublicKey)
        and oid == SignatureAlgorithmOID.RSASSA_PSS
        and isinstance(algorithm, _PSS_HASHES)
    ):
        # Go takes it with these parameters alone, whatever the CRL says they are.
        key.verify(signature, signed, padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm)
    elif isinstance(key, ed25519.Ed25519PublicKey) and oid == SignatureAlgorithmOID.ED25519:
        key.verify(signature, signed)
    else:
        return False
    return True

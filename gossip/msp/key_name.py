"""Kinds of keys in words."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import PublicKeyAlgorithmOID

from gossip.msp.certificate import Certificate

_OTHERS = {
    PublicKeyAlgorithmOID.DSA: "DSA",
    PublicKeyAlgorithmOID.ED25519: "Ed25519",
    PublicKeyAlgorithmOID.ED448: "Ed448",
}


def name_key(certificate: Certificate) -> str:
    """Name the kind of a certificate's key, such as ``ECDSA secp256r1`` or ``RSA 2048``."""
    if isinstance(certificate.key, ec.EllipticCurvePublicKey):
        return f"ECDSA {certificate.key.curve.name}"
    if isinstance(certificate.key, rsa.RSAPublicKey):
        return f"RSA {certificate.key.key_size}"
    oid = certificate.parsed.public_key_algorithm_oid
    return _OTHERS.get(oid, f"of algorithm {oid.dotted_string}")

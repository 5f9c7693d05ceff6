"""Kinds of keys in words."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gossip.msp.certificate import Certificate


def name_key(certificate: Certificate) -> str:
    """Name the kind of a certificate's key, such as ``ECDSA secp256r1`` or ``RSA 2048``."""
    if isinstance(certificate.key, ec.EllipticCurvePublicKey):
        return f"ECDSA {certificate.key.curve.name}"
    if isinstance(certificate.key, rsa.RSAPublicKey):
        return f"RSA {certificate.key.key_size}"
    return type(certificate.parsed.public_key()).__name__.removesuffix("PublicKey")

"""ECDSA over SHA-256 as Fabric's crypto provider does it: what is read, which S is taken, which curves exist."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from gossip.der import SEQUENCE, read_element, read_integer
from gossip.errors import SignatureError

CURVE_ORDERS: Final = {
    "secp224r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF16A2E0B8F03E13DD29455C5C2A3D,
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "secp521r1": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}
"""The curves that Go, and so Fabric, knows, with the order of each."""

_ALGORITHM = ec.ECDSA(hashes.SHA256())


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Sign ``message``; DER with the low S that Fabric insists on.

    Mirrors: bccsp/sw, signECDSA.
    """
    return encode_low_s(key.curve, key.sign(message, _ALGORITHM))


def check_signature(key: ec.EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
    """Return when ``key``'s private half made ``signature`` over ``message``.

    Bytes after the two numbers are tolerated; a high S, which would make two signatures of one, is not.

    Raises:
        SignatureError: It did not, or the signature is not written as it must be.

    Mirrors: bccsp/sw, verifyECDSA.
    """
    if not signature:
        raise SignatureError("could not determine the validity of the signature: Invalid signature. Cannot be empty.")
    r, s = parse_signature(signature)
    if s > CURVE_ORDERS[key.curve.name] // 2:
        raise SignatureError(
            "could not determine the validity of the signature: Invalid S. Must be smaller than half the order of "
            f"{key.curve.name}"
        )
    try:
        key.verify(encode_dss_signature(r, s), message, _ALGORITHM)
    except InvalidSignature as error:
        raise SignatureError("The signature is invalid: another key made it, or over other bytes") from error


def encode_low_s(curve: ec.EllipticCurve, signature: bytes) -> bytes:
    """Give the same signature with S in the lower half of the curve's order; ``signature`` must be well-formed DER.

    Mirrors: bccsp/utils, SignatureToLowS.
    """
    r, s = decode_dss_signature(signature)
    order = CURVE_ORDERS[curve.name]
    return signature if s <= order // 2 else encode_dss_signature(r, order - s)


def parse_signature(signature: bytes) -> tuple[int, int]:
    """Read R and S from DER, tolerating what Go tolerates: bytes after S, and bytes after the sequence.

    Raises:
        SignatureError: Not DER, or a number that is not positive.

    Mirrors: bccsp/utils, UnmarshalECDSASignature.
    """
    try:
        r, rest = read_integer(read_element(signature, SEQUENCE).content)
        s, _ = read_integer(rest)
    except ValueError as error:
        raise _malformed(str(error)) from error
    for name, number in (("R", r), ("S", s)):
        if number <= 0:
            raise _malformed(f"invalid signature, {name} must be larger than zero")
    return r, s


def _malformed(what: str) -> SignatureError:
    # Spelt as in Fabric's log, for those who search it.
    return SignatureError(f"could not determine the validity of the signature: Failed unmashalling signature: {what}")

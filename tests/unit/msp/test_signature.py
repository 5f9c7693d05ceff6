"""ECDSA signatures: which writings of the two numbers are taken, and which S."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from gossip.errors import SignatureError
from gossip.msp.signature import CURVE_ORDERS, check_signature, encode_low_s, parse_signature, sign

CURVES = [ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()]
MESSAGE = b"message"
each_curve = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)


@each_curve
def test_what_is_signed_verifies(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    for _ in range(8):  # each S would be high with probability one half
        signature = sign(key, MESSAGE)
        assert decode_dss_signature(signature)[1] <= CURVE_ORDERS[curve.name] // 2
        check_signature(key.public_key(), signature, MESSAGE)


@each_curve
def test_high_s_is_refused_though_it_verifies(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    low = sign(key, MESSAGE)
    r, s = decode_dss_signature(low)
    high = encode_dss_signature(r, CURVE_ORDERS[curve.name] - s)
    key.public_key().verify(high, MESSAGE, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(SignatureError, match=r"Invalid S\. Must be smaller than half the order"):
        check_signature(key.public_key(), high, MESSAGE)
    assert encode_low_s(curve, high) == low
    assert encode_low_s(curve, low) is low


@each_curve
def test_s_of_exactly_half_the_order_is_low(curve: ec.EllipticCurve) -> None:
    """Go takes it. No signer finds it by chance, so the key is made for the signature."""
    order = CURVE_ORDERS[curve.name]
    half, nonce = order // 2, 7
    r = ec.derive_private_key(nonce, curve).public_key().public_numbers().x % order
    digest = hashlib.sha256(MESSAGE).digest()
    hashed = int.from_bytes(digest) >> max(0, 8 * len(digest) - order.bit_length())
    key = ec.derive_private_key((half * nonce - hashed) * pow(r, -1, order) % order, curve)
    signature = encode_dss_signature(r, half)
    check_signature(key.public_key(), signature, MESSAGE)
    assert encode_low_s(curve, signature) is signature


@each_curve
def test_the_orders_in_our_table_are_the_curves_own(curve: ec.EllipticCurve) -> None:
    assert CURVE_ORDERS[curve.name] == curve.group_order


@pytest.mark.parametrize("rest", [b"\0", b"anything"])
def test_bytes_after_the_numbers_are_tolerated(rest: bytes) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signature = sign(key, MESSAGE)
    check_signature(key.public_key(), signature + rest, MESSAGE)
    inside = bytes((0x30, signature[1] + len(rest))) + signature[2:] + rest
    check_signature(key.public_key(), inside, MESSAGE)


def test_other_message_and_other_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    signature = sign(key, MESSAGE)
    for public_key, message in (
        (key.public_key(), b"other"),
        (ec.generate_private_key(ec.SECP256R1()).public_key(), MESSAGE),
    ):
        with pytest.raises(SignatureError, match="The signature is invalid"):
            check_signature(public_key, signature, message)


@pytest.mark.parametrize(
    ("signature", "match"),
    [
        (b"", "Cannot be empty"),
        (b"\x30", "data truncated"),
        (b"\x31\x06\x02\x01\x01\x02\x01\x01", "tags don't match: expected 0x30, found 0x31"),
        (b"\x30\x07\x02\x01\x01\x02\x01\x01", "data truncated"),
        (b"\x30\x80\x02\x01\x01\x02\x01\x01\0\0", "indefinite or too large length"),
        (b"\x30\x84\0\0\0\x06\x02\x01\x01\x02\x01\x01", "indefinite or too large length"),
        (b"\x30\x81\x06\x02\x01\x01\x02\x01\x01", "non-minimal length"),
        (b"\x30\x82\0\x80\x02\x01\x01\x02\x01\x01", "non-minimal length"),
        (b"\x30\x81", "truncated or non-minimal"),
        (b"\x30\x03\x02\x01\x01", "data truncated"),
        (b"\x30\x00", "data truncated"),
        (b"\x30\x06\x04\x01\x01\x02\x01\x01", "expected 0x02, found 0x04"),
        (b"\x30\x05\x02\x00\x02\x01\x01", "empty integer"),
        (b"\x30\x07\x02\x02\x00\x01\x02\x01\x01", "integer not minimally-encoded"),
        (b"\x30\x07\x02\x02\xff\x80\x02\x01\x01", "integer not minimally-encoded"),
        (
            b"\x30\x06\x02\x01\x00\x02\x01\x01",
            "Failed unmashalling signature: invalid signature, R must be larger than zero",
        ),
        (b"\x30\x06\x02\x01\x01\x02\x01\x00", "S must be larger than zero"),
        (b"\x30\x06\x02\x01\xff\x02\x01\x01", "R must be larger than zero"),
    ],
)
def test_malformed(signature: bytes, match: str) -> None:
    with pytest.raises(SignatureError, match=f"could not determine the validity of the signature: .*{match}"):
        check_signature(ec.generate_private_key(ec.SECP256R1()).public_key(), signature, MESSAGE)


def test_numbers_beyond_the_order_are_just_wrong() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    for r in (CURVE_ORDERS["secp256r1"], CURVE_ORDERS["secp256r1"] + 1, 2**4096):
        with pytest.raises(SignatureError, match="The signature is invalid"):
            check_signature(key, encode_dss_signature(r, 1), MESSAGE)


@given(st.integers(1, 2**600), st.integers(1, 2**600))
def test_what_is_encoded_is_read(r: int, s: int) -> None:
    assert parse_signature(encode_dss_signature(r, s)) == (r, s)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        r, s = parse_signature(data)
    except SignatureError:
        return
    assert r > 0
    assert s > 0

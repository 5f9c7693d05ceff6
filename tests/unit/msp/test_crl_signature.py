"""Which signatures make a CRL its CA's word: Go's verdict where cryptography's differs."""

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.der import BIT_STRING, SEQUENCE, encode_element, read_element, read_elements
from gossip.errors import ConfigurationError, IdentityRevokedError
from gossip.msp.config import CrlFile
from gossip.msp.crl_signature import is_signed_by
from gossip.msp.revocation import parse_crl
from tests.support.certificates import NOT_AFTER, NOT_BEFORE, Issued, make_ca, make_crl, make_leaf, make_msp

ECDSA_WITH_SHA1 = bytes.fromhex("06072a8648ce3d0401")
RSA_WITH_MD5 = bytes.fromhex("06092a864886f70d0101040500")
RSA_WITH_SHA1 = bytes.fromhex("06092a864886f70d0101050500")
ISO_RSA_WITH_SHA1 = bytes.fromhex("06052b0e03021d0500")

EC_CA = make_ca("root")
RSA_CA = make_ca("root", key=rsa.generate_private_key(65537, 2048))
ED25519_CA = make_ca("root", key=ed25519.Ed25519PrivateKey.generate(), hash_algorithm=None)


def sign_list(
    ca: Issued, algorithm: hashes.SHA256 | hashes.SHA3_256 | None, padding: padding.PSS | None = None
) -> x509.CertificateRevocationList:
    """A CRL with nobody on it."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.parsed.subject)
    return builder.last_update(NOT_BEFORE).next_update(NOT_AFTER).sign(ca.key, algorithm, rsa_padding=padding)


def sign_anew(crl: bytes, ca: Issued, named: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    """The same CRL in DER, signed over a hash that cryptography signs no CRL over, with ``named`` for the algorithm."""
    identifier = encode_element(SEQUENCE, named)
    der = x509.load_pem_x509_crl(crl).public_bytes(Encoding.DER)
    signed, old, _ = read_elements(read_element(der, SEQUENCE).content)
    body = encode_element(SEQUENCE, signed.content.replace(old.encoded, identifier))
    if isinstance(ca.key, rsa.RSAPrivateKey):
        signature = ca.key.sign(body, padding.PKCS1v15(), algorithm)
    else:
        assert isinstance(ca.key, ec.EllipticCurvePrivateKey)
        signature = ca.key.sign(body, ec.ECDSA(algorithm))
    return encode_element(SEQUENCE, body + identifier + encode_element(BIT_STRING, b"\0" + signature))


def test_list_signed_over_sha1_revokes() -> None:
    """As in Fabric: Go takes SHA-1 for no certificate, but for a CRL."""
    leaf = make_leaf("leaf", EC_CA)
    crl = sign_anew(make_crl(EC_CA, [leaf.certificate.serial_number]), EC_CA, ECDSA_WITH_SHA1, hashes.SHA1())
    msp = make_msp([EC_CA], crls=[CrlFile("crls/0.pem", parse_crl(crl, "crls/0.pem"))])
    with pytest.raises(IdentityRevokedError):
        msp.check_identity(msp.place(leaf.certificate))


def sign_otherwise(crl: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same CRL in DER with its signature changed."""
    parsed = x509.load_pem_x509_crl(crl)
    *signed, _ = read_elements(read_element(parsed.public_bytes(Encoding.DER), SEQUENCE).content)
    signature = encode_element(BIT_STRING, b"\0" + change(parsed.signature))
    return encode_element(SEQUENCE, b"".join(element.encoded for element in signed) + signature)


@pytest.mark.parametrize(
    "change",
    [
        lambda der: der + b"garbage",
        lambda der: encode_element(SEQUENCE, read_element(der, SEQUENCE).content + b"\x02\x01\x64"),
    ],
    ids=["after the sequence", "after S"],
)
def test_a_list_revokes_whatever_stands_behind_the_numbers_of_its_signature(change: Callable[[bytes], bytes]) -> None:
    """Go takes no such signature, but Fabric writes it anew first: whom the CA revoked stays out."""
    leaf = make_leaf("leaf", EC_CA)
    crl = sign_otherwise(make_crl(EC_CA, [leaf.certificate.serial_number]), change)
    msp = make_msp([EC_CA], crls=[CrlFile("crls/0.pem", parse_crl(crl, "crls/0.pem"))])
    with pytest.raises(IdentityRevokedError):
        msp.check_identity(msp.place(leaf.certificate))


def test_a_list_whose_signature_cannot_be_read_is_named_whoever_made_it() -> None:
    crl = sign_otherwise(make_crl(make_ca("stranger"), []), lambda _: b"garbage")
    with pytest.raises(ConfigurationError, match=r"^crls/0\.pem: could not parse RevocationList: .* signature"):
        parse_crl(crl, "crls/0.pem")


@pytest.mark.parametrize(
    ("named", "algorithm", "counts"),
    [
        (RSA_WITH_SHA1, hashes.SHA1(), True),
        (ISO_RSA_WITH_SHA1, hashes.SHA1(), True),
        (RSA_WITH_MD5, hashes.MD5(), False),
        (RSA_WITH_SHA1, hashes.SHA256(), False),
    ],
    ids=["SHA-1", "SHA-1 by ISO's name", "MD5", "not what it says"],
)
def test_old_hashes_under_rsa(named: bytes, algorithm: hashes.HashAlgorithm, counts: bool) -> None:
    crl = parse_crl(sign_anew(make_crl(RSA_CA, []), RSA_CA, named, algorithm), "crl")
    assert is_signed_by(crl, RSA_CA.certificate) == counts
    assert not is_signed_by(crl, EC_CA.certificate)


@pytest.mark.parametrize("ca", [EC_CA, RSA_CA], ids=["ECDSA", "RSA"])
@pytest.mark.parametrize(
    ("algorithm", "counts"),
    [
        (hashes.SHA256(), True),
        (hashes.SHA384(), True),
        (hashes.SHA512(), True),
        (hashes.SHA224(), False),
        (hashes.SHA3_256(), False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_hashes_that_go_takes(ca: Issued, algorithm: hashes.SHA256, counts: bool) -> None:
    assert is_signed_by(sign_list(ca, algorithm), ca.certificate) == counts
    assert not is_signed_by(sign_list(ca, algorithm), make_ca("root").certificate)


@pytest.mark.parametrize(
    ("algorithm", "salt_length", "counts"),
    [
        (hashes.SHA256(), 32, True),
        (hashes.SHA512(), 64, True),
        (hashes.SHA224(), 28, False),
        (hashes.SHA256(), 20, False),
    ],
)
def test_pss_with_the_parameters_that_go_takes(algorithm: hashes.SHA256, salt_length: int, counts: bool) -> None:
    pss = padding.PSS(padding.MGF1(algorithm), salt_length)
    assert is_signed_by(sign_list(RSA_CA, algorithm, pss), RSA_CA.certificate) == counts


def test_a_list_that_an_ed25519_ca_signed_is_that_ca_s_alone() -> None:
    """Fabric has no such CAs of identities, but TLS CAs."""
    crl = sign_list(ED25519_CA, None)
    assert is_signed_by(crl, ED25519_CA.certificate)
    assert not is_signed_by(crl, EC_CA.certificate)
    assert not is_signed_by(sign_list(EC_CA, hashes.SHA256()), ED25519_CA.certificate)

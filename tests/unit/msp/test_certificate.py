"""What counts as a certificate: Go's verdict where cryptography's differs."""

import hashlib
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from gossip.der import BIT_STRING, SEQUENCE, encode_element, read_element, read_elements
from gossip.errors import UntrustedIdentityError
from gossip.msp.certificate import Certificate, parse_certificate, parse_certificate_pem, pki_id_of, shown
from gossip.msp.key_name import name_key
from gossip.msp.pem import encode_certificate_pem
from tests.support.certificates import Extension, make_ca, make_der, make_leaf, with_s

KEY_ID = x509.SubjectKeyIdentifier(b"id")
AUTHORITY_KEY_ID = x509.AuthorityKeyIdentifier(b"id", None, None)
ACCESS = x509.AuthorityInformationAccess(
    [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.DNSName("example.com"))]
)


def refuse(der: bytes, match: str) -> None:
    with pytest.raises(UntrustedIdentityError, match=f"^not an X.509 certificate: .*{match}"):
        parse_certificate(der)


def with_serial_number(content: bytes) -> bytes:
    """A certificate whose serial number has this one content octet; nobody checks its signature here."""
    der, _ = make_der("leaf", serial_number=0x55)
    return der.replace(b"\x02\x01\x55", b"\x02\x01" + content, 1)


def make_named(subject: x509.Name, issuer: x509.Name | None = None) -> bytes:
    """A certificate with these names; by itself without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
    builder = builder.public_key(key.public_key()).serial_number(1).not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2034, 1, 1, tzinfo=UTC))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_names_units_validity_and_issuer_are_read() -> None:
    ca = make_ca("ca")
    leaf = make_leaf("peer0.example.com", ca, units=("peer", "blue")).certificate
    assert (leaf.subject, leaf.issuer, leaf.organizational_units) == ("peer0.example.com", "ca", ("peer", "blue"))
    assert (leaf.is_ca, ca.certificate.is_ca) == (False, True)
    assert leaf.verified_at == datetime(2024, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert leaf.not_after_at == datetime(2034, 1, 1, tzinfo=UTC)
    assert leaf.is_ecdsa_signed
    assert leaf.is_signed_by(ca.certificate)
    assert not leaf.is_signed_by(make_ca("ca").certificate)


def test_two_readings_of_one_certificate_are_equal() -> None:
    leaf = make_leaf()
    assert parse_certificate(leaf.certificate.der) == leaf.certificate
    assert hash(parse_certificate(leaf.certificate.der)) == hash(leaf.certificate)
    assert make_leaf().certificate != leaf.certificate


@pytest.mark.parametrize("cut", [1, 100])
def test_truncated(cut: int) -> None:
    refuse(make_leaf().certificate.der[:-cut], "")


def test_trailing_bytes() -> None:
    refuse(make_leaf().certificate.der + b"\0", "its DER is garbled: extra data")


def test_negative_serial_number() -> None:
    refuse(with_serial_number(b"\x80"), "negative serial number")


def test_serial_number_zero() -> None:
    assert parse_certificate(with_serial_number(b"\0")).serial_number == 0


def test_algorithms_that_do_not_match() -> None:
    signed, algorithm, signature = read_elements(read_element(make_leaf().certificate.der, SEQUENCE).content)
    ecdsa_with_sha256 = b"\x2a\x86\x48\xce\x3d\x04\x03\x02"
    other = algorithm.encoded.replace(ecdsa_with_sha256, ecdsa_with_sha256[:-1] + b"\x03")
    refuse(encode_element(SEQUENCE, signed.encoded + other + signature.encoded), "inner and outer signature algorithm")


def test_duplicate_extension() -> None:
    one, two = (x509.UnrecognizedExtension(x509.ObjectIdentifier(f"1.2.3.{last}"), b"") for last in (4, 5))
    der, _ = make_der("leaf", extensions=[(one, False), (two, False)])
    parse_certificate(der)
    refuse(der.replace(b"\x06\x03\x2a\x03\x05", b"\x06\x03\x2a\x03\x04"), "Duplicate 1.2.3.4 extension")


@pytest.mark.parametrize("value", [KEY_ID, AUTHORITY_KEY_ID, ACCESS], ids=lambda value: type(value).__name__)
def test_extensions_that_must_not_be_critical(value: x509.ExtensionType) -> None:
    parse_certificate(make_der("leaf", extensions=[(value, False)])[0])
    refuse(make_der("leaf", extensions=[(value, True)])[0], "incorrectly marked critical")


@pytest.mark.parametrize(
    ("names", "is_fine"),
    [
        ([x509.DNSName("peer0")], True),
        ([x509.RegisteredID(x509.ObjectIdentifier("1.2.3")), x509.DNSName("peer0")], True),
        ([x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))], False),
    ],
)
def test_critical_alternative_names_must_hold_one_that_go_reads(names: list[x509.GeneralName], is_fine: bool) -> None:
    extension: Extension = (x509.SubjectAlternativeName(names), True)
    der, _ = make_der("leaf", extensions=[extension])
    if is_fine:
        assert parse_certificate(der).has_alternative_names
    else:
        refuse(der, "unhandled critical extension")


def test_a_country_of_any_length_is_read_without_a_warning() -> None:
    """As Go does; cryptography warns of it, and a strict user may have made warnings errors."""
    der, _ = make_der("peer0")
    common_name, country = bytes.fromhex("0603550403"), bytes.fromhex("0603550406")
    odd = parse_certificate(der.replace(common_name, country))
    assert (odd.subject, odd.issuer) == ("C=peer0", "C=peer0")


@pytest.mark.parametrize(
    ("kind", "is_fine"),
    [
        (_ASN1Type.UTF8String, True),
        (_ASN1Type.PrintableString, True),
        (_ASN1Type.T61String, True),
        (_ASN1Type.IA5String, True),
        (_ASN1Type.BMPString, True),
        (_ASN1Type.VisibleString, False),
        (_ASN1Type.UniversalString, False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_string_types_of_names(kind: _ASN1Type, is_fine: bool) -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer0", _type=kind)])
    plain = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plain")])
    if is_fine:
        assert parse_certificate(make_named(name, plain)).subject == "peer0"
        assert parse_certificate(make_named(plain, name)).issuer == "peer0"
    else:
        refuse(make_named(name, plain), "invalid attribute value of ASN.1 type")
        refuse(make_named(plain, name), "invalid attribute value of ASN.1 type")


def test_ia5_string_with_other_characters() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer\xe9", _type=_ASN1Type.IA5String)])
    refuse(make_named(name), "invalid attribute value of ASN.1 type 22")


def with_key(certificate: Certificate, info: bytes) -> bytes:
    """The certificate in DER with other information about its key, which breaks its signature."""
    key = certificate.parsed.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed, outer, signature = read_elements(read_element(certificate.der, SEQUENCE).content)
    assert key in signed.content
    body = encode_element(SEQUENCE, signed.content.replace(key, info))
    return encode_element(SEQUENCE, body + outer.encoded + signature.encoded)


def with_compressed_point(leaf: Certificate) -> bytes:
    """The certificate in DER with half of its key's point."""
    key = leaf.key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    compressed = key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    algorithm, _ = read_elements(read_element(info, SEQUENCE).content)
    short = encode_element(SEQUENCE, algorithm.encoded + encode_element(BIT_STRING, b"\0" + compressed))
    return with_key(leaf, short)


def test_compressed_point() -> None:
    refuse(with_compressed_point(make_leaf().certificate), "it is compressed")


def test_a_point_that_is_elsewhere_in_the_certificate_is_not_the_key_s() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    uncompressed = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    elsewhere = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), uncompressed), False)
    refuse(with_compressed_point(make_leaf(key=key, extensions=[elsewhere]).certificate), "it is compressed")


@pytest.mark.parametrize("oid", ["06072a8648ce3e0201", "06092a864886f70d010301"])
def test_diffie_hellman_keys_are_not_read(oid: str) -> None:
    """Nobody can use them, and to check their parameters takes seconds; these have a modulus of 4 bits."""
    number = bytes.fromhex("02010f")
    algorithm = encode_element(SEQUENCE, bytes.fromhex(oid) + encode_element(SEQUENCE, 3 * number))
    info = encode_element(SEQUENCE, algorithm + encode_element(BIT_STRING, b"\0" + number))
    certificate = parse_certificate(with_key(make_leaf().certificate, info))
    with pytest.raises(ValueError, match="Invalid DH parameters"):
        certificate.parsed.public_key()
    assert (certificate.key, name_key(certificate)[:13]) == (None, "of algorithm ")


def test_unknown_curve() -> None:
    refuse(make_der("leaf", key=ec.generate_private_key(ec.SECP256K1()))[0], "unsupported elliptic curve secp256k1")


def test_keys_that_fabric_cannot_use() -> None:
    assert make_leaf(key=ed25519.Ed25519PrivateKey.generate(), hash_algorithm=None).certificate.key is None
    assert make_leaf(key=rsa.generate_private_key(65537, 2048)).certificate.key is not None


def test_validity_at_the_end_of_time_does_not_overflow() -> None:
    """A certificate that nobody signed can hold it, so it must be refused in good order."""
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    refuse(make_der("leaf", not_before=end, not_after=end)[0], "")


def test_low_s_is_put_in_place_and_nothing_else_changes() -> None:
    ca = make_ca("ca")
    low = with_s(make_leaf("leaf", ca).certificate, in_lower_half=True)
    high = with_s(low, in_lower_half=False)
    assert high.der != low.der
    assert high.is_signed_by(ca.certificate)
    assert high.with_low_s(ca.certificate).der == low.der
    assert low.with_low_s(ca.certificate) is low
    assert high.parsed.tbs_certificate_bytes == low.parsed.tbs_certificate_bytes


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_low_s_follows_the_issuers_curve(curve: ec.EllipticCurve) -> None:
    ca = make_ca("ca", key=ec.generate_private_key(curve))
    low = with_s(make_leaf("leaf", ca).certificate, in_lower_half=True, curve=curve.name)
    high = with_s(low, in_lower_half=False, curve=curve.name)
    assert high.with_low_s(ca.certificate).der == low.der


def test_rsa_signature_has_no_s() -> None:
    ca = make_ca("ca", key=rsa.generate_private_key(65537, 2048))
    leaf = make_leaf("leaf", ca).certificate
    assert not leaf.is_ecdsa_signed
    assert leaf.with_low_s(ca.certificate) is leaf


def test_pem_without_a_block() -> None:
    with pytest.raises(UntrustedIdentityError, match="could not decode the PEM structure"):
        parse_certificate_pem(b"garbage")


def test_pem_gives_the_certificate_and_what_follows() -> None:
    leaf = make_leaf()
    certificate, block = parse_certificate_pem(encode_certificate_pem(leaf.certificate.der) + b"rest")
    assert certificate == leaf.certificate
    assert (block.type, block.rest) == ("CERTIFICATE", b"rest")


def test_pki_id_is_the_hash_of_mspid_and_bytes() -> None:
    assert pki_id_of("Org\xe9MSP", b"\0bytes") == hashlib.sha256("Org\xe9MSP".encode() + b"\0bytes").digest()


@pytest.mark.parametrize(
    ("text", "expected"), [("peer0", "peer0"), ("a\nb", r"'a\nb'"), ("x" * 200, "x" * 128 + "..."), ("", "")]
)
def test_shown_is_short_and_on_one_line(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_name_without_a_common_name_is_shown_whole() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Org1")])
    certificate = parse_certificate(make_named(name))
    assert certificate.subject == "O=Org1"
    assert certificate.common_name == ""


def test_a_released_certificate_is_the_same_without_what_was_asked_of_it() -> None:
    certificate = parse_certificate(make_der("leaf")[0])
    asked = certificate.parsed.extensions
    assert certificate.parsed.extensions is asked, "cryptography keeps them"
    released = certificate.released()
    assert released == certificate
    assert (released.key, released.organizational_units) == (certificate.key, certificate.organizational_units)
    assert released.parsed.extensions is not asked


def test_names_that_cannot_be_read() -> None:
    """cryptography reads names only when they are asked for; the bytes come from whoever connects."""
    der = make_named(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ascii")]))
    refuse(der.replace(b"ascii", b"asci\xff"), "")
    refuse(
        make_named(x509.Name([x509.NameAttribute(NameOID.X500_UNIQUE_IDENTIFIER, b"id", _ASN1Type.BitString)])),
        "type 3",
    )


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"\x82\x02\xc3\xa9", "alternative name is malformed"),
        (b"\x81\x04\xc3\xa9@a", "alternative name is malformed"),
        (b"\x86\x04a:\xc3\xa9", "alternative name is malformed"),
        (b"\x87\x08\x0a\0\0\0\xff\0\0\0", "it is a network"),
        (b"\x87\x05\x0a\0\0\0\0", ""),
    ],
    ids=["DNS", "email", "URI", "network", "no address"],
)
def test_alternative_names_that_go_does_not_read(content: bytes, match: str) -> None:
    names = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, encode_element(SEQUENCE, content))
    refuse(make_der("leaf", extensions=[(names, False)])[0], match)


def test_policy_twice() -> None:
    policy = x509.PolicyInformation(x509.ObjectIdentifier("1.2.3"), None)
    parse_certificate(make_der("leaf", extensions=[(x509.CertificatePolicies([policy]), False)])[0])
    refuse(
        make_der("leaf", extensions=[(x509.CertificatePolicies([policy, policy]), False)])[0], "certificate policies"
    )

"""What Go refuses of a certificate, a CRL or a PEM and cryptography takes, and what makes cryptography stumble."""

import warnings
from contextlib import nullcontext
from ipaddress import IPv4Network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gossip.der import BIT_STRING, OBJECT_IDENTIFIER, SEQUENCE, encode_element, read_element, read_elements
from gossip.errors import ConfigurationError, UntrustedIdentityError
from gossip.msp.certificate import parse_certificate
from gossip.msp.membership import Msp
from gossip.msp.pem import PemBlock, find_pem_block
from gossip.msp.revocation import counts_for, parse_crl
from gossip.msp.strictness import _check_arcs
from tests.support.certificates import Extension, Issued, make_ca, make_config, make_crl, make_der, make_leaf, make_msp
from tests.support.raw_names import make_name, rename

BIG_ARC = "2.25.329800735698586629295641978511506172918"
UNKNOWN: Extension = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)
UNKNOWN_FEATURE: Extension = (
    x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.24"), b"\x30\x03\x02\x01\x06"),
    False,
)
BLOCK = b"-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
_PUBLIC_KEY = 6


def parts(der: bytes) -> list[bytes]:
    return [element.encoded for element in read_elements(read_element(der, SEQUENCE).content)]


def with_unused_bit(der: bytes) -> bytes:
    """The same with one bit of its signature declared unused; nobody's key is needed for it."""
    signed, algorithm, signature = parts(der)
    content = read_element(signature).content
    return encode_element(SEQUENCE, signed + algorithm + encode_element(BIT_STRING, b"\1" + content[1:]))


def with_public_key(issuer: Issued, algorithm: bytes, key: bytes) -> bytes:
    """A leaf, signed anew, with another public key."""
    signed, signature_algorithm, _ = parts(make_leaf("peer0", issuer).certificate.der)
    fields = parts(signed)
    fields[_PUBLIC_KEY] = encode_element(SEQUENCE, algorithm + encode_element(BIT_STRING, b"\0" + key))
    body = encode_element(SEQUENCE, b"".join(fields))
    assert isinstance(issuer.key, ec.EllipticCurvePrivateKey)
    signature = encode_element(BIT_STRING, b"\0" + issuer.key.sign(body, ec.ECDSA(hashes.SHA256())))
    return encode_element(SEQUENCE, body + signature_algorithm + signature)


def is_even(der: bytes) -> bool:
    return not der[-1] & 1


def test_signature_with_unused_bits() -> None:
    root = make_ca("root")
    der = next(der for _ in range(100) if is_even(der := make_leaf("peer0", root).certificate.der))
    parse_certificate(der)
    with pytest.raises(UntrustedIdentityError, match="its bit string has unused bits"):
        parse_certificate(with_unused_bit(der))


@pytest.mark.parametrize("key", [None, rsa.generate_private_key(65537, 2048)], ids=["ECDSA", "RSA"])
def test_list_whose_signature_has_unused_bits(key: rsa.RSAPrivateKey | None) -> None:
    """Go shifts them out of the signature; Fabric reads ECDSA's at once, and others when it needs them."""
    root = make_ca("root", key=key)
    lists = (x509.load_pem_x509_crl(make_crl(root, [serial])).public_bytes(Encoding.DER) for serial in range(100))
    der = next(filter(is_even, lists))
    assert counts_for(parse_crl(der, "crl.pem"), root.certificate)
    if key is None:
        with pytest.raises(ConfigurationError, match=r"^crl\.pem: could not parse .*: its bit string has unused bits"):
            parse_crl(with_unused_bit(der), "crl.pem")
    else:
        assert not counts_for(parse_crl(with_unused_bit(der), "crl.pem"), root.certificate)


def test_key_for_pss_alone() -> None:
    key = rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    algorithm = encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, bytes.fromhex("2a864886f70d01010a")))
    root = make_ca("root")
    certificate = parse_certificate(with_public_key(root, algorithm, key))
    assert certificate.key is None
    with pytest.raises(UntrustedIdentityError, match="public key type not recognized"):
        make_msp([root]).place(certificate)


def test_curve_that_is_written_out() -> None:
    """P-256 with its parameters in place of its name."""
    parameters = bytes.fromhex(
        "3081e0020101302c06072a8648ce3d0101022100ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        "30440420ffffffff00000001000000000000000000000000fffffffffffffffffffffffc04205ac635d8aa3a93e7b3ebbd557698"
        "86bc651d06b0cc53b0f63bce3c3e27d2604b0441046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2"
        "964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5022100ffffffff00000000ffffffffffffffff"
        "bce6faada7179e84f3b9cac2fc632551020101"
    )
    point = (
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    algorithm = encode_element(SEQUENCE, bytes.fromhex("06072a8648ce3d0201") + parameters)
    with pytest.raises(UntrustedIdentityError, match="the curve is written out, not named"):
        parse_certificate(with_public_key(make_ca("root"), algorithm, point))


@pytest.mark.parametrize(
    "extension",
    [
        x509.UnrecognizedExtension(x509.ObjectIdentifier(BIG_ARC), b"\5\0"),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.2147483648"), b"\5\0"),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, x509.ObjectIdentifier(BIG_ARC)]),
        x509.AuthorityInformationAccess([x509.AccessDescription(x509.ObjectIdentifier(BIG_ARC), x509.DNSName("a"))]),
    ],
    ids=["extension", "2^31", "purpose", "access"],
)
def test_identifiers_with_an_arc_that_go_does_not_read(extension: x509.ExtensionType) -> None:
    with pytest.raises(UntrustedIdentityError, match=r"an arc of 2\^31 or more"):
        parse_certificate(make_der("leaf", extensions=[(extension, False)])[0])


def test_a_name_with_an_arc_that_go_does_not_read() -> None:
    name = x509.Name([x509.NameAttribute(x509.ObjectIdentifier("1.2.2147483648"), "a")])
    with pytest.raises(UntrustedIdentityError, match=r"invalid attribute type: an arc of 2\^31 or more"):
        rename(make_leaf("leaf"), subject=name.public_bytes())


@pytest.mark.parametrize(("identifier", "is_read"), [("2.2147483567.1", True), ("2.2147483568.1", False)])
def test_the_first_two_arcs_are_one(identifier: str, is_read: bool) -> None:
    with nullcontext() if is_read else pytest.raises(ValueError, match=r"an arc of 2\^31 or more"):
        _check_arcs(identifier)


def test_of_a_long_identifier_only_the_beginning_is_told() -> None:
    """It is a peer's, and stands in our log."""
    with pytest.raises(ValueError, match=r"identifier 1\.9{62}: an arc"):
        _check_arcs("1." + "9" * 1000)


@pytest.mark.parametrize(
    "extension",
    [
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.2147483647"), b"\5\0"),
        x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(BIG_ARC), None)]),
        x509.SubjectAlternativeName([x509.RegisteredID(x509.ObjectIdentifier(BIG_ARC)), x509.DNSName("a")]),
    ],
    ids=["2^31 - 1", "policy", "registered"],
)
def test_identifiers_that_go_reads(extension: x509.ExtensionType) -> None:
    parse_certificate(make_der("leaf", extensions=[(extension, False)])[0])


def test_path_length_beyond_63_bits() -> None:
    at_most = x509.BasicConstraints(ca=True, path_length=2**63 - 1)
    parse_certificate(make_der("ca", extensions=[(at_most, True)])[0])
    too_long = x509.BasicConstraints(ca=True, path_length=2**63)
    with pytest.raises(UntrustedIdentityError, match="invalid basic constraints"):
        parse_certificate(make_der("ca", extensions=[(too_long, True)])[0])
    below_zero = x509.UnrecognizedExtension(x509.BasicConstraints.oid, bytes.fromhex("30060101ff0201ff"))
    with pytest.raises(UntrustedIdentityError, match="not an X"):
        parse_certificate(make_der("ca", extensions=[(below_zero, True)])[0])


@pytest.mark.parametrize("is_permitted", [True, False])
@pytest.mark.parametrize(
    "other",
    [x509.RegisteredID(x509.ObjectIdentifier("1.2.3")), x509.DirectoryName(x509.Name([]))],
    ids=["registered", "directory"],
)
def test_critical_name_constraints_of_a_kind_that_go_does_not_read(other: x509.GeneralName, is_permitted: bool) -> None:
    names = [x509.DNSName("example.com"), other]
    constraints = x509.NameConstraints(names, None) if is_permitted else x509.NameConstraints(None, names)
    parse_certificate(make_der("ca", extensions=[(constraints, False)])[0])
    with pytest.raises(UntrustedIdentityError, match="unhandled critical extension: name constraints"):
        parse_certificate(make_der("ca", extensions=[(constraints, True)])[0])


def test_critical_name_constraints_that_go_reads() -> None:
    names = [
        x509.DNSName("example.com"),
        x509.RFC822Name("example.com"),
        x509.UniformResourceIdentifier("example.com"),
        x509.IPAddress(IPv4Network("10.0.0.0/8")),
    ]
    parse_certificate(make_der("ca", extensions=[(x509.NameConstraints(names, names), True)])[0])


def test_distribution_point_whose_name_is_relative() -> None:
    name = x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COMMON_NAME, "list")])
    uri = x509.UniformResourceIdentifier("http://ca.example.com/list")
    full, relative = (
        x509.CRLDistributionPoints([x509.DistributionPoint(names, relative_name, None, None)])
        for names, relative_name in (([uri], None), (None, name))
    )
    parse_certificate(make_der("leaf", extensions=[(full, False)])[0])
    with pytest.raises(UntrustedIdentityError, match="invalid CRL distribution point"):
        parse_certificate(make_der("leaf", extensions=[(relative, False)])[0])


def test_extensions_of_version_1_do_not_count() -> None:
    """A CA has the CA bit there, and Go does not look."""
    ca = make_ca("tls")
    signed, algorithm, signature = parts(ca.certificate.der)
    _version, *fields = parts(signed)
    body = encode_element(SEQUENCE, b"".join(fields))
    certificate = parse_certificate(encode_element(SEQUENCE, body + algorithm + signature))
    assert (certificate.is_ca, certificate.key_id) == (False, None)
    config = make_config([make_ca("root")], tls_roots=[Issued(certificate, ca.key)])
    with pytest.raises(ConfigurationError, match="did not have the CA attribute"):
        Msp(config)


def test_tls_feature_that_nobody_knows_is_refused_in_good_order() -> None:
    with pytest.raises(UntrustedIdentityError, match="not an X"):
        parse_certificate(make_der("leaf", extensions=[UNKNOWN_FEATURE])[0])


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "by a stranger"])
@pytest.mark.parametrize(
    "subject", [make_name([], [("CN", "x")]), make_name([("CN", "x")]).replace(b"\x0c\x01x", b"\x14\x01\xe9")]
)
def test_names_that_cryptography_cannot_show_are_refused_in_good_order(subject: bytes, signed: bool) -> None:
    """Of a certificate that does not hold, it tells the names, whether or not the issuer signed it."""
    root = make_ca("root")
    leaf = rename(make_leaf("peer0", extensions=[UNKNOWN]), root if signed else make_ca("root"), subject=subject)
    with pytest.raises(UntrustedIdentityError, match="the supplied identity is not valid"):
        make_msp([root]).place(leaf.certificate)


def test_ca_with_such_names_is_refused_in_good_order() -> None:
    root = rename(make_ca("root", more=[UNKNOWN]), subject=make_name([], [("CN", "x")]))
    with pytest.raises(ConfigurationError, match="CA Certificate is not valid"):
        make_msp([root])


def test_no_verdict_hangs_on_a_warning_filter() -> None:
    root = make_ca("root")
    subject = make_name([("CN", "x")], [("O", "USAA")]).replace(b"\x55\x04\x0a", b"\x55\x04\x06")
    leaf = rename(make_leaf("peer0", extensions=[UNKNOWN]), root, subject=subject)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UntrustedIdentityError, match="the supplied identity is not valid"):
            make_msp([root]).place(leaf.certificate)


@pytest.mark.parametrize(
    "broken",
    [
        b"-----BEGIN A-----\n-----END A: b-----\n",
        b"-----BEGIN A:B-----\n-----END A:B-----\n",
        b"-----BEGIN A-----\nKey: value\n-----END A-----: \n",
        b"-----BEGIN A-----\n-----END A-----:\n",
    ],
)
def test_end_line_that_reads_as_a_header_ends_the_search(broken: bytes) -> None:
    assert find_pem_block(broken + BLOCK) is None
    assert find_pem_block(BLOCK + broken) == PemBlock("CERTIFICATE", b"\0\1\2", broken)


def test_headers_up_to_the_end_line_do_not() -> None:
    assert find_pem_block(b"-----BEGIN A-----\nKey: value\n-----END A-----\n" + BLOCK) == PemBlock(
        "CERTIFICATE", b"\0\1\2", b""
    )

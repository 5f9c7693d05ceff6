"""What is said of certificates that cryptography does not take: nothing of its parser's insides."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gossip.der import BIT_STRING, SEQUENCE, encode_element, read_element, read_elements
from gossip.errors import ConfigurationError, UntrustedIdentityError
from gossip.msp.certificate import parse_certificate
from gossip.msp.parser_text import readable
from gossip.msp.revocation import parse_crl
from tests.support.certificates import make_ca, make_leaf, make_msp

RSA_WITH_SHA256 = encode_element(SEQUENCE, bytes.fromhex("06092a864886f70d01010b0500"))
WITHOUT_NULL = encode_element(SEQUENCE, bytes.fromhex("06092a864886f70d01010b"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("error parsing asn1 value: ParseError { kind: ExtraData }", "its DER is garbled: extra data"),
        (
            'error parsing asn1 value: ParseError { kind: ShortData { needed: 1 }, location: ["Certificate::tbs_cert", '
            '"TbsCertificate::signature_alg"] }',
            "its DER is garbled: short data in tbs_cert.signature_alg",
        ),
        (
            "x: Forbidden signature algorithm: AlgorithmIdentifier { oid: DefinedByMarker(PhantomData<asn1::Oid>), "
            "params: RsaPss(Some(RsaPssParameters { hash: AlgorithmIdentifier { params: Sha256(None) } })) }",
            "x: Forbidden signature algorithm: RsaPss, or its parameters",
        ),
        ("negative serial number", "negative serial number"),
    ],
)
def test_what_the_parser_says_becomes_words(text: str, expected: str) -> None:
    assert readable(text) == expected


def test_a_certificate_that_goes_on_behind_its_end() -> None:
    with pytest.raises(UntrustedIdentityError, match=r"^not an X\.509 certificate: its DER is garbled: extra data$"):
        parse_certificate(make_leaf().certificate.der + b"\5\0")


def test_a_certificate_in_place_of_a_list() -> None:
    with pytest.raises(ConfigurationError, match=r": its DER is garbled: unexpected tag in tbs_cert_list\.signature$"):
        parse_crl(make_leaf().certificate.der, "crl.pem")


def test_a_signature_algorithm_that_the_verification_api_forbids() -> None:
    key = rsa.generate_private_key(65537, 2048)
    ca = make_ca("ca", key=key)
    signed, *_ = read_elements(read_element(make_leaf("peer0", ca).certificate.der, SEQUENCE).content)
    body = encode_element(SEQUENCE, signed.content.replace(RSA_WITH_SHA256, WITHOUT_NULL, 1))
    signature = encode_element(BIT_STRING, b"\0" + key.sign(body, padding.PKCS1v15(), hashes.SHA256()))
    leaf = parse_certificate(encode_element(SEQUENCE, body + WITHOUT_NULL + signature))

    with pytest.raises(UntrustedIdentityError) as raised:
        make_msp([ca]).tree.unique_chain(leaf)
    assert str(raised.value).endswith(": Forbidden signature algorithm: RsaWithSha256, or its parameters")

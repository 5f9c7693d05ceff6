"""Names that Go writes and reads, and cryptography can do neither: an attribute twice in one relative name."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.der import BIT_STRING, SEQUENCE, SET, encode_element, read_element, read_elements
from gossip.msp.certificate import parse_certificate
from tests.support.certificates import Issued

_OBJECT_IDENTIFIER, _UTF8 = 0x06, 0x0C
_TYPES = {"CN": b"\x55\x04\x03", "O": b"\x55\x04\x0a", "OU": b"\x55\x04\x0b"}
_ECDSA_WITH_SHA256 = encode_element(SEQUENCE, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
_ISSUER, _SUBJECT, _CRL_ISSUER = 3, 5, 2


def make_name(*relative_names: Sequence[tuple[str, str]]) -> bytes:
    """A name in DER; each relative name is a list of attributes, such as ``("OU", "peer")``."""
    return encode_element(SEQUENCE, b"".join(map(_relative_name, relative_names)))


def rename(issued: Issued, issuer: Issued | None = None, *, subject: bytes | None = None) -> Issued:
    """The same certificate with another subject, signed by ``issuer`` under its name; by itself without one."""
    fields = _fields(issued.certificate.der)
    fields[_SUBJECT] = subject or fields[_SUBJECT]
    fields[_ISSUER] = issuer.certificate.raw_subject if issuer else fields[_SUBJECT]
    return Issued(parse_certificate(_sign(fields, (issuer or issued).key)), issued.key)


def rename_crl(crl: bytes, ca: Issued, name: bytes) -> bytes:
    """The same CRL in PEM with another issuer, signed by ``ca``."""
    fields = _fields(x509.load_pem_x509_crl(crl).public_bytes(Encoding.DER))
    fields[_CRL_ISSUER] = name
    return x509.load_der_x509_crl(_sign(fields, ca.key)).public_bytes(Encoding.PEM)


def _fields(der: bytes) -> list[bytes]:
    signed, _, _ = read_elements(read_element(der, SEQUENCE).content)
    return [element.encoded for element in read_elements(signed.content)]


def _sign(fields: Sequence[bytes], key: CertificateIssuerPrivateKeyTypes) -> bytes:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    body = encode_element(SEQUENCE, b"".join(fields))
    signature = encode_element(BIT_STRING, b"\0" + key.sign(body, ec.ECDSA(hashes.SHA256())))
    return encode_element(SEQUENCE, body + _ECDSA_WITH_SHA256 + signature)


def _relative_name(attributes: Sequence[tuple[str, str]]) -> bytes:
    encoded = [
        encode_element(
            SEQUENCE,
            encode_element(_OBJECT_IDENTIFIER, _TYPES[kind]) + encode_element(_UTF8, value.encode()),
        )
        for kind, value in attributes
    ]
    return encode_element(SET, b"".join(sorted(encoded)))

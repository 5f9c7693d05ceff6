"""What is wrong with a TLS file, from its content."""

import base64
import codecs
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from gossip.api.options import TlsFiles
from gossip.node.diagnose.tls_fault import describe_fault, describe_lost_link
from gossip.node.diagnose.tls_sources import TlsRole
from tests.support.certificates import over_sha1
from tests.support.organizations import organization, peer

LEAF, KEY, CA = peer().tls.certificate_pem, peer().tls.key_pem, organization().tls_ca.certificate_pem
BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
WEAK = over_sha1(peer().tls.certificate, organization().tls_ca.key).public_bytes(Encoding.PEM)
WEAK_TEXT = "holds the certificate of peer0.org1.example.com, signed with SHA-1, which is too weak for TLS"
IN_BASE64 = "is encoded in base64 once more, as in a Kubernetes secret"
EMPTY_LINE = "inside a certificate, which OpenSSL does not read; take it out"
CERTIFICATE_DER = peer().tls.certificate.public_bytes(Encoding.DER)
KEY_DER = peer().tls.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
ENCRYPTED = peer().tls.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


@pytest.mark.parametrize(
    ("role", "content", "what"),
    [
        (TlsRole.ROOT, b"", "holds nothing"),
        (TlsRole.ROOT, b"hello", "holds no certificate in PEM"),
        (TlsRole.ROOT, KEY, "is a private key, where a certificate belongs"),
        (TlsRole.ROOT, CERTIFICATE_DER, "looks like DER; convert it: openssl x509 -inform DER -in FILE -out FILE.pem"),
        (TlsRole.ROOT, BROKEN, "is broken"),
        (TlsRole.ROOT, CA + CA[:100], "holds 2 certificates, of which number 2 is broken"),
        (TlsRole.ROOT, CA + BROKEN + CA, "holds 3 certificates, of which number 2 is broken"),
        (TlsRole.ROOT, codecs.BOM_UTF8 + CA, "starts with a byte order mark, so its PEM is not recognised"),
        (TlsRole.ROOT, CA.decode().encode("utf-16"), "is encoded in UTF-16, so its PEM is not recognised"),
        (TlsRole.KEY, KEY.decode().encode("utf-16"), "is encoded in UTF-16, so its PEM is not recognised"),
        (TlsRole.ROOT, CA.replace(b"\n", b"\n\n", 1), f"has an empty line {EMPTY_LINE}"),
        (TlsRole.CERTIFICATE, LEAF + CA.replace(b"\n", b"\r\n\r\n"), f"has an empty line {EMPTY_LINE}"),
        (TlsRole.ROOT, b"\n" + CA + b"\n\n" + CA, None),
        (TlsRole.ROOT, b" " + CA, "has blanks before its lines, so its PEM is not recognised"),
        (TlsRole.ROOT, CA.replace(b"\n", b"\\n"), "has \\n in place of line ends, so its PEM is not recognised"),
        (TlsRole.KEY, KEY.replace(b"\n", b"\r"), "holds PEM that is cut short or garbled"),
        (TlsRole.KEY, KEY[:100], "holds PEM that is cut short or garbled"),
        (TlsRole.KEY, KEY.replace(b"\n", b"\\n"), "has \\n in place of line ends, so its PEM is not recognised"),
        (TlsRole.CERTIFICATE, base64.b64encode(LEAF), f"{IN_BASE64}, so its PEM is not recognised"),
        (TlsRole.KEY, base64.b64encode(KEY), f"{IN_BASE64}, so its PEM is not recognised"),
        (TlsRole.CERTIFICATE, b"\n" + base64.b64encode(LEAF), f"{IN_BASE64}, so its PEM is not recognised"),
        (TlsRole.ROOT, b"C:\\new", "holds no certificate in PEM"),
        (TlsRole.ROOT, b"C:\\new\n" + CA, None),
        (TlsRole.ROOT, CA, None),
        (TlsRole.CERTIFICATE, LEAF, None),
        (TlsRole.CERTIFICATE, KEY, "is a private key, where a certificate belongs"),
        (TlsRole.CERTIFICATE, WEAK, f"{WEAK_TEXT}; have it issued again with SHA-256"),
        (TlsRole.CERTIFICATE, LEAF + WEAK, f"{WEAK_TEXT}; have it issued again with SHA-256"),
        (TlsRole.ROOT, WEAK, None),
        (TlsRole.KEY, KEY_DER, "looks like DER; convert it: openssl pkey -inform DER -in FILE -out FILE.pem"),
        (TlsRole.KEY, LEAF, "is a certificate, where its key belongs"),
        (TlsRole.KEY, b"hello", "holds no private key in PEM"),
        (TlsRole.KEY, ENCRYPTED, "is encrypted; decrypt it: openssl pkcs8 -topk8 -nocrypt -in KEY -out FILE"),
    ],
)
def test_what_is_wrong_is_told(role: TlsRole, content: bytes, what: str | None, tmp_path: Path) -> None:
    path, certificate = tmp_path / "file", tmp_path / "server.crt"
    path.write_bytes(content)
    certificate.write_bytes(LEAF)

    assert describe_fault(role, path, TlsFiles(certificate, path, ())) == what


def test_a_link_that_leads_nowhere_is_told_from_a_file_that_is_not_there(tmp_path: Path) -> None:
    link, inside = tmp_path / "server.crt", tmp_path / "server.key" / "tls.key"
    link.symlink_to("../data/tls.crt")

    assert describe_lost_link(link) == "is a link to ../data/tls.crt, which does not exist"
    assert describe_lost_link(tmp_path / "ca.crt") is None
    assert describe_lost_link(inside) is None


def test_the_key_of_another_certificate_is_told_from_one_behind_a_ca(tmp_path: Path) -> None:
    files = TlsFiles(tmp_path / "server.crt", tmp_path / "server.key", ())
    files.key.write_bytes(KEY)

    files.certificate.write_bytes(peer(2).tls.certificate_pem)
    other = f"is not the key of peer0.org2.example.com in {files.certificate}"
    assert describe_fault(TlsRole.KEY, files.key, files) == other

    files.certificate.write_bytes(CA + LEAF)
    assert describe_fault(TlsRole.KEY, files.key, files) == (
        f"cannot be the key of the first certificate in {files.certificate}, which is that of the CA "
        "tlsca.org1.example.com: our own must stand first"
    )

"""A file without PEM is said to be what it is, with what makes it PEM."""

import base64
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gossip.msp.lint import lint_msp_folder
from tests.support.msp_folders import CA, OWN, put
from tests.support.organizations import NOW, peer

CERTIFICATE, KEY = peer().identity.certificate_pem.decode(), peer().identity.key_pem.decode()
KEY_DER = peer().identity.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PLAIN = "save it as plain text, in ASCII or in UTF-8 without a byte order mark"


def told(msp: Path, file: str) -> tuple[str, str]:
    (finding,) = (each for each in lint_msp_folder(msp, now=NOW).findings if each.file == file)
    assert finding.rule == "not-pem"
    return finding.problem.partition(", ")[0], finding.remedy


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_said_to_be(msp: Path, encoding: str) -> None:
    crl = CA.revoke([], now=NOW).decode()
    for file, text in ((OWN, CERTIFICATE), ("keystore/priv_sk", KEY), ("crls/crl.pem", crl)):
        put(msp / file, text.encode(encoding))

        assert told(msp, file) == ("is encoded in UTF-16", PLAIN)


@pytest.mark.parametrize(
    ("disguise", "told_of_it"),
    [
        (lambda _: b"", ("is empty", None)),
        (base64.b64encode, ("is encoded in base64 once more", "decode it: base64 -d FILE")),
        (base64.encodebytes, ("is encoded in base64 once more", "decode it: base64 -d FILE")),
        (
            lambda pem: pem.replace(b"\n", b"\\n"),
            ("has \\n in place of line ends", "put a line end in place of each \\n"),
        ),
        (
            lambda pem: textwrap.indent(pem.decode(), "    ").encode(),
            ("has blanks before its lines", "take out the blanks before each line"),
        ),
    ],
    ids=["empty", "base64", "base64 in lines", "written line ends", "indented"],
)
def test_what_was_done_to_pem_is_told_and_how_to_undo_it(
    msp: Path, disguise: Callable[[bytes], bytes], told_of_it: tuple[str, str | None]
) -> None:
    crl = CA.revoke([], now=NOW)
    for file, pem in ((OWN, CERTIFICATE.encode()), ("keystore/priv_sk", KEY.encode()), ("crls/crl.pem", crl)):
        put(msp / file, disguise(pem))

        what, remedy = told(msp, file)
        assert (what, remedy if told_of_it[1] else None) == told_of_it


def test_a_key_in_der_is_to_be_converted_and_not_to_be_moved(msp: Path) -> None:
    put(msp / "keystore" / "priv_sk", KEY_DER)

    remedy = "it looks like DER; convert it: openssl pkey -inform DER -in FILE -out FILE.pem"
    assert told(msp, "keystore/priv_sk") == ("holds no PEM", remedy)

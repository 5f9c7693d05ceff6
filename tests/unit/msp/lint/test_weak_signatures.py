"""A certificate that is signed over a hash which Go refuses is said to be, and not to be issued by nobody."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.msp.authority import Authority
from gossip.msp.lint import lint_msp_folder
from tests.support.certificates import over_sha1
from tests.support.msp_folders import CA, OWN, put
from tests.support.organizations import NOW, organization

TLS_CA = organization().tls_ca


@pytest.mark.parametrize(
    ("file", "issuer", "subject"),
    [
        (OWN, CA, "peer0.org1.example.com"),
        ("../tls/server.crt", TLS_CA, "peer0.org1.example.com"),
        ("tlscacerts/tlsca.org1.example.com-cert.pem", TLS_CA, "tlsca.org1.example.com"),
    ],
)
def test_sha1_is_named_and_nothing_else(msp: Path, file: str, issuer: Authority, subject: str) -> None:
    weak = over_sha1(x509.load_pem_x509_certificate((msp / file).read_bytes()), issuer.key)
    put(msp / file, weak.public_bytes(Encoding.PEM))

    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert (finding.file, finding.rule) == (file, "weak-signature")
    assert finding.problem == f"{subject} is signed with SHA-1, which Go refuses"

"""Why we refused the certificate that a server presents, by what a second look showed."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.msp.authority import Validity
from gossip.msp.tls_facts import read_tls_certificate
from gossip.node.diagnose.diagnosis import Side
from gossip.node.diagnose.evidence import Evidence, Looked
from gossip.node.diagnose.judge_certificate import judge_their_certificate
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings
from tests.support.organizations import organization

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("name", "host", "why"),
    [
        ("*.local", "peer0.local", "OpenSSL takes a wildcard with two labels behind it"),
        ("*.example.com", "peer_0.example.com", "for letters, digits and hyphens alone"),
        ("peer0.example.com.", "peer0.example.com", "dial one of those"),
        ("*.example.com", "example.com", "dial one of those"),
    ],
)
def test_a_name_that_openssl_does_not_take_is_told(name: str, host: str, why: str) -> None:
    issued = organization(1).tls_ca.issue_tls("peer0", validity=Validity.running(NOW), hosts=(name,))
    leaf = read_tls_certificate(issued.certificate.public_bytes(Encoding.DER))
    looked = Looked(leaf=leaf, presented=1, certification_path=(leaf.certificate,))
    evidence = Evidence("peer:7051", load_own_side(peer_settings(2), NOW), NOW, host=host, looked=looked)

    side, (cause,) = judge_their_certificate(evidence)

    assert (side, cause.rule) == (Side.THEIRS, "host-name")
    assert f"for DNS:{name}" in cause.text
    assert why in cause.text

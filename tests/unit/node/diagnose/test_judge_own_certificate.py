"""What may be wrong with our own TLS certificate, by the alert that refuses it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.msp.authority import Validity
from gossip.msp.tls_facts import read_tls_certificate
from gossip.node.diagnose.diagnosis import Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judge_own_certificate import judge_own_certificate
from gossip.node.diagnose.own_side import load_own_side
from tests.support.certificates import over_sha1, with_unknown_extension
from tests.support.in_thread import peer_settings
from tests.support.organizations import organization, peer

NOW = datetime.now(UTC)
WEAK = over_sha1(peer(2).tls.certificate, organization(2).tls_ca.key)
ENDED = organization(2).tls_ca.issue_tls("peer0", validity=Validity.expired(NOW), hosts=()).certificate
ODD = with_unknown_extension(peer(2).tls, organization(2).tls_ca).certificate
UNKNOWN = ["tls-ca-unknown-to-them", "own-tls-ca"]


@pytest.mark.parametrize(
    ("certificate", "alert", "side", "rules"),
    [
        (WEAK, "bad certificate", Side.OURS, ["own-tls-weak-signature"]),
        (ODD, "certificate unknown", Side.OURS, ["own-tls-broken-chain"]),
        (ODD, "bad certificate", Side.OURS, ["own-tls-broken-chain"]),
        (ENDED, "certificate expired", Side.OURS, ["own-tls-expired"]),
        (ENDED, "unknown ca", Side.OURS, ["own-tls-expired", *UNKNOWN]),
        (peer(2).tls.certificate, "certificate expired", Side.THEIRS, ["their-clock", "tls-ca-unknown-to-them"]),
        (peer(2).tls.certificate, "unknown ca", Side.THEIRS, UNKNOWN),
    ],
)
def test_what_can_be_seen_comes_before_what_can_only_be_guessed(
    certificate: x509.Certificate, alert: str, side: Side, rules: list[str]
) -> None:
    leaf = read_tls_certificate(certificate.public_bytes(Encoding.DER))
    own = replace(load_own_side(peer_settings(2), NOW), client_leaf=leaf, presented=(leaf.certificate,))

    blamed, causes = judge_own_certificate(Evidence("peer:7051", own, NOW, alert=alert))

    assert (blamed, [cause.rule for cause in causes]) == (side, rules)

"""How TLS failed, where no alert and no verdict on a certificate tells."""

from datetime import UTC, datetime

from gossip.node.diagnose.diagnosis import Side, Stage
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.tls import judge_tls
from gossip.node.diagnose.own_side import load_own_side
from gossip.transport.grpc.errors import dial_error
from gossip.transport.tls.failure import TlsFault
from gossip.transport.tls.hello import refusal
from tests.support.in_thread import peer_settings


def test_what_openssl_does_not_take_is_no_balancer_without_a_peer() -> None:
    now = datetime.now(UTC)
    evidence = Evidence("peer:7051", load_own_side(peer_settings(2), now), now, tls_fault=TlsFault.OTHER)
    evidence.errors[Stage.TLS] = dial_error("peer:7051", "tls", None, refusal("WRONG_SIGNATURE_TYPE"), None)

    problem = judge_tls(evidence).problem

    assert problem is not None
    assert (problem.side, [cause.rule for cause in problem.causes]) == (Side.THEIRS, ["tls-broken"])

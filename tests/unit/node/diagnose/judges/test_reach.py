"""Why nobody listens at an endpoint."""

from gossip.errors import DialError, PeerSilentError
from gossip.node.diagnose.diagnosis import Side, Stage
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.reach import judge_tcp
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings
from tests.support.organizations import NOW


def test_a_peer_that_listens_on_another_address_is_a_cause_of_a_refusal() -> None:
    """On 127.0.0.1 alone, say, where ::1 was dialled."""
    evidence = Evidence("[::1]:7051", load_own_side(peer_settings(), NOW), NOW, host="::1")
    evidence.errors[Stage.TCP] = DialError("[::1]:7051", "tcp", "connection refused, nothing listens there")
    evidence.took_s[Stage.TCP] = 0.001

    problem = judge_tcp(evidence).problem

    assert problem is not None
    assert [cause.rule for cause in problem.causes] == ["not-running", "listens-elsewhere", "firewall"]
    assert problem.causes[1].text == (
        "it listens on another port or address (IPv4, IPv6), or only inside its container"
    )


def test_who_drops_what_comes_is_rather_a_firewall_than_no_peer() -> None:
    evidence = Evidence("peer:7051", load_own_side(peer_settings(), NOW), NOW, host="peer")
    silence = PeerSilentError("peer:7051", waited_for="TCP connection", waited_s=3.0)
    silence.__cause__ = TimeoutError()
    evidence.errors[Stage.TCP] = silence
    evidence.took_s[Stage.TCP] = 3.0

    problem = judge_tcp(evidence).problem

    assert problem is not None
    assert (problem.side, [cause.rule for cause in problem.causes]) == (Side.BETWEEN, ["firewall", "not-running"])

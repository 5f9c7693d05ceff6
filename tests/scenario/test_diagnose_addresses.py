"""``gossip diagnose`` where an endpoint is not one peer: a name with several addresses, or a load balancer."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gossip.msp.authority import Authority, Validity
from gossip.node.diagnose import addresses, reach
from gossip.transport.endpoint import is_address, parse_endpoint
from gossip.transport.grpc import client_protocol as grpc_client_protocol
from gossip.transport.tcp import names
from gossip.transport.tls import presented
from tests.support.broken_networks import HERE, IMPATIENT, as_org2, copy_of, reissue_tls, write_tls
from tests.support.cli import Outcome, run
from tests.support.in_thread import listening, peer_settings
from tests.support.odd_servers import full_backlog, say_nothing, tcp_server
from tests.support.organizations import NOW, organization, peer_folder
from tests.support.tls_proxy import tcp_balancer

PEER0, PEER1 = peer_settings(1), peer_settings(1, folder=peer_folder(1, 1))
RESET = b"\1\0\0\0\0\0\0\0"
"""Linger for 0 s: what is closed is reset."""
Resolve = Callable[..., str]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Make localhost stand for the addresses of these endpoints; gives the endpoint."""
    monkeypatch.setattr(names, "PATIENCE_S", 0.1)

    def resolve(*endpoints: str) -> str:
        async def look_up(host: str, port: int) -> list[tuple[str, int]]:
            return [(host, port)] if is_address(host) else [parse_endpoint(each) for each in endpoints]

        for module in (reach, grpc_client_protocol, presented):
            monkeypatch.setattr(module, "look_up", look_up)
        return f"localhost:{parse_endpoint(endpoints[-1])[1]}"

    return resolve


def stage_of(outcome: Outcome, name: str) -> dict[str, Any]:
    """What is said of one stage."""
    stages: Any = outcome.object["stages"]
    (stage,) = (stage for stage in stages if stage["stage"] == name)
    return dict(stage)


def rules(stage: dict[str, Any]) -> list[str]:
    return [cause["rule"] for cause in stage["causes"]]


@pytest.mark.parametrize("is_first", [True, False])
def test_which_addresses_answered_and_which_did_not_is_told(resolve: Resolve, *, is_first: bool) -> None:
    """Whether they come before the one that answers or behind it."""
    nobody = "127.0.0.2:1"
    with full_backlog() as silent, listening(PEER0) as endpoint:
        order = (endpoint, silent, nobody) if is_first else (silent, nobody, endpoint)
        outcome = run("diagnose", resolve(*order), *as_org2(), *IMPATIENT, "--json")

    tcp, tls = stage_of(outcome, "tcp"), stage_of(outcome, "tls")
    assert (outcome.exit_code, tcp["outcome"]) == (0, "warning")
    assert tcp["facts"] == {
        "answered": endpoint,
        "dead": f"{silent} (no answer within 2 s), {nobody} (connection refused, nothing listens there)",
    }
    assert (tls["outcome"], tls["facts"]["address"]) == ("ok", endpoint)


def test_each_address_is_told_where_none_answers(resolve: Resolve) -> None:
    endpoint = resolve("127.0.0.2:1", "127.0.0.3:1")
    outcome = run("diagnose", endpoint, *as_org2(), "--json")

    tcp, reason = stage_of(outcome, "tcp"), "connection refused, nothing listens there"
    assert tcp["facts"] == {"dead": f"127.0.0.2:1 ({reason}), 127.0.0.3:1 ({reason})"}
    assert (outcome.exit_code, rules(tcp)[0]) == (3, "not-running")


def test_addresses_that_take_the_time_of_a_dial_are_its_fault(
    resolve: Resolve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "PATIENCE_S", 5.0)
    with full_backlog() as silent, listening(PEER0) as endpoint:
        outcome = run("diagnose", resolve(silent, endpoint), *as_org2(), "--dial-timeout=0.5", "--json")

    tcp = stage_of(outcome, "tcp")
    assert (outcome.object["failed_at"], rules(tcp)) == ("tcp", ["dead-addresses"])
    assert f"nobody answers, {silent}, before" in tcp["causes"][0]["text"]


def test_addresses_beyond_those_that_are_tried_are_told(resolve: Resolve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MAX_ADDRESSES", 1)
    with listening(PEER0) as endpoint:
        outcome = run("diagnose", resolve(endpoint, "127.0.0.2:1"), *as_org2(), "--json")

    tcp = stage_of(outcome, "tcp")
    assert (tcp["outcome"], tcp["facts"]) == ("ok", {"answered": endpoint, "not tried": "127.0.0.2:1"})


def test_two_peers_at_two_addresses_of_a_name(resolve: Resolve) -> None:
    with listening(PEER0) as first, listening(replace(PEER1, listen="127.0.0.2:0")) as second:
        outcome = run("diagnose", resolve(first, second), *as_org2(), "--json")

    tls = stage_of(outcome, "tls")
    assert (outcome.exit_code, tls["outcome"], tls["facts"]["address"]) == (0, "warning", first)
    note = tls["facts"]["note"]
    assert note.startswith("not always the same answers here: peer0.org1.example.com (SHA-256 ")
    assert f"at {first}, peer1.org1.example.com (SHA-256 " in note
    assert note.endswith(f"at {second}; a peer needs an endpoint of its own")


def test_one_peer_at_two_addresses_of_a_name(resolve: Resolve) -> None:
    with listening(PEER0) as endpoint, tcp_balancer(endpoint) as again:
        outcome = run("diagnose", resolve(endpoint, again), *as_org2(), "--json")

    assert (stage_of(outcome, "tcp")["outcome"], stage_of(outcome, "tls")["outcome"]) == ("ok", "ok")


def test_an_address_that_closes_at_once_before_that_of_the_peer(resolve: Resolve) -> None:
    with tcp_server(lambda _: None) as closing, listening(PEER0) as endpoint:
        outcome = run("diagnose", resolve(closing, endpoint), *as_org2(), "--json")

    tls = stage_of(outcome, "tls")
    assert (outcome.exit_code, tls["side"]) == (3, "between")
    assert rules(tls) == ["several-peers", "balancer-without-target", "other-service"]
    assert f"no certificate at {closing}, peer0.org1.example.com (SHA-256 " in tls["causes"][0]["text"]
    assert tls["causes"][0]["look_at"] == "the addresses of localhost in DNS or /etc/hosts"


def test_a_load_balancer_in_front_of_two_peers() -> None:
    with listening(PEER0) as first, listening(PEER1) as second, tcp_balancer(first, second) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), "--json")

    tls = stage_of(outcome, "tls")
    assert (outcome.exit_code, tls["outcome"]) == (0, "warning")
    assert "peer0.org1.example.com (SHA-256 " in tls["facts"]["note"]
    assert "peer1.org1.example.com (SHA-256 " in tls["facts"]["note"]


def test_a_load_balancer_is_blamed_before_the_peer_that_was_expected_is_taken_for_renewed() -> None:
    with listening(PEER0) as first, listening(PEER1) as second, tcp_balancer(second, first) as endpoint:
        expected = run("handshake", second, *as_org2(), "--json").object["pki_id"]
        outcome = run("diagnose", endpoint, *as_org2(), f"--expect-pki-id={expected}", "--json")

    stage = stage_of(outcome, "expected_peer")
    assert (outcome.exit_code, stage["side"]) == (1, "between")
    assert rules(stage) == ["several-peers", "renewed", "other-peer"]


def test_the_certificate_of_one_peer_is_not_blamed_for_that_of_another_behind_a_load_balancer(tmp_path: Path) -> None:
    """The dial met the one that has expired, and the look behind it the one that has not."""
    folder = copy_of(1, tmp_path)
    reissue_tls(folder, 1, validity=Validity.expired(NOW))
    expired = peer_settings(1, folder=folder)
    with listening(PEER1) as first, listening(expired) as second, tcp_balancer(first, second) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), "--json")

    tls = stage_of(outcome, "tls")
    assert (outcome.exit_code, tls["side"], rules(tls)) == (3, "between", ["several-peers"])
    assert "peer0.org1.example.com" in tls["causes"][0]["text"]
    assert "peer1.org1.example.com" in tls["causes"][0]["text"]
    assert tls["causes"][0]["look_at"] == "the load balancer, service or proxy that the endpoint leads to"


def test_a_peer_that_leaves_some_looks_without_an_answer_is_one_peer(tmp_path: Path) -> None:
    """What is in front of it takes so many connections at once and no more: our CA files stay to blame."""
    folder, validity = copy_of(1, tmp_path), organization(1).validity
    stranger = Authority.create("ca.stranger.example.com", "stranger.example.com", validity=validity)
    write_tls(folder / "tls", stranger.issue_tls("peer0.org1.example.com", validity=validity, hosts=HERE))
    with (
        tcp_server(say_nothing) as silent,
        listening(peer_settings(1, folder=folder)) as peer0,
        tcp_balancer(*[peer0] * 4, silent, silent) as endpoint,
    ):
        outcome = run("diagnose", endpoint, *as_org2(), *IMPATIENT, "--json")

    tls = stage_of(outcome, "tls")
    assert (outcome.exit_code, tls["side"], rules(tls)[0]) == (3, "ours", "tls-ca-unknown-here")


def test_a_port_that_resets_at_once_is_no_dead_address() -> None:
    """TCP tells at once or behind the first bytes; the reason is the same."""

    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    with tcp_server(reset) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), "--json")

    stage = stage_of(outcome, str(outcome.object["failed_at"]))
    assert (outcome.exit_code, stage["side"], rules(stage)[0]) == (3, "theirs", "balancer-without-target")

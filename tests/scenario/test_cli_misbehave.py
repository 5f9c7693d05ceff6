"""``gossip misbehave`` against a peer in a process of its own."""

from collections.abc import Iterator

import pytest

from gossip.misbehave.catalogue import FAULTS
from tests.support.cli import run, run_process
from tests.support.organizations import organization_folder
from tests.support.served import Served, peer_options, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """peer0 of Org1, which knows both organisations, and acknowledges."""
    with serving(*peer_options(1), "--ack") as served:
        yield served


def test_faults_that_end_as_they_should_are_fine(server: Served) -> None:
    options = ["--fault=ping-flood", "--fault=reflected", "--fault=unasked-acks", "--json"]
    outcome = run_process("misbehave", server.endpoint, *peer_options(2), *options)

    assert outcome.exit_code == 0, outcome.stderr
    assert [(each["fault"], each["ok"]) for each in outcome.objects] == [
        ("ping-flood", True),
        ("reflected", True),
        ("unasked-acks", True),
    ]


def test_many_at_once_are_counted(server: Served) -> None:
    outcome = run_process(
        "misbehave", server.endpoint, *peer_options(2), "--fault=malformed-hello", "--connections=5", "--json"
    )

    (observed,) = dict_of(outcome.object["observed"]).items()
    assert observed[0].startswith("status INTERNAL (malformed Envelope")
    assert observed[1] == 5


def test_again_and_again_for_some_seconds(server: Served) -> None:
    outcome = run_process(
        "misbehave", server.endpoint, *peer_options(2), "--fault=settings-flood", "--seconds=0.3", "--json"
    )

    assert outcome.exit_code == 0
    assert sum(dict_of(outcome.object["observed"]).values()) >= 1


def test_an_ending_that_is_not_right_is_told_by_the_exit_code(server: Served) -> None:
    outcome = run("misbehave", server.endpoint, *peer_options(2), "--fault=silent", "--patience=0.1", "--json")

    assert outcome.exit_code == 1
    assert outcome.object["observed"] == {"nothing": 1}


def test_identities_are_issued_with_the_key_of_the_ca_alone(server: Served) -> None:
    ca = organization_folder(2) / "ca"
    outcome = run("misbehave", server.endpoint, *peer_options(2), "--fault=expired", f"--ca={ca}", "--json")
    assert outcome.exit_code == 0
    outcome = run("misbehave", server.endpoint, *peer_options(2), "--fault=expired")
    assert outcome.exit_code == 2
    assert "needs the key of our organisation's CA" in outcome.stderr


def test_other_machines_are_left_alone_unless_they_are_ours() -> None:
    outcome = run("misbehave", "192.0.2.1:7051", *peer_options(2), "--fault=silent")
    assert outcome.exit_code == 2
    assert "192.0.2.1 is another machine: misbehave there with --i-own-this-network only" in outcome.stderr


def test_unknown_faults_are_named() -> None:
    outcome = run("misbehave", "127.0.0.1:1", *peer_options(2), "--fault=sing")
    assert outcome.exit_code == 2
    assert "there is no fault 'sing'" in outcome.stderr


def test_nobody_there_is_a_network_error() -> None:
    outcome = run("misbehave", "127.0.0.1:1", *peer_options(2), "--fault=silent")
    assert outcome.exit_code == 3
    assert "connection refused" in outcome.stderr


def test_list_needs_nothing_else() -> None:
    outcome = run("misbehave", "--list")
    assert outcome.exit_code == 0
    assert all(name in outcome.stdout for name in FAULTS)


@pytest.mark.parametrize("arguments", [["--list", "--json"], ["--json", "--list"]])
def test_the_list_is_there_for_programs_too(arguments: list[str]) -> None:
    outcome = run("misbehave", *arguments)
    assert outcome.exit_code == 0
    assert [each["fault"] for each in outcome.objects] == list(FAULTS)
    assert list(outcome.objects[0]) == ["fault", "layer", "what_it_does", "should_end", "caught_by"]


def dict_of(value: object) -> dict[str, int]:
    assert isinstance(value, dict)
    return value

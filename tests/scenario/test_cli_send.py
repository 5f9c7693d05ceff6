"""``gossip send`` to peers that acknowledge, refuse, or do neither."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Outcome, run, run_process
from tests.support.served import Served, peer_options, serving

NOBODY = "127.0.0.1:1"
DATA = b"the block"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with something in it."""
    file = tmp_path_factory.mktemp("data") / "block"
    file.write_bytes(DATA)
    return file


@pytest.fixture(scope="module")
def willing() -> Iterator[Served]:
    """peer0 of Org1, which acknowledges."""
    with serving(*peer_options(1), "--ack") as served:
        yield served


@pytest.fixture(scope="module")
def unwilling() -> Iterator[Served]:
    """peer1 of Org1, which refuses."""
    with serving(*peer_options(1, 1), "--nack=the ledger is full") as served:
        yield served


@pytest.fixture(scope="module")
def quiet() -> Iterator[Served]:
    """peer2 of Org1, which answers nothing."""
    with serving(*peer_options(1, 2)) as served:
        yield served


def peers_of(outcome: Outcome) -> list[dict[str, object]]:
    """What is said of each peer; a summary comes last."""
    *peers, summary = outcome.objects
    assert summary["event"] == "summary"
    assert all(peer["event"] == "peer" for peer in peers)
    return peers


def test_an_acknowledged_message_arrives_as_it_was_sent(willing: Served, data: Path) -> None:
    arguments = (willing.endpoint, *peer_options(2), f"--data={data}", "--channel=mychannel", "--ack=1", "--json")
    outcome = run_process("send", *arguments)

    assert outcome.exit_code == 0
    assert outcome.objects == [
        {
            "event": "peer",
            "endpoint": willing.endpoint,
            "ok": True,
            "pki_id": willing.pki_id,
            "sent": 1,
            "acknowledged": 1,
            "error": None,
            "fault": None,
            "message": None,
        },
        {"event": "summary", "ok": True, "count": 1, "delivered": 1},
    ]
    accepted = willing.event("accepted")
    received = willing.event("received")
    assert received.pop("nonce") != 0
    received.pop("at")
    assert received == {
        "event": "received",
        "from": accepted["pki_id"],
        "kind": "data_msg",
        "tag": "CHAN_AND_ORG",
        "channel": "mychannel",
        "size": len(DATA),
        "sha256": hashlib.sha256(DATA).hexdigest(),
    }
    assert willing.event("disconnected")["pki_id"] == accepted["pki_id"]


def test_a_refusal_is_told_in_the_peers_own_words(unwilling: Served, data: Path) -> None:
    outcome = run("send", unwilling.endpoint, *peer_options(2), f"--data={data}", "--ack=1", "--json")

    (peer,) = peers_of(outcome)
    assert outcome.exit_code == 1
    assert (peer["ok"], peer["sent"], peer["acknowledged"], peer["error"]) == (False, 1, 0, "NegativeAckError")
    assert peer["message"] == "negative acknowledgement: the ledger is full"
    assert outcome.objects[-1] == {"event": "summary", "ok": False, "count": 1, "delivered": 0}


def test_enough_acknowledgements_are_enough(willing: Served, unwilling: Served, data: Path) -> None:
    endpoints = (willing.endpoint, unwilling.endpoint)

    enough = run("send", *endpoints, *peer_options(2), f"--data={data}", "--ack=1", "--json")
    too_few = run("send", *endpoints, *peer_options(2), f"--data={data}", "--ack=2", "--json")

    assert enough.exit_code == 0
    assert enough.objects[-1]["delivered"] == 1
    assert too_few.exit_code == 1
    assert [(peer["acknowledged"], peer["error"]) for peer in peers_of(too_few)] == [(1, None), (0, "NegativeAckError")]


def test_a_peer_that_does_not_answer_is_waited_for_as_long_as_was_said(quiet: Served, data: Path) -> None:
    arguments = (*peer_options(2), f"--data={data}", "--ack=1", "--timeout=0.2", "--json")
    outcome = run("send", quiet.endpoint, *arguments)

    (peer,) = peers_of(outcome)
    assert outcome.exit_code == 3
    assert (peer["error"], peer["fault"]) == ("AckTimeoutError", "network")
    assert "0.2 s" in str(peer["message"])


def test_many_messages_without_acknowledgement_all_arrive(quiet: Served) -> None:
    content = b"from standard input"
    arguments = (*peer_options(2), "--data=-", "--count=450", "--json")
    outcome = run_process("send", quiet.endpoint, *arguments, stdin=content)

    (peer,) = peers_of(outcome)
    assert outcome.exit_code == 0
    assert (peer["sent"], peer["acknowledged"]) == (450, None)
    for _ in range(450):
        received = quiet.event("received")
        while received["sha256"] != hashlib.sha256(content).hexdigest():
            received = quiet.event("received")
        assert received["nonce"] == 0


@pytest.mark.parametrize("buffer", ["", "peer: {gossip: {sendBuffSize: 7}}"])
def test_what_is_reported_as_sent_arrives_however_small_the_send_buffer_is(
    quiet: Served, buffer: str, tmp_path: Path
) -> None:
    core_yaml = tmp_path / "core.yaml"
    core_yaml.write_text(buffer)
    content = f"through a small buffer {buffer}".encode()
    arguments = (*peer_options(2), f"--config={core_yaml}", "--data=-", "--count=450", "--json")
    outcome = run_process("send", quiet.endpoint, *arguments, stdin=content)

    (peer,) = peers_of(outcome)
    assert outcome.exit_code == 0
    assert peer["sent"] == 450
    for _ in range(450):
        received = quiet.event("received")
        while received["sha256"] != hashlib.sha256(content).hexdigest():
            received = quiet.event("received")


def test_many_messages_with_acknowledgement(willing: Served, data: Path) -> None:
    arguments = (*peer_options(2), f"--data={data}", "--count=300", "--ack=1", "--json")
    outcome = run("send", willing.endpoint, *arguments)

    (peer,) = peers_of(outcome)
    assert outcome.exit_code == 0
    assert (peer["sent"], peer["acknowledged"]) == (300, 300)


def test_a_peer_that_is_not_there_is_named_and_the_others_get_it(willing: Served, data: Path) -> None:
    outcome = run("send", willing.endpoint, NOBODY, *peer_options(2), f"--data={data}", "--json")

    there, missing = peers_of(outcome)
    assert outcome.exit_code == 3
    assert (there["ok"], there["sent"]) == (True, 1)
    assert (missing["ok"], missing["pki_id"], missing["sent"], missing["error"]) == (False, None, 0, "DialError")
    assert NOBODY in str(missing["message"])


def test_a_peer_that_refuses_us_is_named(data: Path) -> None:
    with serving(*peer_options(1, knows=(1,))) as stranger:
        outcome = run("send", stranger.endpoint, *peer_options(2), f"--data={data}", "--ack=1", "--json")

    (peer,) = peers_of(outcome)
    assert outcome.exit_code == 1
    assert (peer["error"], peer["sent"]) == ("RefusedByPeerError", 0)


def test_people_read_a_table_and_what_came_of_it(willing: Served, unwilling: Served, data: Path) -> None:
    outcome = run("send", willing.endpoint, unwilling.endpoint, *peer_options(2), f"--data={data}", "--ack=1")

    assert outcome.exit_code == 0
    assert willing.endpoint in outcome.stdout
    assert outcome.stdout.splitlines()[-1] == "1 of 1 messages acknowledged by at least 1"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([NOBODY, "--data=/nowhere/data"], "/nowhere/data: No such file or directory"),
        (["localhost", "--data=/dev/null"], "'localhost' is not an endpoint"),
        ([NOBODY, "--data=/dev/null", "--ack=2"], "2 of 1 peers cannot acknowledge"),
        ([NOBODY, "--data=/dev/null", "--count=0"], "--count"),
        (["--data=/dev/null"], "HOST:PORT"),
    ],
)
def test_wrong_usage_is_named(arguments: list[str], named: str) -> None:
    outcome = run("send", *arguments, *peer_options(1))

    assert outcome.exit_code == 2
    assert named in " ".join(outcome.stderr.replace("│", " ").split())


def test_one_peer_twice_is_refused(willing: Served, data: Path) -> None:
    other_name = willing.endpoint.replace("127.0.0.1", "localhost")

    outcome = run("send", willing.endpoint, other_name, *peer_options(2), f"--data={data}")

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {willing.endpoint} and {other_name} lead to the same peer\n"


def test_data_that_fits_no_message_is_refused_before_anybody_is_asked(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gossip.cli.send.command.MAX_DATA_BYTES", len(DATA) - 1)

    outcome = run("send", NOBODY, *peer_options(2), f"--data={data}")

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {data}: holds more than the {len(DATA) - 1} bytes that fit into one message\n"

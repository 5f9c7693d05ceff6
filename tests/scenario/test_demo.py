"""``gossip demo`` as its users run it: it shows what it says, and leaves neither process nor folder behind."""

import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cli import run

TIME_LIMIT_S = 120.0
Event = dict[str, object]


@contextmanager
def demo(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """A running demo whose temporary folders lie in ``folder``."""
    command = [sys.executable, "-m", "gossip.cli.main", "demo", *options]
    environment = os.environ | {"TMPDIR": str(folder)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: "subprocess.Popen[str]", name: str) -> list[Event]:
    """What the demo tells up to the first event of this name."""
    events: list[Event] = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] == name:
            return events
    pytest.fail(f"there was no {name!r} in {events}")


def rest(process: "subprocess.Popen[str]") -> tuple[list[Event], str]:
    """What is left to read until the end."""
    stdout, stderr = process.communicate(timeout=TIME_LIMIT_S)
    return [json.loads(line) for line in stdout.splitlines()], stderr


def still_running(events: list[Event]) -> list[object]:
    """The peer processes that have not ended."""
    pids = [event["pid"] for event in events if event["event"] == "ready"]
    assert pids
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_shows_what_it_promises_and_leaves_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, "--json") as process:
        events, stderr = rest(process)

    assert (process.returncode, stderr) == (0, "")
    assert [event["step"] for event in events if event["event"] == "step_began"] == [
        "organisations",
        "processes",
        "handshakes",
        "messages",
        "impostors",
        "death",
        "return",
    ]
    names = ["peer0.org1", "peer1.org1", "peer0.org2", "peer1.org2"]
    shaken = [(event["initiator"], event["responder"]) for event in events if event["event"] == "handshake"]
    pairs = {(one, other) for one in names for other in names if one != other}
    assert set(shaken[:12]) == pairs, "every pair, both ways"
    sent = [(event["sender"], event["receiver"]) for event in events if event["event"] == "acknowledged"]
    assert set(sent[:12]) == pairs
    assert {event["tls_version"] for event in events if event["event"] == "handshake"} == {"TLSv1.3"}
    assert events[-1] | {"seconds": 0} == {
        "event": "summary",
        "ok": True,
        "handshakes": 15,
        "acknowledged": 18,
        "refused": 3,
        "seconds": 0,
        "failure": None,
    }
    assert still_running(events) == []
    assert list(tmp_path.iterdir()) == []


def test_each_impostor_is_refused_for_its_own_reason_and_the_dead_comes_back(tmp_path: Path) -> None:
    with demo(tmp_path, "--json", "--orgs=1", "--peers=2") as process:
        events, _ = rest(process)

    assert process.returncode == 0
    refused = [event for event in events if event["event"] == "refused"]
    assert [event["error"] for event in refused] == [
        "TlsBindingError",
        "UntrustedIdentityError",
        "IdentityExpiredError",
    ]
    wanted = [
        "in remote hash of TLS cert, but got",
        "MalloryMSP cannot be validated",
        "gossipping peer identity expired",
    ]
    for event, reason in zip(refused, wanted, strict=True):
        assert reason in str(event["reason"])
    last = events[[event["event"] for event in events].index("killed") :]
    assert Counter(str(event["event"]) for event in last if event["event"] != "step_began") == {
        "killed": 1,
        "presumed_dead": 1,
        "ready": 1,
        "handshake": 1,
        "acknowledged": 2,
        "back": 1,
        "summary": 1,
    }
    first, second = (event for event in events if event["event"] == "ready" and event["peer"] == "peer1.org1")
    assert first["pid"] != second["pid"]
    assert (first["endpoint"], first["pki_id"]) == (second["endpoint"], second["pki_id"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    with demo(tmp_path, "--json") as process:
        events = read_until(process, "ready")
        assert [path.name.startswith("gossip-demo-") for path in tmp_path.iterdir()] == [True]
        process.send_signal(number)
        process.send_signal(number)  # an impatient user
        last, stderr = rest(process)

    assert process.returncode == 128 + number
    assert "Traceback" not in stderr
    assert (last[-1]["ok"], last[-1]["failure"]) == (False, f"interrupted by {number.name}")
    assert still_running(events + last) == []
    assert list(tmp_path.iterdir()) == []


def test_peers_do_not_outlive_a_demo_that_was_killed(tmp_path: Path) -> None:
    """It cannot clean up then, but its peers notice that nobody leads them."""
    with demo(tmp_path, "--json") as process:
        events = read_until(process, "acknowledged")
        peers = [os.pidfd_open(int(str(event["pid"]))) for event in events if event["event"] == "ready"]
        process.kill()

        try:
            for peer in peers:
                assert select.select([peer], [], [], TIME_LIMIT_S)[0] == [peer], "it ends"
        finally:
            for peer in peers:
                os.close(peer)
    assert len(peers) == 4


def test_a_demo_that_goes_wrong_says_what_and_leaves_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, "--json") as process:
        events = read_until(process, "handshake")
        ready = [event for event in events if event["event"] == "ready"]
        os.kill(int(str(ready[-1]["pid"])), signal.SIGKILL)
        last, stderr = rest(process)

    assert process.returncode == 1
    assert stderr == ""
    assert last[-1]["ok"] is False
    assert str(ready[-1]["peer"]) in str(last[-1]["failure"])
    assert still_running(events + last) == []
    assert list(tmp_path.iterdir()) == []


def test_people_see_the_table_and_the_steps(tmp_path: Path) -> None:
    with demo(tmp_path, "--orgs=2", "--peers=1") as process:
        stdout, stderr = process.communicate(timeout=TIME_LIMIT_S)

    assert (process.returncode, stderr) == (0, "")
    lines = [" ".join(line.split()) for line in stdout.splitlines()]
    assert any(line.startswith("peer0.org1 Org1MSP ") and line.endswith(" ready") for line in lines)
    assert any(line.startswith("peer0.org2 Org2MSP ") and line.endswith(" back") for line in lines)
    assert "✓ 2 handshakes over mutual TLS, accepted by both sides" in lines
    assert "✓ peer0.org2 killed, presumed dead by peer0.org1" in lines
    assert "✓ peer0.org2 started again, accepted once" in lines
    assert lines[-1].startswith("Everything went as it should, in ")


@pytest.mark.parametrize("options", [("--orgs=1", "--peers=1"), ("--orgs=8", "--peers=8"), ("--orgs=0",)])
def test_too_few_or_too_many_peers_are_wrong_usage(options: tuple[str, ...]) -> None:
    assert run("demo", *options).exit_code == 2

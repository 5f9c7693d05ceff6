"""``gossip probe``, ``gossip handshake`` and ``gossip serve`` between processes over mutual TLS."""

import hashlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.cli import run, run_process
from tests.support.odd_servers import over_tls, send_garbage, tcp_server
from tests.support.organizations import organization, peer_folder
from tests.support.served import Served, peer_options, serving
from tests.support.tls_files import CRYPTO, tls_ca, tls_files


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    """peer0 of Org1, which knows both organisations."""
    with serving(*peer_options(1)) as served:
        yield served


def test_probe_answers_with_the_stages_it_went_through(server: Served) -> None:
    outcome = run_process("probe", server.endpoint, *peer_options(2), "--json")

    assert outcome.exit_code == 0
    assert list(outcome.object) == ["ok", "endpoint", "tls_version", "ms"]
    assert outcome.object["ok"] is True
    assert outcome.object["tls_version"] == "TLSv1.3"
    assert list(dict_of(outcome.object["ms"])) == ["tcp", "tls", "ping"]


def test_handshake_tells_who_is_there_and_that_both_accepted(server: Served) -> None:
    outcome = run_process("handshake", server.endpoint, *peer_options(2), "--json")

    facts = outcome.object
    leaf = ssl.PEM_cert_to_DER_cert((peer_folder(1) / "tls" / "server.crt").read_text())
    assert outcome.exit_code == 0
    assert dict_of(facts.pop("ms")).keys() == {"tcp", "tls", "ping", "exchange", "verdict"}
    assert facts == {
        "ok": True,
        "endpoint": server.endpoint,
        "pki_id": server.pki_id,
        "mspid": "Org1MSP",
        "subject": "CN=peer0.org1.example.com,ST=California,L=San Francisco,OU=peer,C=US",
        "issuer": "CN=ca.org1.example.com,ST=California,L=San Francisco,O=org1.example.com,C=US",
        "not_after": organization(1).validity.not_after_at.isoformat().replace("+00:00", "Z"),
        "tls_version": "TLSv1.3",
        "tls_cert_sha256": hashlib.sha256(leaf).hexdigest(),
        "accepted_by_peer": True,
    }
    probed = server.event("probed")
    assert len(str(probed["pki_id"])) == 64
    assert probed["pki_id"] != server.pki_id


def test_people_read_one_fact_a_line(server: Served) -> None:
    outcome = run("handshake", server.endpoint, *peer_options(1, 1))

    lines = outcome.stdout.splitlines()
    assert outcome.exit_code == 0
    assert "mspid             Org1MSP" in lines
    assert "accepted by peer  yes" in lines
    assert lines[-1].startswith("ms                tcp ")


def test_the_peer_that_was_expected(server: Served) -> None:
    outcome = run("handshake", server.endpoint, *peer_options(2), f"--expect-pki-id={server.pki_id}", "--json")

    assert outcome.object["pki_id"] == server.pki_id


def test_somebody_else_than_was_expected_is_refused_by_us(server: Served) -> None:
    outcome = run("handshake", server.endpoint, *peer_options(2), f"--expect-pki-id={'ab' * 32}", "--json")

    facts = outcome.object
    assert outcome.exit_code == 1
    assert (facts["ok"], facts["stage"], facts["error"], facts["fault"]) == (
        False,
        "exchange",
        "WrongPeerError",
        "peer",
    )
    assert f"expected {'ab' * 32}, got {server.pki_id}" in str(facts["message"])


def test_a_peer_that_we_do_not_know_is_refused_by_us(server: Served) -> None:
    outcome = run("handshake", server.endpoint, *peer_options(2, knows=(2,)), "--json")

    facts = outcome.object
    assert outcome.exit_code == 1
    assert (facts["stage"], facts["error"], facts["fault"]) == ("exchange", "UntrustedIdentityError", "peer")
    assert "Org1MSP" in str(facts["message"])


def test_a_peer_that_does_not_know_us_says_why() -> None:
    with serving(*peer_options(1, knows=(1,))) as stranger:
        outcome = run("handshake", stranger.endpoint, *peer_options(2), "--json")
        refused = stranger.event("refused")

    facts = outcome.object
    assert outcome.exit_code == 1
    assert (facts["ok"], facts["stage"], facts["error"]) == (False, "verdict", "RefusedByPeerError")
    assert "refused by the peer with UNKNOWN" in str(facts["message"])
    assert "Org2MSP" in str(facts["message"])
    assert refused["error"] == "UntrustedIdentityError"
    assert str(refused["reason"]) in str(facts["message"]), "the peer's own words"


def test_people_read_the_peers_own_words() -> None:
    with serving(*peer_options(1, knows=(1,))) as stranger:
        outcome = run("handshake", stranger.endpoint, *peer_options(2))
        reason = str(stranger.event("refused")["reason"])

    assert outcome.exit_code == 1
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(f"gossip: {stranger.endpoint}: failed at verdict: refused by the peer")
    assert reason in outcome.stderr


def test_a_tls_certificate_that_is_not_ours_to_use_is_refused_in_tls(server: Served) -> None:
    options = [option for option in peer_options(2, knows=(2,)) if not option.startswith("--tls-ca")]
    outcome = run(
        "handshake", server.endpoint, *options, f"--tls-ca={CRYPTO / 'org1' / 'msp' / 'tlscacerts'}", "--json"
    )

    facts = outcome.object
    assert outcome.exit_code == 3
    assert (facts["stage"], facts["error"], facts["fault"]) == ("tls", "DialError", "network")
    assert "the peer's certificate was refused by us" in str(facts["message"])
    assert str(CRYPTO / "org1" / "msp" / "tlscacerts") in str(facts["message"])


def test_send_says_once_what_a_server_did_that_breaks_the_rules() -> None:
    with tcp_server(over_tls(tls_files(1, 0), send_garbage, alpn="h2")) as endpoint:
        options = (*peer_options(2), f"--tls-ca={tls_ca(1)}", "--data=/dev/null", "--json")
        outcome = run_process("send", endpoint, *options)
    assert outcome.exit_code == 3
    assert "breaks the rules of HTTP/2" in outcome.stdout
    assert outcome.stderr == ""


def test_serve_ends_in_order_on_sigint_and_on_sigterm() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with serving(*peer_options(1)) as served:
            served.signal(number)
            served.event("stopped")
            assert served.process.wait(30) == 0
            assert [event["event"] for event in served.seen] == ["ready", "stopped"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_while_a_peer_winds_up_change_nothing(number: signal.Signals) -> None:
    with serving(*peer_options(1)) as served:
        served.signal(signal.SIGTERM)
        served.event("stopped")
        over_at_s = time.monotonic() + 30
        while served.process.poll() is None and time.monotonic() < over_at_s:
            served.signal(number)
        assert served.stop() == 0


def test_a_peer_that_is_killed_is_presumed_dead(server: Served) -> None:
    arguments = [server.endpoint, *peer_options(2, 1), "--data=/dev/null", "--ack=1", "--timeout=60"]
    with subprocess.Popen([sys.executable, "-m", "gossip.cli.main", "send", *arguments]) as sender:
        accepted = server.event("accepted")  # it waits for an acknowledgement that does not come
        sender.kill()

    assert server.event("disconnected")["pki_id"] == accepted["pki_id"]
    assert server.event("dead")["pki_id"] == accepted["pki_id"]


def test_serve_ends_in_order_when_nobody_reads_its_events() -> None:
    command = [sys.executable, "-m", "gossip.cli.main", "serve", "--json", "--listen=127.0.0.1:0", *peer_options(1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        endpoint = json.loads(process.stdout.readline())["endpoint"]
        process.stdout.close()
        assert run("handshake", endpoint, *peer_options(2)).exit_code == 0
        assert process.wait(30) == 1
        assert process.stderr.read() == ""


def test_serve_ends_in_order_when_nobody_reads_its_first_event() -> None:
    command = [sys.executable, "-m", "gossip.cli.main", "serve", "--listen=127.0.0.1:0", *peer_options(1)]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(command, stdout=nobody, stderr=subprocess.PIPE, timeout=30, check=False)

    assert (done.returncode, done.stderr) == (1, b"")


def test_ready_tells_who_listens_where(server: Served) -> None:
    ready = server.seen[0]

    assert ready["event"] == "ready"
    assert list(ready) == ["event", "at", "endpoint", "pki_id", "mspid"]
    assert ready["mspid"] == "Org1MSP"
    assert (
        run("identity", "show", peer_folder(1) / "msp", "--mspid=Org1MSP", "--json").object["pki_id"] == server.pki_id
    )


def test_the_organizations_of_the_vectors_shake_hands() -> None:
    def options(own: int, other: int) -> list[str]:
        folder = CRYPTO / f"org{own}" / "peers" / "peer0"
        return [
            f"--msp-dir={folder / 'msp'}",
            f"--mspid=Org{own}MSP",
            f"--tls-cert={folder / 'tls' / 'server.crt'}",
            f"--tls-key={folder / 'tls' / 'server.key'}",
            f"--tls-ca={folder / 'tls' / 'ca.crt'}",
            f"--tls-ca={CRYPTO / f'org{other}' / 'peers' / 'peer0' / 'tls' / 'ca.crt'}",
            f"--org=Org{other}MSP={CRYPTO / f'org{other}' / 'msp'}",
        ]

    with serving(*options(1, 2)) as served:
        outcome = run("handshake", served.endpoint, *options(2, 1), "--json")

    assert outcome.exit_code == 0
    assert (outcome.object["mspid"], outcome.object["pki_id"]) == ("Org1MSP", served.pki_id)


def test_an_address_in_use_is_named(server: Served) -> None:
    outcome = run_process("serve", f"--listen={server.endpoint}", *peer_options(2), "--json")

    assert outcome.exit_code == 2
    assert outcome.object["error"] == "ConfigurationError"
    assert str(outcome.object["message"]).startswith(f"--listen: cannot listen on {server.endpoint}: ")


def dict_of(value: object) -> dict[str, float]:
    """A JSON object's value, typed."""
    assert isinstance(value, dict)
    return value

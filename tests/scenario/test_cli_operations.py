"""``gossip serve --operations``: figures and health of a running peer."""

import subprocess
import sys
import urllib.request
from pathlib import Path

from gossip import __version__
from tests.support.cli import run, run_process
from tests.support.served import Served, peer_options, serving


def fetch(served: Served, path: str) -> tuple[int, str, str]:
    """Status, content type and body of a page."""
    endpoint = served.seen[0]["operations"]
    with urllib.request.urlopen(f"http://{endpoint}{path}", timeout=10) as answer:
        return answer.status, answer.headers["Content-Type"], answer.read().decode()


def figures(served: Served) -> dict[str, float]:
    """Every sample by its name and labels."""
    status, content_type, body = fetch(served, "/metrics")
    assert (status, content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples = (line.rpartition(" ") for line in body.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def test_what_happens_is_counted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"x")
    with serving(*peer_options(1), "--ack", "--operations=127.0.0.1:0") as served:
        before = figures(served)
        assert run("send", served.endpoint, *peer_options(2), f"--data={data}", "--count=5", "--ack=1").exit_code == 0
        served.event("disconnected")
        after = figures(served)
        changed = {name: after[name] - before[name] for name in before if name.find("gossip_") >= 0}

    assert {name: change for name, change in changed.items() if change and "expiry" not in name} == {
        "gossip_comm_messages_sent": 5,
        "gossip_comm_messages_received": 5,
        "fabric_gossip_identities": 1,
        'fabric_gossip_handshakes_total{outcome="probed",role="responder"}': 1,
        'fabric_gossip_handshakes_total{outcome="accepted",role="responder"}': 1,
    }
    for certificate in ("identity", "tls"):
        assert after[f'fabric_gossip_certificate_expiry_seconds{{certificate="{certificate}"}}'] > 300_000_000


def test_a_healthy_peer_says_so() -> None:
    with serving(*peer_options(1), "--operations=:0") as served:
        status, content_type, body = fetch(served, "/healthz")

    assert (status, content_type) == (200, "application/json")
    assert body.startswith('{"status": "OK", "time": "')
    assert str(served.seen[0]["operations"]).startswith("127.0.0.1:")


def test_an_address_that_cannot_be_used_ends_the_peer_too() -> None:
    outcome = run_process("serve", "--listen=127.0.0.1:0", "--operations=nonsense", *peer_options(1), "--json")

    assert outcome.exit_code == 2
    assert str(outcome.object["message"]).startswith("--operations: cannot listen on nonsense: ")


def test_without_the_extra_the_message_says_what_to_install() -> None:
    script = "import sys; sys.modules['prometheus_client'] = None; from gossip.cli.main import run; run()"
    command = [sys.executable, "-c", script, "serve", "--listen=127.0.0.1:0", "--operations=:0", *peer_options(1)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    assert done.stderr == "gossip: --operations needs prometheus_client: pip install 'fabric-gossip[metrics]'\n"


def test_the_log_says_more_from_one_request_to_the_next() -> None:
    with serving(*peer_options(1), "--operations=:0") as served:
        assert fetch(served, "/logspec") == (200, "application/json", '{"spec": "info"}')
        wanted = b'{"spec": "gossip.comm=debug:warn"}'
        request = urllib.request.Request(f"http://{served.seen[0]['operations']}/logspec", data=wanted, method="PUT")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 204
        assert fetch(served, "/logspec")[2] == '{"spec": "gossip.comm=debug:warn"}'


def test_the_version_is_told() -> None:
    with serving(*peer_options(1), "--operations=:0") as served:
        assert fetch(served, "/version") == (200, "application/json", f'{{"Version": "{__version__}"}}')

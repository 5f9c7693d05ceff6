"""``gossip diagnose`` where TLS ends with an alert that is not about a certificate."""

import socket
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.broken_networks import IMPATIENT, as_org2
from tests.support.cli import run
from tests.support.odd_servers import refuse_tls, tcp_server
from tests.support.tls_files import tls_files


@pytest.mark.parametrize(
    ("number", "alert", "side", "rules", "what"),
    [
        (40, "handshake failure", "between", ["no-common-tls"], "no version, cipher or protocol"),
        (80, "internal error", "theirs", ["tls-internal-error"], "has no certificate or cannot use its key"),
        (112, "unrecognized name", "between", ["tls-name-unknown-there"], "knows no server of the name 127.0.0.1"),
        (120, "no application protocol", "theirs", ["other-service", "http1-proxy"], "does not speak HTTP/2"),
    ],
)
def test_an_alert_is_told_as_what_it_is(number: int, alert: str, side: str, rules: list[str], what: str) -> None:
    with tcp_server(refuse_tls(number)) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), *IMPATIENT, "--json")

    stages: Any = outcome.object["stages"]
    (stage,) = [each for each in stages if each["outcome"] == "failed"]
    assert (stage["stage"], stage["side"]) == ("tls", side), outcome.stdout
    assert [cause["rule"] for cause in stage["causes"]] == rules
    assert what in stage["causes"][0]["text"]
    assert stage["message"].endswith(f": {alert}")


def test_a_handshake_that_we_give_up_is_not_one_that_the_peer_closed(tmp_path: Path) -> None:
    files = tls_files(1, 0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (tmp_path / "chain.pem").write_text(files.certificate.read_text() * 40)
    context.load_cert_chain(tmp_path / "chain.pem", files.key)

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    with tcp_server(serve) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), *IMPATIENT, "--json")

    stages: Any = outcome.object["stages"]
    (stage,) = [each for each in stages if each["outcome"] == "failed"]
    assert (stage["stage"], stage["side"]) == ("tls", "theirs"), outcome.stdout
    assert [cause["rule"] for cause in stage["causes"]] == ["tls-too-long", "other-service"]
    assert stage["message"].endswith(": handshake too long")

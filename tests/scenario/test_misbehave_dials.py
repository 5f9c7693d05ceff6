"""How far ``gossip misbehave`` came, where it did not come as far as its fault."""

import socket
import struct
import threading

import pytest

from gossip.misbehave import dial
from gossip.transport import names
from tests.support.misbehaving import misbehave
from tests.support.odd_servers import Handler, full_backlog, refuse_tls, say_nothing, speak_http1, tcp_server

FAULT = "ping-and-stay"
"""One that happens above TLS."""


@pytest.fixture
def short_dials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "DIAL_S", 0.3)


def why_not(endpoint: str) -> str:
    """What the command says after the endpoint."""
    outcome = misbehave(endpoint, FAULT)
    assert outcome.exit_code == 3
    assert outcome.object["error"] == "DialError"
    return str(outcome.object["message"]).rpartition(f"cannot connect to {endpoint}: ")[2]


@pytest.mark.usefixtures("short_dials")
def test_who_drops_what_would_connect_is_not_there_in_tcp() -> None:
    with full_backlog() as endpoint:
        assert why_not(endpoint) == "tcp: no answer within 0.3 s"


@pytest.mark.usefixtures("short_dials")
def test_who_never_answers_is_not_there_in_tls() -> None:
    with tcp_server(say_nothing) as endpoint:
        assert why_not(endpoint) == "tls: no answer within 0.3 s"


def close_in_mid_tls(connection: socket.socket) -> None:
    connection.recv(65536)


def reset_in_mid_tls(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("handle", "text"),
    [
        (close_in_mid_tls, "the peer closed the connection"),
        (reset_in_mid_tls, "the peer reset the connection"),
        (speak_http1, "what the peer speaks is not TLS (WRONG_VERSION_NUMBER)"),
        (refuse_tls(40), "the peer refused TLS: handshake failure"),
    ],
    ids=["closes", "resets", "HTTP/1.1", "alert"],
)
def test_what_goes_wrong_in_tls_is_told_as_that(handle: Handler, text: str) -> None:
    with tcp_server(handle) as endpoint:
        assert why_not(endpoint) == f"tls: {text}"


@pytest.mark.usefixtures("short_dials")
def test_a_name_server_that_does_not_answer_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def look_up_for_ever(*_: object, **_kind: object) -> None:
        answers.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(names, "getaddrinfo", look_up_for_ever)
    assert why_not("localhost:7051") == "address: no answer within 0.3 s"
    assert not answers.is_set()
    answers.set()


def test_a_name_that_is_not_there_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(*_: object, **_kind: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(names, "getaddrinfo", find_nothing)
    assert why_not("localhost:7051") == "address: cannot resolve the name: Name or service not known"


def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with tcp_server(close_in_mid_tls) as endpoint:
        port = int(endpoint.rpartition(":")[2])
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(names, "getaddrinfo", lambda *_, **_kind: found)
        assert why_not(f"localhost:{port}") == "tls: the peer closed the connection"

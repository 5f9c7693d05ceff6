"""How far ``gossip misbehave`` came, where it did not come as far as its fault."""

import socket
import struct
import threading
from contextlib import suppress

import pytest

from gossip.misbehave import dial
from gossip.misbehave.ending import CUT, End, Ending
from gossip.transport.tcp import names
from tests.support.in_thread import listening, peer_settings
from tests.support.misbehaving import endings_of, misbehave, over_http2
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


@pytest.mark.parametrize("fault", ["unknown-frames", "broken-record"])
def test_a_final_dot_is_no_part_of_the_name_that_a_certificate_has(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(peer_settings(1)) as endpoint:
        port = int(endpoint.rpartition(":")[2])
        monkeypatch.setattr(
            names, "getaddrinfo", lambda *_, **_kind: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        )
        outcome = misbehave(f"localhost.:{port}", fault, "--i-own-this-network")
    assert outcome.exit_code == 0, outcome.stdout


REFUSED = Ending(End.UNREACHABLE, "tls", "the peer closed the connection")


@pytest.mark.parametrize("fault", ["silent", "ping-and-stay", "unknown-frames"])
def test_a_storm_that_finds_nobody_fails_like_a_single_attempt(fault: str) -> None:
    outcome = misbehave("127.0.0.1:1", fault, "--seconds=0.1", "--connections=3")
    assert (outcome.exit_code, outcome.object["error"]) == (3, "DialError")
    assert str(outcome.object["message"]).endswith(": tcp: connection refused, nothing listens there")


def test_a_storm_without_tls_is_no_flood_that_was_cut_off() -> None:
    with tcp_server(close_in_mid_tls) as endpoint:
        outcome = misbehave(endpoint, "ping-flood", "--seconds=0.1")
    assert (outcome.exit_code, outcome.object["error"]) == (3, "DialError")
    assert str(outcome.object["message"]).endswith(": tls: the peer closed the connection")


def only_the_second(handle: Handler) -> Handler:
    """The second connection is served, and every other one closed in mid-TLS."""
    number = 0

    def serve(connection: socket.socket) -> None:
        nonlocal number
        number += 1
        (over_http2(handle) if number == 2 else close_in_mid_tls)(connection)

    return serve


def close_at_once(_: socket.socket) -> None:
    """TLS stood, and that was all."""


@pytest.mark.parametrize(("fault", "is_right"), [("ping-and-stay", True), ("unknown-frames", False)])
def test_attempts_that_could_not_connect_tell_nothing_beside_one_that_could(fault: str, is_right: bool) -> None:
    with tcp_server(only_the_second(close_at_once)) as endpoint:
        outcome = misbehave(endpoint, fault, "--seconds=0.2", "--connections=2")
    endings = endings_of(outcome)
    assert set(endings) == {str(CUT), str(REFUSED)}
    assert endings[str(CUT)] == 1
    assert (outcome.exit_code, outcome.object["ok"]) == (0 if is_right else 1, is_right)


def test_a_storm_waits_for_the_first_attempt_that_could_connect() -> None:
    def close_late(connection: socket.socket) -> None:
        connection.settimeout(0.3)
        say_nothing(connection)

    with tcp_server(only_the_second(close_late)) as endpoint:
        outcome = misbehave(endpoint, "silent-after-tls", "--seconds=0.001", "--connections=2")
    assert set(endings_of(outcome)) == {str(CUT), str(REFUSED)}
    assert outcome.exit_code == 0


def test_a_flood_of_connections_is_judged_by_its_first_when_no_more_are_taken() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    endpoint = f"127.0.0.1:{listening.getsockname()[1]}"

    def take_one() -> None:
        connection, _ = listening.accept()
        listening.close()
        connection.settimeout(0.3)
        with connection, suppress(TimeoutError):
            connection.recv(1)

    thread = threading.Thread(target=take_one)
    thread.start()
    outcome = misbehave(endpoint, "connection-flood")
    thread.join()
    assert (outcome.exit_code, endings_of(outcome)) == (0, {str(CUT): 1})

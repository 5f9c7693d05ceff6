"""What ``gossip misbehave`` tells of servers that misbehave themselves: never that all is well, and it ends."""

import socket

import pytest

from gossip.misbehave import run as run_module
from gossip.misbehave.conversation import MAX_UNREAD_BYTES
from gossip.misbehave.http2_peer import MAX_SAID_BYTES
from tests.support.misbehaving import endings_of, misbehave, over_http2
from tests.support.odd_servers import EMPTY_SETTINGS, say_nothing, tcp_server

HEADERS, RST_STREAM, GOAWAY, WINDOW_UPDATE = b"\1", b"\3", b"\7", b"\x08"


@pytest.mark.parametrize(
    "frame",
    [
        b"\0\0\4" + HEADERS + b"\4\0\0\0\1" + b"\xff" * 4,
        b"\0\0\3" + RST_STREAM + b"\0\0\0\0\1abc",
        b"\0\0\4" + GOAWAY + b"\0\0\0\0\0abcd",
        b"\0\0\2" + WINDOW_UPDATE + b"\0\0\0\0\1ab",
    ],
    ids=["HPACK", "RST_STREAM", "GOAWAY", "WINDOW_UPDATE"],
)
def test_frames_that_cannot_be_read_are_a_breach(frame: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(EMPTY_SETTINGS + frame)
        say_nothing(connection)

    with tcp_server(over_http2(answer)) as endpoint:
        outcome = misbehave(endpoint, "ping-and-stay", "--patience=5")
    (observed,) = endings_of(outcome)
    assert observed.startswith("breach (a frame cannot be read: ")
    assert (outcome.exit_code, outcome.object["ok"]) == (1, False)


def pour(connection: socket.socket) -> None:
    """Say more and more until nobody listens."""
    while True:
        connection.sendall(bytes(65536))


def pour_frames(connection: socket.socket) -> None:
    """The same in HTTP/2, as PINGs that are answers."""
    connection.sendall(EMPTY_SETTINGS)
    while True:
        connection.sendall((b"\0\0\x08\6\1\0\0\0\0" + bytes(8)) * 1000)


def test_who_never_stops_talking_is_left() -> None:
    with tcp_server(pour) as endpoint:
        outcome = misbehave(endpoint, "silent", "--patience=60")
    assert endings_of(outcome) == {f"breach (says more than {MAX_UNREAD_BYTES} bytes)": 1}
    assert outcome.exit_code == 1


def test_who_never_stops_talking_http2_is_left() -> None:
    with tcp_server(over_http2(pour_frames)) as endpoint:
        outcome = misbehave(endpoint, "ping-and-stay", "--patience=60")
    assert endings_of(outcome) == {f"breach (says more than {MAX_SAID_BYTES} bytes)": 1}
    assert outcome.exit_code == 1


def drip(connection: socket.socket) -> None:
    """A TLS record of 16 KiB, byte by byte, until nobody listens."""
    connection.sendall(b"\x16\x03\x03\x40\x00")
    connection.settimeout(0.01)
    while True:
        connection.sendall(b"\2")
        try:
            if not connection.recv(65536):
                return
        except TimeoutError:
            pass


@pytest.mark.parametrize("fault", ["broken-record", "key-update-flood"])
def test_tls_that_drips_is_waited_for_no_longer_than_patience(fault: str) -> None:
    with tcp_server(drip) as endpoint:
        outcome = misbehave(endpoint, fault, "--patience=0.3")
    assert outcome.exit_code == 3
    assert str(outcome.object["message"]).endswith(f"cannot connect to {endpoint}: tls: no answer within 0.3 s")


@pytest.mark.parametrize("fault", ["broken-record", "key-update-flood"])
def test_what_is_not_tls_is_an_error_of_the_network(fault: str) -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        say_nothing(connection)

    with tcp_server(answer) as endpoint:
        outcome = misbehave(endpoint, fault)
    assert outcome.exit_code == 3
    assert "tls: what the peer speaks is not TLS" in str(outcome.object["message"])


def test_who_closes_in_mid_tls_did_not_cut_off_a_fault() -> None:
    def close(connection: socket.socket) -> None:
        connection.recv(65536)

    with tcp_server(close) as endpoint:
        outcome = misbehave(endpoint, "broken-record")
    assert outcome.exit_code == 3
    assert str(outcome.object["message"]).endswith(f"cannot connect to {endpoint}: tls: the peer closed the connection")


def test_a_fault_that_does_not_end_ends_with_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One-byte records leave one by one, however long nobody takes them."""
    monkeypatch.setattr(run_module, "FAULT_S", 0.0)
    monkeypatch.setattr(run_module, "REPETITION_S", 0.0)
    with tcp_server(over_http2(say_nothing)) as endpoint:
        outcome = misbehave(endpoint, "call-flood", "--patience=0.3")
    assert endings_of(outcome) == {"nothing": 1}
    assert outcome.exit_code == 1

"""The counter of lost messages, out of what operations endpoints say."""

import asyncio
import socket
from types import SimpleNamespace

import pytest

from gossip.errors import TransportError
from gossip.node.diagnose import operations
from gossip.node.diagnose.operations import count_lost_messages
from tests.support.odd_servers import Handler, say_nothing, send_garbage, tcp_server
from tests.support.operations import operations_endpoint
from tests.support.virtual_time import run_virtual

TIMEOUT_S = 5.0


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("gossip_comm_overflow_count 7\n", 7),
        ("gossip_comm_overflow_count 7.0 1700000000000\n", 7),
        ('gossip_comm_overflow_count{peer="a"} 2\ngossip_comm_overflow_count{peer="b"} 3\n', 5),
        ("gossip_comm_overflow_count 1.2e+03\n", 1200),
        ("# HELP gossip_comm_overflow_count 9\ngossip_comm_overflow_count_total 4\ngo_goroutines 3\n", 0),
    ],
)
def test_what_is_counted(text: str, lost: int) -> None:
    with operations_endpoint(text.encode) as endpoint:
        assert asyncio.run(count_lost_messages(endpoint, TIMEOUT_S)) == lost


def test_an_answer_in_chunks_is_read_whole() -> None:
    def speak_in_chunks(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.sendall(b"1b\r\ngossip_comm_overflow_count \r\n2\r\n7\n\r\n0\r\n\r\n")

    with tcp_server(speak_in_chunks) as endpoint:
        assert asyncio.run(count_lost_messages(endpoint, TIMEOUT_S)) == 7


def test_a_port_alone_is_on_loopback() -> None:
    with operations_endpoint(lambda: b"gossip_comm_overflow_count 7\n") as endpoint:
        assert asyncio.run(count_lost_messages(endpoint.removeprefix("127.0.0.1"), TIMEOUT_S)) == 7


@pytest.mark.parametrize("value", ["1e999", "NaN", "many"])
def test_a_value_that_is_no_count_is_named(value: str) -> None:
    text = f"gossip_comm_overflow_count {value}\n".encode()
    with operations_endpoint(lambda: text) as endpoint, pytest.raises(TransportError) as refusal:
        asyncio.run(count_lost_messages(endpoint, TIMEOUT_S))

    what = f"gossip_comm_overflow_count is {value!r}, which is not a number of messages"
    assert str(refusal.value) == f"{endpoint}/metrics does not answer: {what}"


def speak_without_end(connection: socket.socket) -> None:
    """Say more than a peer has to tell."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


class Dripping:
    """Says a little, again and again, without end."""

    async def read(self, _most: int) -> bytes:
        await asyncio.sleep(1)
        return b"#"


def test_the_time_is_for_the_whole_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    cut_at_s: list[float] = []

    async def connect_to_any(_: object) -> object:
        return object()

    async def open_connection(*, sock: object) -> tuple[Dripping, SimpleNamespace]:  # asyncio's name
        transport = SimpleNamespace(abort=lambda: cut_at_s.append(asyncio.get_running_loop().time()))
        return Dripping(), SimpleNamespace(write=len, transport=transport)

    monkeypatch.setattr(operations, "connect_to_any", connect_to_any)
    monkeypatch.setattr(asyncio, "open_connection", open_connection)
    with pytest.raises(TransportError, match="no answer in time"):
        run_virtual(count_lost_messages("192.0.2.1:9443", 4.5))

    assert cut_at_s == [4.5]


def test_an_answer_without_end_is_cut_off() -> None:
    with tcp_server(speak_without_end) as endpoint, pytest.raises(TransportError, match="more than 4194304 bytes"):
        asyncio.run(count_lost_messages(endpoint, TIMEOUT_S))


def test_another_page_is_no_answer() -> None:
    with operations_endpoint(lambda: b"") as endpoint, pytest.raises(TransportError, match="status 404"):
        asyncio.run(count_lost_messages(endpoint, TIMEOUT_S))


@pytest.mark.parametrize("handler", [say_nothing, send_garbage])
def test_what_does_not_answer_is_named(handler: Handler) -> None:
    with tcp_server(handler) as endpoint, pytest.raises(TransportError) as refusal:
        asyncio.run(count_lost_messages(endpoint, 0.2))

    assert str(refusal.value).startswith(f"{endpoint}/metrics does not answer: ")


def test_an_endpoint_without_port_is_named() -> None:
    with pytest.raises(TransportError, match="there is no port"):
        asyncio.run(count_lost_messages("localhost", TIMEOUT_S))

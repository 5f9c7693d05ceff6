"""The counter of lost messages, out of what operations endpoints say."""

import asyncio

import pytest

from gossip.errors import TransportError
from gossip.node.diagnose.operations import count_lost_messages
from tests.support.odd_servers import Handler, say_nothing, send_garbage, tcp_server
from tests.support.operations import operations_endpoint

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

"""The small HTTP server: what it answers, and what it does not put up with."""

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gossip.errors import ConfigurationError
from gossip.operations import http_server
from gossip.operations.http_server import Answer, HttpServer, serve_http
from gossip.turns import shared_turns
from tests.support.bounded import run_bounded
from tests.support.peers import other_tasks
from tests.support.virtual_time import run_virtual

MAX_CONNECTIONS = 16
MAX_REQUEST_BYTES = 8 * 1024


def broken() -> Answer:
    raise ZeroDivisionError


def echo(body: bytes) -> Answer:
    return Answer(HTTPStatus.OK, "text/plain", b"got " + body)


PAGES = {"/hello": lambda: Answer(HTTPStatus.OK, "text/plain", b"hello\n"), "/broken": broken}
CHANGES = {"/hello": echo}


def with_server(test: Callable[[HttpServer], Coroutine[None, None, None]]) -> None:
    """Run a test against a server, which leaves no task behind."""

    async def main() -> None:
        server = await serve_http(":0", PAGES, CHANGES)
        try:
            await test(server)
        finally:
            await server.close()
        await server.close()
        assert other_tasks() == []

    run_bounded(main)


async def connect(server: HttpServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = server.endpoint.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def talk(server: HttpServer, request: bytes) -> bytes:
    """Send bytes and read until the server closes."""
    reader, writer = await connect(server)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.transport.abort()


def test_a_page_is_answered_and_the_connection_closed() -> None:
    async def test(server: HttpServer) -> None:
        assert server.endpoint.startswith("127.0.0.1:"), "loopback where no host is given"
        answer = await talk(server, b"GET /hello?now HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer == (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n"
        )

    with_server(test)


def test_head_gets_the_headers_alone() -> None:
    async def test(server: HttpServer) -> None:
        answer = await talk(server, b"HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer.endswith(b"Content-Length: 6\r\nConnection: close\r\n\r\n")

    with_server(test)


def test_a_request_may_come_in_pieces() -> None:
    async def test(server: HttpServer) -> None:
        reader, writer = await connect(server)
        for piece in (b"GET /he", b"llo HTTP/1.1\r\nHo", b"st: x\r\n\r\n"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.read()).endswith(b"\r\n\r\nhello\n")
        writer.close()

    with_server(test)


def put(body: bytes, header: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"PUT /hello HTTP/1.1\r\nHost: x\r\n" + header + length + b"\r\n" + body


PUT_IN_CHUNKS = b"PUT /hello HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("size", [0, 5, MAX_REQUEST_BYTES])
def test_a_body_reaches_what_it_changes(size: int) -> None:
    async def test(server: HttpServer) -> None:
        assert (await talk(server, put(b"x" * size))).endswith(b"\r\n\r\ngot " + b"x" * size)

    with_server(test)


def test_who_says_nothing_has_five_seconds() -> None:
    cut_at_s: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        transport = SimpleNamespace(abort=lambda: cut_at_s.append(loop.time()))
        await HttpServer(PAGES, CHANGES)._serve(
            asyncio.StreamReader(), cast("Any", SimpleNamespace(transport=transport))
        )

    run_virtual(main())
    assert cut_at_s == [5]


def test_half_a_body_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "TIMEOUT_S", 0.05)

    async def test(server: HttpServer) -> None:
        assert await talk(server, put(b"hello")[:-1]) == b""

    with_server(test)


@pytest.mark.parametrize(
    ("request_bytes", "status", "text"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"404 Not Found", b"there are /hello, /broken"),
        (b"GET /%2e/hello HTTP/1.1\r\nHost: x\r\n\r\n", b"404 Not Found", b"there are"),
        (b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"405 Method Not Allowed", b"GET and HEAD"),
        (b"PUT /broken HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", b"405 Method Not Allowed", b"GET and HEAD\n"),
        (put(b"x" * (MAX_REQUEST_BYTES + 1)), b"413 ", b"more than 8192 bytes"),
        (PUT_IN_CHUNKS + b"1\r\nx\r\n" * 65, b"413 ", b"more than 64 pieces"),
        (put(b"x", b"Expect: 100-continue\r\n")[:-1], b"417 Expectation Failed", b"without asking first"),
        (b"GET /hello HTTP/1.1\r\n\r\n", b"400 Bad Request", b"Missing mandatory Host"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400 Bad Request", b"illegal request line"),
        (b"GET /hello HTTP/1.1\r\nHost: x\r\nX: " + b"x" * MAX_REQUEST_BYTES, b"431 ", b"too long"),
        (b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n", b"500 Internal Server Error", b"internal error"),
    ],
    ids=[
        "another path",
        "no tricks",
        "another method",
        "nothing to change",
        "too much",
        "too many chunks",
        "expects",
        "no host",
        "TLS",
        "too long",
        "a page that fails",
    ],
)
def test_what_is_not_served_gets_its_status(request_bytes: bytes, status: bytes, text: bytes) -> None:
    async def test(server: HttpServer) -> None:
        answer = await talk(server, request_bytes)
        assert answer.startswith(b"HTTP/1.1 " + status)
        assert text in answer

    with_server(test)


def test_a_client_that_goes_on_sending_still_reads_its_answer() -> None:
    async def test(server: HttpServer) -> None:
        answer = await talk(server, b"POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000)
        assert answer.startswith(b"HTTP/1.1 405 ")

    with_server(test)


@pytest.mark.parametrize("said", [b"", b"GET /hello HTTP/1.1\r\nHost"])
def test_a_client_that_says_too_little_is_cut_off(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "TIMEOUT_S", 0.05)

    async def test(server: HttpServer) -> None:
        assert await talk(server, said) == b""

    with_server(test)


def test_a_client_that_leaves_is_forgotten() -> None:
    async def test(server: HttpServer) -> None:
        _, writer = await connect(server)
        writer.write(b"GET /hello")
        writer.close()
        await writer.wait_closed()
        assert (await talk(server, b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")).endswith(b"hello\n")

    with_server(test)


def test_more_connections_than_there_is_room_for_are_cut_off_and_the_others_served() -> None:
    async def test(server: HttpServer) -> None:
        inside = [await connect(server) for _ in range(MAX_CONNECTIONS)]
        assert await talk(server, b"") == b""
        reader, writer = inside[-1]
        writer.write(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).endswith(b"hello\n")
        for _, each in inside:
            each.close()

    with_server(test)


def test_who_comes_in_takes_turns_with_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossip.turns.COURTESY_S", 0.2)

    async def test(server: HttpServer) -> None:
        turns, order = shared_turns(), list[str]()
        turns.hold_back()
        turns.wait(lambda: order.append("another's turn"))
        await talk(server, b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        order.append("answered")
        assert order == ["another's turn", "answered"]

    with_server(test)


@pytest.mark.parametrize("endpoint", ["9443", "127.0.0.1:x", "::1:9443", "no-such-host.invalid:0"])
def test_an_endpoint_that_cannot_be_used_is_named(endpoint: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=f"cannot listen on {endpoint}"):
            await serve_http(endpoint, PAGES)

    run_bounded(main)

"""A small HTTP server: one request a connection, everything bounded."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

import h11

from gossip.errors import ConfigurationError
from gossip.transport.endpoint import parse_endpoint
from gossip.transport.tcp.listening_sockets import ListeningSockets

logger = logging.getLogger("operations")

MAX_REQUEST_BYTES = 8 * 1024
MAX_CONNECTIONS = 16
TIMEOUT_S = 5.0
"""How long a connection may take from its beginning to its end."""

READ_BYTES = 4096
MAX_PIECES = 64
"""In how many pieces a body may come. Each, be it of one byte, takes h11 7 us, with no pause for others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page says."""

    status: HTTPStatus
    content_type: str
    body: bytes


def json_answer(content: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """A page for programs."""
    return Answer(status, "application/json", json.dumps(content).encode())


Page = Callable[[], Answer]
Change = Callable[[bytes], Answer]
"""Takes the body of a PUT."""


class HttpServer:
    """Serves pages by their path to GET and HEAD, and changes to PUT; made by :func:`serve_http`."""

    def __init__(self, pages: Mapping[str, Page], changes: Mapping[str, Change]) -> None:
        self.endpoint = ""
        self._pages = pages
        self._changes = changes
        self._connections: dict[asyncio.Task[None], None] = {}
        self._sockets: ListeningSockets | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            ConfigurationError: The address cannot be listened on.

        Cancellation: nothing is left open.
        """
        sockets = ListeningSockets(self._make_protocol)
        try:
            self.endpoint = await sockets.open(host, port)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self._sockets = sockets

    async def close(self) -> None:
        """Take no more connections and cut those that are open. May be called again.

        Cancellation: they are cut all the same.
        """
        try:
            if self._sockets is not None:
                self._sockets.close()
                await self._sockets.cleared()
        finally:
            connections = tuple(self._connections)
            for task in connections:
                task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _make_protocol(self) -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(MAX_REQUEST_BYTES), self._connected)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer), name="operations request")
        self._connections[task] = None
        task.add_done_callback(self._connections.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_REQUEST_BYTES)
                request, answer = await self._read(connection, reader)
                if answer is None:
                    return
                writer.write(_encode(connection, request, answer))
                writer.write_eof()
                await writer.drain()
                while await reader.read(READ_BYTES):
                    pass  # what is unread when we close would make the answer's end a reset
        except (TimeoutError, OSError) as error:
            logger.debug("An operations request came to nothing: %r", error)
        finally:
            writer.transport.abort()

    async def _read(
        self, connection: h11.Connection, reader: asyncio.StreamReader
    ) -> tuple[h11.Request | None, Answer | None]:
        """Read one request and find its answer; there is none where the client left."""
        try:
            request = await _next_event(connection, reader)
            if not isinstance(request, h11.Request):
                return None, None
            path = request.target.partition(b"?")[0].decode("ascii")
            if request.method != b"PUT" or path not in self._changes:
                return request, self._page(request.method, path)
            body = await _read_body(connection, reader)
            return request, _answer(partial(self._changes[path], body))
        except h11.RemoteProtocolError as error:
            return None, _text(HTTPStatus(error.error_status_hint), str(error))

    def _page(self, method: bytes, path: str) -> Answer:
        page = self._pages.get(path)
        if page is None:
            return _text(HTTPStatus.NOT_FOUND, f"there are {', '.join(self._pages)}")
        if method not in {b"GET", b"HEAD"}:
            also = ", and PUT" if path in self._changes else ""
            return _text(HTTPStatus.METHOD_NOT_ALLOWED, f"only GET and HEAD{also}")
        return _answer(page)


async def serve_http(
    endpoint: str, pages: Mapping[str, Page], changes: Mapping[str, Change] | None = None
) -> HttpServer:
    """Serve pages, and what changes them, at ``host:port``; port 0 takes a free one, and without a host it is loopback.

    Raises:
        ConfigurationError: The endpoint cannot be used.

    Cancellation: nothing is left open.
    """
    server = HttpServer(pages, changes or {})
    try:
        host, port = parse_endpoint(f"127.0.0.1{endpoint}" if endpoint.startswith(":") else endpoint, lowest_port=0)
    except ValueError as error:
        raise ConfigurationError(f"cannot listen on {endpoint}: {error}") from error
    await server.start(host, port)
    return server


async def _next_event(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Event | None:
    """What the client says next; None when it has nothing more to say that we would hear."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        if connection.they_are_waiting_for_100_continue:
            raise h11.RemoteProtocolError("send the body without asking first", HTTPStatus.EXPECTATION_FAILED)
        connection.receive_data(await reader.read(READ_BYTES))
    return event if isinstance(event, h11.Event) else None


async def _read_body(connection: h11.Connection, reader: asyncio.StreamReader) -> bytes:
    body = b""
    pieces = 0
    while isinstance(event := await _next_event(connection, reader), h11.Data):
        body += event.data
        pieces += 1
        if pieces > MAX_PIECES:
            raise h11.RemoteProtocolError(f"the body has more than {MAX_PIECES} pieces", 413)
        if len(body) > MAX_REQUEST_BYTES:
            raise h11.RemoteProtocolError(f"the body has more than {MAX_REQUEST_BYTES} bytes", 413)
    return body


def _answer(page: Page) -> Answer:
    try:
        return page()
    except Exception:
        logger.exception("An operations page failed")
        return _text(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")


def _text(status: HTTPStatus, text: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", f"{status} {status.phrase}: {text}\n".encode())


def _encode(connection: h11.Connection, request: h11.Request | None, answer: Answer) -> bytes:
    headers = [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(answer.body))),
        ("Connection", "close"),
    ]
    response = h11.Response(status_code=answer.status, headers=headers, reason=answer.status.phrase.encode())
    encoded = connection.send(response) or b""
    return encoded if request is not None and request.method == b"HEAD" else encoded + answer.body

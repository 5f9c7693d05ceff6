"""Asks a peer's operations endpoint how many messages its full send buffers have cost."""

import asyncio
import http.client
import re
import socket
from io import BytesIO
from typing import cast

from gossip.errors import TransportError
from gossip.transport.endpoint import format_endpoint, parse_endpoint
from gossip.transport.tcp.names import connect_to_any, look_up

OVERFLOW = "gossip_comm_overflow_count"
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_HEADERS = ("Accept-Encoding: identity", "Connection: close")
_LOOPBACK = "127.0.0.1"
_SAMPLE = re.compile(rf"^{OVERFLOW}(?:\{{[^}}]*\}})?[ \t]+(\S+)", re.MULTILINE)


def parse_operations_endpoint(endpoint: str) -> tuple[str, int]:
    """Split ``host:port``, or ``:port`` on loopback.

    Raises:
        ValueError: It is not of that form; the text says what is wrong.
    """
    return parse_endpoint(f"{_LOOPBACK}{endpoint}" if endpoint.startswith(":") else endpoint)


async def count_lost_messages(endpoint: str, timeout_s: float) -> int:
    """Read ``gossip_comm_overflow_count`` from ``/metrics`` in Prometheus' text format; absent means none were lost.

    Args:
        endpoint: The operations endpoint, ``host:port`` or ``:port``, without TLS.
        timeout_s: For the whole answer.

    Raises:
        TransportError: It does not answer, or not with metrics.

    Cancellation: the connection is cut.
    """
    try:
        async with asyncio.timeout(timeout_s):
            answer = await _fetch(*parse_operations_endpoint(endpoint))
        return _count(_body(answer))
    except (OSError, TimeoutError, ValueError, http.client.HTTPException) as error:
        raise TransportError(f"{endpoint}/metrics does not answer: {str(error) or 'no answer in time'}") from error


async def _fetch(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(sock=await connect_to_any(await look_up(host, port)))
    try:
        host_header = f"Host: {format_endpoint((host, port))}"
        writer.write("\r\n".join(("GET /metrics HTTP/1.1", host_header, *_HEADERS, "", "")).encode())
        answer = bytearray()
        while part := await reader.read(MAX_ANSWER_BYTES):
            answer += part
            if len(answer) > MAX_ANSWER_BYTES:
                raise http.client.HTTPException(f"it says more than {MAX_ANSWER_BYTES} bytes")
        return bytes(answer)
    finally:
        writer.transport.abort()


class _Received:
    """What came, in the place of a socket, from which http.client reads."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._data)


def _body(data: bytes) -> str:
    with http.client.HTTPResponse(cast("socket.socket", _Received(data))) as answer:
        answer.begin()
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"status {answer.status}")
        return answer.read().decode("utf-8", "replace")


def _count(text: str) -> int:
    return sum(map(_parse_sample, _SAMPLE.findall(text)))


def _parse_sample(value: str) -> int:
    try:
        return int(float(value))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{OVERFLOW} is {value[:64]!r}, which is not a number of messages") from error

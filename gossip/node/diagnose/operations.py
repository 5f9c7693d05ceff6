"""Asks a peer's operations endpoint how many messages its full send buffers have cost."""

import asyncio
import http.client
import re

from gossip.errors import TransportError
from gossip.transport.endpoint import parse_endpoint

OVERFLOW = "gossip_comm_overflow_count"
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_SAMPLE = re.compile(rf"^{OVERFLOW}(?:\{{[^}}]*\}})?\s+([0-9.eE+]+)(?:\s+[0-9]+)?\s*$", re.MULTILINE)


async def count_lost_messages(endpoint: str, timeout_s: float) -> int:
    """Read ``gossip_comm_overflow_count`` from ``/metrics`` in Prometheus' text format; absent means none were lost.

    Args:
        endpoint: The operations endpoint, ``host:port``, without TLS.
        timeout_s: For the whole answer.

    Raises:
        TransportError: It does not answer, or not with metrics.

    Cancellation: the request goes on in its thread until its time is over, and is forgotten.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return _parse(await asyncio.to_thread(_fetch, endpoint, timeout_s))
    except (OSError, TimeoutError, ValueError, http.client.HTTPException) as error:
        raise TransportError(f"{endpoint}/metrics does not answer: {str(error) or 'no answer in time'}") from error


def _fetch(endpoint: str, timeout_s: float) -> str:
    host, port = parse_endpoint(endpoint)
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", "/metrics")
        with connection.getresponse() as answer:
            if answer.status != http.client.OK:
                raise http.client.HTTPException(f"status {answer.status}")
            return answer.read(MAX_ANSWER_BYTES).decode("utf-8", "replace")
    finally:
        connection.close()


def _parse(text: str) -> int:
    return sum(int(float(value)) for value in _SAMPLE.findall(text))

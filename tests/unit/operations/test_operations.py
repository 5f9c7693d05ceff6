"""What the operations endpoint of a peer answers."""

import asyncio
import io
from datetime import UTC, datetime, timedelta

from gossip.node.logs.control import logging_to
from gossip.node.peer import open_peer
from gossip.node.settings import PeerSettings
from gossip.operations.figures import Figures
from gossip.operations.operations import serve_operations
from gossip.transport.endpoint import parse_endpoint
from tests.support.bounded import run_bounded
from tests.support.fake_clock import FakeClock
from tests.support.organizations import peer_folder


async def status_of(endpoint: str, path: str) -> bytes:
    """The first line of the answer."""
    reader, writer = await asyncio.open_connection(*parse_endpoint(endpoint))
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return (await reader.read()).partition(b"\r\n")[0]
    finally:
        writer.transport.abort()


def test_the_status_tells_a_peer_that_is_well_from_one_that_is_not() -> None:
    figures, clock = Figures(), FakeClock(datetime.now(UTC))

    async def main() -> None:
        async with open_peer(PeerSettings("Org1MSP", peer_folder(1) / "msp"), metrics=figures) as peer:
            with logging_to(io.StringIO()) as log:
                async with serve_operations(":0", peer, figures, clock, log) as endpoint:
                    assert await status_of(endpoint, "/healthz") == b"HTTP/1.1 200 OK"
                    clock.move(timedelta(days=3650))
                    assert await status_of(endpoint, "/healthz") == b"HTTP/1.1 503 Service Unavailable"

    run_bounded(main)

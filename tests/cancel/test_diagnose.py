"""A diagnosis that is given up leaves nothing open, whatever it waits for."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gossip.node.diagnose.diagnose import Target, diagnose
from gossip.transport.base import FrameStream
from tests.support.in_thread import peer_settings, tls_of
from tests.support.odd_servers import begin_http2_and_stop, grpc_peer, over_tls, say_nothing, tcp_server

FILES = tls_of()


async def never_speak(_: FrameStream) -> None:
    await asyncio.Event().wait()


WAITS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "TLS": lambda: tcp_server(say_nothing),
    "Ping": lambda: tcp_server(over_tls(FILES, begin_http2_and_stop, alpn="h2")),
    "ConnEstablish": lambda: grpc_peer(FILES, never_speak),
}


@pytest.mark.parametrize("network", WAITS.values(), ids=WAITS)
def test_nothing_is_left(network: Callable[[], AbstractContextManager[str]], tmp_path: Path) -> None:
    async def give_up(endpoint: str) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await diagnose(peer_settings(2), [Target(endpoint)] * 3)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with network() as endpoint:  # whose end waits until nobody is connected any more
        asyncio.run(give_up(endpoint))

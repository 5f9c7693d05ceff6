"""More dials at once than there are places for: they wait for each other, which costs none of them its time."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from gossip.api.options import DialOptions
from gossip.errors import DialError
from gossip.transport.base import FrameStream
from gossip.transport.grpc import dial_places
from gossip.transport.grpc.client import GrpcChannel, GrpcDialer
from gossip.transport.grpc.server import listen
from tests.support.bounded import run_bounded
from tests.support.odd_servers import full_backlog, say_nothing, tcp_server
from tests.support.tls_files import tls_files

TIMEOUT_S = 0.5


async def end(_stream: FrameStream) -> None:
    """Serve nothing."""


@pytest.fixture(autouse=True)
def one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial_places, "MAX_AT_ONCE", 1)


def make_dialer(timeout_s: float = TIMEOUT_S) -> GrpcDialer:
    return GrpcDialer(DialOptions(tls=tls_files(2, 1), dial_timeout_s=timeout_s))


async def reach(dialer: GrpcDialer, endpoint: str) -> GrpcChannel:
    channel = await dialer.dial(endpoint)
    await channel.ping()
    return channel


def test_the_time_for_which_a_dial_waits_for_others_is_not_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial_places, "BEGINS_S", 60.0)

    async def main() -> None:
        listener = await listen("127.0.0.1:0", end, tls=tls_files(1, 0))
        dialer, loop = make_dialer(), asyncio.get_running_loop()
        with tcp_server(say_nothing) as silent:
            began_at_s = loop.time()
            first = asyncio.create_task(dialer.dial(silent))
            second = asyncio.create_task(dialer.dial(silent))
            third = asyncio.create_task(reach(dialer, listener.endpoint))
            for dial in (first, second):
                with pytest.raises(DialError, match=rf"tls: no answer within {TIMEOUT_S:g} s"):
                    await dial
            channel = await third
            assert loop.time() - began_at_s >= 2 * TIMEOUT_S
        assert channel.times.tcp_s < TIMEOUT_S
        await channel.close()
        await listener.close()

    run_bounded(main)


@pytest.mark.parametrize("where", [full_backlog, lambda: tcp_server(say_nothing)], ids=["before TCP", "behind it"])
def test_who_hangs_keeps_nobody_waiting_for_long(where: Callable[[], AbstractContextManager[str]]) -> None:
    """Nor do those who were in line behind others that hang."""

    async def main() -> None:
        listener = await listen("127.0.0.1:0", end, tls=tls_files(1, 0))
        dialer = make_dialer(timeout_s=60)
        with where() as hangs:
            hanging = [asyncio.create_task(dialer.dial(hangs)) for _ in range(3)]
            await asyncio.sleep(0)
            try:
                channel = await reach(dialer, listener.endpoint)
                assert not any(dial.done() for dial in hanging)
            finally:
                for dial in hanging:
                    dial.cancel()
                await asyncio.wait(hanging)
        await channel.close()
        await listener.close()

    run_bounded(main)


@pytest.mark.parametrize("ends", ["answered", "closed", "aborted", "given up"])
def test_a_place_is_free_again_when_its_ping_was_answered_or_its_dial_is_over(ends: str) -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", end, tls=tls_files(1, 0))
        dialer = make_dialer(timeout_s=60)
        channel = await dialer.dial(listener.endpoint)
        waiting = asyncio.create_task(reach(dialer, listener.endpoint))
        await asyncio.sleep(0)
        if ends == "answered":
            await channel.ping()
            await channel.ping()
        elif ends == "closed":
            await channel.close()
        else:
            channel.abort()
        if ends == "given up":
            waiting.cancel()
            await asyncio.wait([waiting])
            waiting = asyncio.create_task(reach(dialer, listener.endpoint))
        next_channel = await waiting
        await next_channel.close()
        await channel.close()
        await listener.close()

    run_bounded(main)

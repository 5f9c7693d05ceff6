"""Arguments that cannot be used hurt nobody but the call that they were given to."""

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from inspect import isawaitable
from typing import Any

import pytest

from gossip.api.comm import ReceivedMessage, Subscription
from gossip.api.peer import RemotePeer
from gossip.errors import ConfigurationError, InvalidArgumentError, InvalidMessageError, OutOfOrderError
from gossip.transport.memory import MemoryNetwork
from tests.support.peers import MemoryPeer, data_message, data_of, everything, memory_peers, settle
from tests.support.virtual_time import run_virtual

GOSSIP: Any = data_message().message
WAITS = [(math.nan, 1), (math.inf, 1), (10**400, 1), ("3", 1), (None, 1), (3, "1"), (3, None), (3, 1.5)]


@pytest.mark.parametrize(("timeout_s", "min_ack"), WAITS)
def test_a_wait_that_is_no_number_is_refused_and_nothing_is_sent(timeout_s: Any, min_ack: Any) -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with two.comm.accept(everything) as messages:
                one.comm.send(data_message(b"first"), two.remote)
                await anext(messages)
                for peers in ((two.remote,), ()):
                    name = "min_ack" if timeout_s == 3 else "timeout_s"
                    with pytest.raises(InvalidArgumentError, match=f"^{name} must be a number of"):
                        await one.comm.send_with_ack(data_message(), timeout_s, min_ack, *peers)
                await settle()
                assert one.comm.is_connected(two.pki_id)
                (result,) = await one.comm.send_with_ack(data_message(b"last"), 1, 1, two.remote)
                assert "timed out after 1 s" in str(result.error), "other waits end when they should"
                assert (await anext(messages)).get_gossip_message().message.data_msg.payload.data == b"last"

    run_virtual(main())


@pytest.mark.parametrize(
    ("endpoint", "pki_id", "text"),
    [
        ("two:7051", "abcd", "pki_id must be bytes, not 'abcd'"),
        ("two:7051", 7, "pki_id must be bytes, not 7"),
        (None, b"ab", "endpoint must be str, not None"),
    ],
)
def test_a_peer_is_named_by_text_and_bytes(endpoint: Any, pki_id: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        RemotePeer(endpoint, pki_id)
    assert str(raised.value) == text


async def waiting(_: ReceivedMessage) -> bool:
    return True


class Waiting:
    async def __call__(self, _: ReceivedMessage) -> bool:
        return True


@pytest.mark.parametrize("acceptor", [waiting, partial(waiting), Waiting()])
def test_an_acceptor_must_not_wait(acceptor: Any) -> None:
    async def main() -> None:
        async with memory_peers("one") as (one,):
            with pytest.raises(
                InvalidArgumentError, match=r"^acceptor must not wait, and .*aiting.* is a coroutine function$"
            ):
                one.comm.accept(acceptor)

    run_virtual(main())


ARGUMENTS: list[tuple[str, Callable[[MemoryPeer, MemoryPeer], Any]]] = [
    ("acceptor must be a function, not None", lambda one, _: one.comm.accept(None)),  # type: ignore[arg-type]
    ("message must be a SignedMessage, .*, not GossipMessage", lambda one, two: one.comm.send(GOSSIP, two.remote)),
    ("message must be a SignedMessage, .*, not bytes", lambda one, two: one.comm.send_with_ack(b"", 1, 1, two.remote)),  # type: ignore[arg-type]
    ("peer must be a RemotePeer, not 'two:7051'", lambda one, two: one.comm.send(data_message(), two.endpoint)),  # type: ignore[arg-type]
    ("peer must be a RemotePeer, not .*RemotePeer", lambda one, two: one.comm.send(data_message(), [two.remote])),  # type: ignore[arg-type]
    ("peer must be a RemotePeer, not 'two:7051'", lambda one, two: one.comm.probe(two.endpoint)),  # type: ignore[arg-type]
    ("peer must be a RemotePeer, not 'two:7051'", lambda one, two: one.comm.handshake(two.endpoint)),  # type: ignore[arg-type]
    ("peer must be a RemotePeer, not b'", lambda one, two: one.comm.close_conn(two.pki_id)),  # type: ignore[arg-type]
    ("peer must be a RemotePeer, not b'", lambda one, two: one.comm.dropped(two.pki_id)),  # type: ignore[arg-type]
    ("stages must be Stages, not None", lambda one, two: one.comm.reach(two.remote, None)),  # type: ignore[arg-type]
    ("stages must be Stages, not 'dial'", lambda one, two: one.comm.introduce(two.remote, "dial")),  # type: ignore[arg-type]
    ("pki_id must be bytes, not 'ab'", lambda one, _: one.comm.is_connected("ab")),  # type: ignore[arg-type]
    ("pki_id must be bytes, not 'ab'", lambda one, _: one.comm.close_conn_nowait("ab")),  # type: ignore[arg-type]
    ("identity must be bytes, not 'me'", lambda one, _: one.comm.set_identity("me")),  # type: ignore[arg-type]
]


async def made(call: Callable[[MemoryPeer, MemoryPeer], Any], one: MemoryPeer, two: MemoryPeer) -> None:
    """Make a call, which may be one to wait for."""
    if isawaitable(called := call(one, two)):
        await called


@pytest.mark.parametrize(("text", "call"), ARGUMENTS)
def test_arguments_of_another_kind_are_named(text: str, call: Callable[[MemoryPeer, MemoryPeer], Any]) -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with pytest.raises(InvalidArgumentError, match=f"^{text}"):
                await made(call, one, two)
            assert one.comm.get_pki_id() == one.pki_id
            await one.comm.handshake(two.remote)

    run_virtual(main())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config", "config must be a CommConfig, not 'x'"),
        ("observer", "observer must be a Observer, not 'x'"),
        ("metrics", "metrics has no method messages_sent: str"),
    ],
)
def test_a_layer_is_not_made_of_what_it_cannot_use(name: str, text: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=f"^{text}$"):
            MemoryPeer(MemoryNetwork(), "one", **{name: "x"})  # type: ignore[arg-type]

    run_virtual(main())


def test_a_refusal_is_told_in_text() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with two.comm.accept(everything) as messages:
                one.comm.send(data_message(nonce=1), two.remote)
                received = await anext(messages)
                with pytest.raises(InvalidMessageError, match="expected str, got ValueError"):
                    await received.ack(ValueError("no"))  # type: ignore[arg-type]
                with pytest.raises(InvalidMessageError, match="expected str, got bool"):
                    await received.ack(False)  # type: ignore[arg-type]
                with pytest.raises(InvalidArgumentError, match=r"^error must not be empty"):
                    await received.ack("")

    run_virtual(main())


def test_options_for_dialling_are_no_mapping() -> None:
    async def main() -> None:
        async with memory_peers("one") as (one,):
            with pytest.raises(ConfigurationError, match="options must be a DialOptions"):
                one.comm.set_dial_opts({})  # type: ignore[arg-type]

    run_virtual(main())


def test_another_thread_and_its_loop_are_refused_and_nothing_is_sent() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with two.comm.accept(everything) as messages:
                one.comm.send(data_message(b"first"), two.remote)
                await anext(messages)

                def elsewhere() -> None:
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        one.comm.send(data_message(b"elsewhere"), two.remote)
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        asyncio.run(one.comm.send_with_ack(data_message(b"elsewhere"), 1, 1, two.remote))
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        asyncio.run(one.comm.close_conn(two.remote))
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        one.comm.close_conn_nowait(two.pki_id)
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        asyncio.run(one.comm.stop())

                await asyncio.to_thread(elsewhere)
                one.comm.send(data_message(b"last"), two.remote)
                assert data_of(await anext(messages)) == b"last"

    asyncio.run(main())


def test_a_subscription_is_not_read_in_another_loop_and_stays_readable() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with two.comm.accept(everything) as messages, two.comm.presumed_dead() as deaths:

                async def read(subscription: Subscription[Any]) -> None:
                    await anext(subscription)

                def elsewhere() -> None:
                    for subscription in (messages, deaths):
                        with pytest.raises(OutOfOrderError, match="outside the event loop"):
                            asyncio.run(read(subscription))

                await asyncio.to_thread(elsewhere)
                one.comm.send(data_message(b"here"), two.remote)
                assert data_of(await anext(messages)) == b"here"

    asyncio.run(main())


def test_a_message_is_not_answered_in_another_loop_and_can_still_be_answered() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with two.comm.accept(everything) as messages:
                sending = asyncio.create_task(one.comm.send_with_ack(data_message(), 10, 1, two.remote))
                received = await anext(messages)

                def elsewhere() -> None:
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        asyncio.run(received.ack())
                    with pytest.raises(OutOfOrderError, match="outside the event loop"):
                        asyncio.run(received.respond(GOSSIP))

                await asyncio.to_thread(elsewhere)
                assert not sending.done()
                await received.ack()
                assert (await sending).ack_count() == 1

    asyncio.run(main())


def test_a_loop_that_goes_on_in_another_thread_takes_its_layer_along() -> None:
    async def opened(stack: AsyncExitStack) -> tuple[MemoryPeer, MemoryPeer]:
        one, two = await stack.enter_async_context(memory_peers("one", "two"))
        return one, two

    async def talk(one: MemoryPeer, two: MemoryPeer) -> bytes:
        with two.comm.accept(everything) as messages:
            one.comm.send(data_message(b"here"), two.remote)
            return data_of(await anext(messages))

    with asyncio.Runner() as runner, ThreadPoolExecutor(1) as threads:
        loop, stack = runner.get_loop(), AsyncExitStack()
        one, two = loop.run_until_complete(opened(stack))
        assert threads.submit(loop.run_until_complete, talk(one, two)).result(10) == b"here"
        with pytest.raises(OutOfOrderError, match="outside the event loop"):
            one.comm.send(data_message(b"no loop runs"), two.remote)
        loop.run_until_complete(stack.aclose())

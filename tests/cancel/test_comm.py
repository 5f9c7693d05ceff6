"""Hang at every await between dialling and delivery, cancel there, and nothing is left."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from gossip.api.comm import ReceivedMessage
from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.engine import CommEngine
from gossip.errors import ClosedError
from gossip.transport.memory import MemoryNetwork
from tests.support.hanging import AWAITS, Hang, HangingDialer, hanging_handler
from tests.support.peers import MemoryPeer, Stranger, data_message, everything, other_tasks, settle
from tests.support.virtual_time import run_virtual

Use = Callable[["Scene"], Awaitable[object]]


@dataclass
class Scene:
    """Us, whose transport hangs at one call, and the peer that we talk to."""

    hang: Hang
    us: MemoryPeer
    bob: MemoryPeer


async def probe(scene: Scene) -> None:
    await scene.us.comm.probe(scene.bob.remote)


async def handshake(scene: Scene) -> None:
    await scene.us.comm.handshake(scene.bob.remote)


async def send_with_ack(scene: Scene) -> None:
    await scene.us.comm.send_with_ack(data_message(), 1000, 1, scene.bob.remote)


async def send(scene: Scene) -> None:
    """Nobody waits for a send, so it is :meth:`stop` that cancels it."""
    scene.us.comm.send(data_message(), scene.bob.remote)
    await asyncio.Event().wait()


async def send_and_close_conn(scene: Scene) -> None:
    scene.us.comm.send(data_message(), scene.bob.remote)
    await settle()
    await scene.us.comm.close_conn(scene.bob.remote)


async def send_and_stop(scene: Scene) -> None:
    scene.us.comm.send(data_message(), scene.bob.remote)
    await settle()
    await scene.us.comm.stop()


CASES: dict[str, list[tuple[Use, int]]] = {
    "Dialer.dial": [(probe, 1), (handshake, 1), (send, 1), (send_with_ack, 1)],
    "Channel.ping": [(probe, 1), (handshake, 1), (send, 1), (send_with_ack, 1)],
    "Channel.open_stream": [(handshake, 1), (send, 1), (send_with_ack, 1)],
    # the message; our ConnEstablish is the greeting that open_stream waits for
    "FrameStream.send": [(send, 1), (send_with_ack, 1), (send_and_stop, 1)],
    # 1: their ConnEstablish, 2: their verdict, or their first message
    "FrameStream.receive": [
        (handshake, 1),
        (handshake, 2),
        (send, 1),
        (send, 2),
        (send_with_ack, 1),
        (send_with_ack, 2),
    ],
    "Channel.close": [(probe, 1), (handshake, 1), (send_and_close_conn, 1), (send_and_stop, 1)],
    "FrameStream.end": [],  # never called: each side says all that it has to say until the other one ends the stream
}


def test_every_await_of_the_transport_is_in_the_table() -> None:
    assert set(CASES) == set(AWAITS)


@pytest.mark.parametrize(
    ("call", "use", "occurrence"),
    [
        pytest.param(call, use, occurrence, id=f"{use.__name__} at {call} {occurrence}")
        for call, cases in CASES.items()
        for use, occurrence in cases
    ],
)
def test_cancelled_while_dialling(call: str, use: Use, occurrence: int) -> None:
    async def main() -> None:
        network, hang = MemoryNetwork(), Hang(call, occurrence)
        bob = MemoryPeer(network, "bob")
        inner = network.dialer(b"leaf of us", "us:7051")
        # the stages are cancelled before their time-outs, which virtual time would otherwise jump to
        us = MemoryPeer(network, "us", dialer=HangingDialer(inner, hang), config=CommConfig(drain_s=0.5))
        using = asyncio.ensure_future(use(Scene(hang, us, bob)))
        await hang.reached.wait()
        await settle()
        using.cancel()
        await asyncio.wait([using])
        await settle()
        assert using.cancelled()
        assert len(us.comm._sending._acks) == 0
        await us.comm.stop()
        check_nothing_left(us.comm)
        assert hang.open_channels == 0
        await bob.close()
        await us.close()
        await settle()
        check_nothing_left(bob.comm)
        assert other_tasks() == []

    run_virtual(main())


@pytest.mark.parametrize(
    ("call", "use", "occurrence"),
    [
        pytest.param(call, use, occurrence, id=f"{use.__name__} at {call} {occurrence}")
        for call, cases in CASES.items()
        for use, occurrence in cases
        if use in (probe, handshake)
    ],
)
def test_stopped_while_probing(call: str, use: Use, occurrence: int) -> None:
    """Who waits for a probe or a handshake hears at once, and nothing of it outlives the stop."""

    async def main() -> None:
        network, hang = MemoryNetwork(), Hang(call, occurrence)
        bob = MemoryPeer(network, "bob")
        dialer = HangingDialer(network.dialer(b"leaf of us", "us:7051"), hang)
        us = MemoryPeer(network, "us", dialer=dialer)
        using = asyncio.ensure_future(use(Scene(hang, us, bob)))
        await hang.reached.wait()
        await us.comm.stop()
        assert hang.open_channels == 0
        assert len(us.comm._attempts) == 0
        with pytest.raises(ClosedError, match="shutting down"):
            await using
        assert asyncio.get_running_loop().time() == 0
        await us.close()
        await bob.close()
        assert other_tasks() == []

    run_virtual(main())


def test_a_stop_that_is_cancelled_while_it_ends_a_probe_gives_up_dials() -> None:
    async def main() -> None:
        network, hang = MemoryNetwork(), Hang("Dialer.dial", 2)
        bob, carol = MemoryPeer(network, "bob"), MemoryPeer(network, "carol")
        silent = HangingDialer(network.dialer(b"leaf of us", "us:7051"), Hang("Channel.ping"))
        us = MemoryPeer(network, "us", dialer=HangingDialer(silent, hang))
        probing = asyncio.ensure_future(us.comm.probe(carol.remote))
        await settle()
        us.comm.send(data_message(), bob.remote)
        await hang.reached.wait()
        stopping = asyncio.ensure_future(us.comm.stop())
        await asyncio.sleep(0)
        assert len(us.comm._attempts) == 1, "which the stop waits for"
        stopping.cancel()
        await asyncio.wait([stopping, probing])
        check_nothing_left(us.comm)
        with pytest.raises(ClosedError, match="shutting down"):
            us.comm._connector.begin(bob.remote, bob.pki_id)
        for peer in (us, bob, carol):
            await peer.close()
        assert other_tasks() == []

    run_virtual(main())


@pytest.mark.parametrize("call", ["FrameStream.send", "FrameStream.receive"])
@pytest.mark.parametrize("occurrence", [1, 2])
def test_cancelled_while_serving(call: str, occurrence: int) -> None:
    """The listener closes while a handler stands at each of its awaits."""

    async def main() -> None:
        network, hang = MemoryNetwork(), Hang(call, occurrence)
        us, stranger = MemoryPeer(network, "us"), Stranger(network, "stranger")
        listener = network.listen("us:7052", hanging_handler(us.comm.serve_stream, hang), b"leaf of us")
        dead = us.comm.presumed_dead()
        us.endpoint = listener.endpoint
        stream = await stranger.open(us)
        await stream.send([stranger.conn_establish()])
        await settle()
        if call == "FrameStream.send" and occurrence == 2:
            us.comm.send(data_message(), RemotePeer(us.endpoint, stranger.pki_id))
        await hang.reached.wait()
        await listener.close()
        await settle()
        check_nothing_left(us.comm)
        assert other_tasks() == []
        await us.close()
        assert [pki_id async for pki_id in dead] == [], "whom we cut off is not dead"

    run_virtual(main())


def test_cancelled_while_delivering_to_a_full_subscriber() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        us = MemoryPeer(network, "us", config=CommConfig(subscription_buffer=1))
        stranger = Stranger(network, "stranger")
        incoming = us.comm.accept(everything)
        stream = await stranger.join(us)
        await stream.send([data_message().envelope] * 3)
        await settle()
        assert us.comm._connections.is_connected(stranger.pki_id)
        await us.listener.close()
        check_nothing_left(us.comm)
        assert other_tasks() == []
        await us.close()
        assert len([message async for message in incoming]) == 1

    run_virtual(main())


async def respond(received: ReceivedMessage) -> None:
    await received.respond(data_message().message)


async def acknowledge(received: ReceivedMessage) -> None:
    await received.ack()


@pytest.mark.parametrize("answer", [respond, acknowledge])
def test_cancelled_while_answering_a_peer_that_does_not_read(
    answer: Callable[[ReceivedMessage], Awaitable[None]],
) -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=100)
        us = MemoryPeer(network, "us", config=CommConfig(send_buffer=2, drain_s=0.5))
        stranger = Stranger(network, "stranger")
        incoming = us.comm.accept(everything)
        stream = await stranger.join(us)
        await stream.send([data_message(nonce=7).envelope])
        received = await anext(incoming)
        answering = [asyncio.ensure_future(answer(received)) for _ in range(50)]
        await settle()
        waiting = [task for task in answering if not task.done()]
        assert waiting, "the outbox is full"
        waiting[0].cancel()
        await settle()
        assert waiting[0].cancelled()
        await us.comm.close_conn(RemotePeer("", stranger.pki_id))
        await settle()
        assert all(isinstance(task.exception(), ClosedError) for task in waiting[1:])
        check_nothing_left(us.comm)
        await us.close()
        assert other_tasks() == []

    run_virtual(main())


def check_nothing_left(comm: CommEngine) -> None:
    assert list(comm._store) == []
    assert len(comm._sending._acks) == 0
    assert len(comm._connector._dials) == 0
    assert len(comm._connector._dialling) == 0
    assert len(comm._connector._running) == 0
    assert len(comm._sending._tasks) == 0
    assert comm._connections._lingering == {}


def test_a_stop_that_is_cancelled_while_it_waits_for_a_dial_closes_what_came_in() -> None:
    async def main() -> None:
        network, hang = MemoryNetwork(), Hang("Dialer.dial")
        bob, carol = MemoryPeer(network, "bob"), MemoryPeer(network, "carol")
        us = MemoryPeer(network, "us", dialer=HangingDialer(network.dialer(b"leaf of us", "us:7051"), hang))
        incoming, dead = us.comm.accept(everything), bob.comm.presumed_dead()
        bob.comm.send(data_message(), us.remote)
        await anext(incoming)
        us.comm.send(data_message(), carol.remote)
        await hang.reached.wait()
        stopping = asyncio.ensure_future(us.comm.stop())
        await settle()
        stopping.cancel()
        await asyncio.wait([stopping])
        check_nothing_left(us.comm)
        assert await anext(dead) == us.pki_id
        for peer in (us, bob, carol):
            await peer.close()
        assert other_tasks() == []

    run_virtual(main())

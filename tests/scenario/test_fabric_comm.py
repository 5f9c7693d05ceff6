"""Fabric's own tests of its communication layer, by name, over the network in memory and in virtual time.

Where Fabric's test waits to see that nothing arrives, these ask what was refused, with which error, and what is left.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from gossip.api.comm import ReceivedMessage, Subscription
from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.engine import CommEngine
from gossip.errors import (
    AckTimeoutError,
    ClosedError,
    DialError,
    HandshakeError,
    MalformedEnvelopeError,
    MalformedMessageError,
    NegativeAckError,
    NoCertificateError,
    PeerSilentError,
    PkiIdMismatchError,
    RefusedByPeerError,
    SignatureError,
    StreamBrokenError,
    TlsBindingError,
    UnexpectedMessageError,
    WrongPeerError,
)
from gossip.messages import Empty, GossipMessage
from gossip.metrics import Outcome
from gossip.transport.base import Channel, FrameStream
from gossip.transport.memory import MemoryNetwork
from gossip.types import PkiId
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.signed import sign_message
from tests.support.hanging import Hang, HangingDialer
from tests.support.hmac_crypto import HmacCrypto, identity_of, pki_id_of
from tests.support.peers import (
    MemoryPeer,
    Stranger,
    data_message,
    data_of,
    everything,
    memory_peers,
    other_tasks,
    settle,
)
from tests.support.recorders import RecordingMetrics, RecordingObserver
from tests.support.virtual_time import run_virtual


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def acknowledge(incoming: Subscription[ReceivedMessage], error: str | None = None) -> None:
    await (await anext(incoming)).ack(error)


async def read_all(incoming: Subscription[ReceivedMessage]) -> list[bytes]:
    return [data_of(message) async for message in incoming]


async def acknowledge_all(incoming: Subscription[ReceivedMessage]) -> list[bytes]:
    seen: list[bytes] = []
    async for message in incoming:
        seen.append(data_of(message))
        await message.ack()
    return seen


def test_no_two_acknowledgements_are_waited_for_under_one_nonce() -> None:
    """And none under 0, which asks for none."""

    async def main() -> None:
        nonces = []
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            for _ in range(100):
                sending = asyncio.create_task(one.comm.send_with_ack(data_message(), 5, 1, two.remote))
                message = await anext(incoming)
                nonces.append(message.get_gossip_message().nonce)
                await message.ack()
                assert (await sending).ack_count() == 1
        assert len(set(nonces)) == len(nonces)
        assert 0 not in nonces

    run_virtual(main())


def test_mutual_parallel_send_with_ack() -> None:
    """Mirrors: TestMutualParallelSendWithAck. Every message is acknowledged, and arrives once."""
    count = 1000

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            reading = [asyncio.create_task(acknowledge_all(peer.comm.accept(everything))) for peer in (one, two)]
            sends = [
                sender.comm.send_with_ack(data_message(b"%d" % number), 5, 1, receiver.remote)
                for number in range(count)
                for sender, receiver in ((one, two), (two, one))
            ]
            for results in await asyncio.gather(*sends):
                assert (results.ack_count(), results.nack_count()) == (1, 0)
            await one.comm.stop()
            await two.comm.stop()
            for seen in await asyncio.gather(*reading):
                assert Counter(seen) == Counter(b"%d" % number for number in range(count))

    run_virtual(main())


def test_two_peers_that_ask_each_other_more_than_fits_on_the_way_are_not_held_up() -> None:
    """Neither may stop to read while it waits for room for its answers, or both would wait for ever."""
    count, slots = 50, MemoryNetwork(buffer_bytes=1)

    async def main() -> None:
        async with memory_peers("one", "two", network=slots, config=CommConfig(send_buffer=5)) as (one, two):
            reading = [asyncio.create_task(acknowledge_all(peer.comm.accept(everything))) for peer in (one, two)]
            await one.comm.send_with_ack(data_message(b"connects"), 5, 1, two.remote)
            sends = [
                sender.comm.send_with_ack(data_message(b"%d" % number), 5, 1, receiver.remote)
                for number in range(count)
                for sender, receiver in ((one, two), (two, one))
            ]
            for results in await asyncio.gather(*sends):
                assert (results.ack_count(), results.nack_count()) == (1, 0)
            assert now_s() == 0
            await one.comm.stop()
            await two.comm.stop()
            expected = [b"%d" % number for number in range(count)]
            assert await asyncio.gather(*reading) == [expected, [b"connects", *expected]]

    run_virtual(main())


# -- Handshake


def test_handshake_without_tls() -> None:
    """Mirrors: TestHandshake, positive path 1."""

    async def main() -> None:
        network = MemoryNetwork()
        peer, stranger = MemoryPeer(network, "peer", with_tls=False), Stranger(network, "stranger", with_tls=False)
        await check_accepted(peer, stranger)
        await peer.close()

    run_virtual(main())


def test_handshake_over_mutual_tls() -> None:
    """Mirrors: TestHandshake, positive path 2."""

    async def main() -> None:
        network = MemoryNetwork()
        peer = MemoryPeer(network, "peer")
        await check_accepted(peer, Stranger(network, "stranger"))
        await peer.close()

    run_virtual(main())


async def check_accepted(peer: MemoryPeer, stranger: Stranger) -> None:
    incoming = peer.comm.accept(everything)
    stream = await stranger.join(peer)
    await stream.send([data_message(b"hello").envelope])
    info = (await anext(incoming)).get_connection_info()
    assert (info.pki_id, info.identity, info.endpoint) == (stranger.pki_id, stranger.identity, stranger.endpoint)
    stranger.crypto.verify(info.identity, info.auth.signature, info.auth.signed_data)
    assert peer.mapper.get(stranger.pki_id) == stranger.identity


async def say_nothing(_peer: MemoryPeer, _stranger: Stranger, _stream: FrameStream) -> None:
    pass


def say(make: Callable[[Stranger], bytes]) -> Callable[[MemoryPeer, Stranger, FrameStream], Awaitable[None]]:
    async def speak(_peer: MemoryPeer, stranger: Stranger, stream: FrameStream) -> None:
        await stream.send([make(stranger)])

    return speak


def badly_signed(stranger: Stranger) -> bytes:
    signed = parse_envelope(stranger.conn_establish())
    return encode_envelope(signed.payload, signed.signature + b"\0")


def of_another_kind(stranger: Stranger) -> bytes:
    return sign_message(GossipMessage(empty=Empty()), stranger.crypto.sign).envelope


NOBODY = pki_id_of(identity_of("nobody"))
NOWHERE = RemotePeer("nobody:7051", NOBODY)

REFUSALS = {
    "signature is wrong": (say(badly_signed), SignatureError, "the code does not fit"),
    "PKI-ID does not match the identity": (
        say(lambda stranger: stranger.conn_establish(pki_id=NOBODY)),
        PkiIdMismatchError,
        "identity doesn't match the computed pkiID",
    ),
    "TLS hash is not what is expected": (
        say(lambda stranger: stranger.conn_establish(tls_cert_hash=b"\0" * 32)),
        TlsBindingError,
        "in remote hash of TLS cert, but got",
    ),
    "no PKI-ID": (say(lambda stranger: stranger.conn_establish(pki_id=PkiId(b""))), HandshakeError, "no PKI-ID"),
    "another kind of message": (say(of_another_kind), UnexpectedMessageError, "wrong type"),
    "nothing in due time": (say_nothing, PeerSilentError, "timed out waiting for connection message from"),
    "not an envelope": (say(lambda _: b"\x01"), MalformedEnvelopeError, "malformed"),
    "not a message": (say(lambda _: encode_envelope(b"\x01", b"")), MalformedMessageError, "malformed"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_handshake_refused(case: str) -> None:
    """Mirrors: TestHandshake, the negative paths. The refused one learns why, and nothing of it stays."""
    speak, error, text = REFUSALS[case]

    async def main() -> None:
        network, observer, metrics = MemoryNetwork(), RecordingObserver(), RecordingMetrics()
        peer, stranger = MemoryPeer(network, "peer", observer=observer, metrics=metrics), Stranger(network, "stranger")
        incoming = peer.comm.accept(everything)
        stream = await stranger.open(peer)
        await speak(peer, stranger, stream)
        assert len(await stream.receive()) == 1, "the peer introduces itself first"
        with pytest.raises(RefusedByPeerError, match=text):
            await stream.receive()
        assert [type(refusal) for refusal in observer.refusals] == [error]
        outcome = Outcome.FAILED if error is PeerSilentError else Outcome.REFUSED
        assert metrics.handshakes == [(outcome, False)]
        assert (now_s(), observer.connections) == (2 if error is PeerSilentError else 0, [])
        assert [info.pki_id for info in peer.mapper.identity_info()] == [peer.pki_id], "nothing was stored"
        await check_nothing_left(peer, incoming)

    run_virtual(main())


def test_handshake_refused_without_certificate() -> None:
    """Mirrors: TestHandshake, the initiator does not send its own certificate. The peer does not even say its name."""

    async def main() -> None:
        network, observer = MemoryNetwork(), RecordingObserver()
        peer, stranger = MemoryPeer(network, "peer", observer=observer), Stranger(network, "stranger", with_tls=False)
        incoming = peer.comm.accept(everything)
        stream = await stranger.open(peer)
        with pytest.raises(RefusedByPeerError, match="no TLS certificate"):
            await stream.receive()
        assert [type(refusal) for refusal in observer.refusals] == [NoCertificateError]
        await check_nothing_left(peer, incoming)

    run_virtual(main())


async def check_nothing_left(peer: MemoryPeer, incoming: Subscription[ReceivedMessage]) -> None:
    assert other_tasks() == []
    await peer.close()
    assert [message async for message in incoming] == []


# -- ConnectUnexpectedPeer


def test_connect_unexpected_peer(caplog: pytest.LogCaptureFixture) -> None:
    """Mirrors: TestConnectUnexpectedPeer. The same organisation takes over, and another one is refused and dead."""
    caplog.set_level(logging.INFO, "gossip.comm")

    async def main() -> None:
        network, observer = MemoryNetwork(), RecordingObserver()
        one = MemoryPeer(network, "one", "o")
        two = MemoryPeer(network, "two", "a", observer=observer)
        three, four = MemoryPeer(network, "three", "b"), MemoryPeer(network, "four", "a")
        to_one, to_two, to_three = (peer.comm.accept(everything) for peer in (one, two, three))
        dead, switched = one.comm.presumed_dead(), one.comm.identity_switch()
        four.comm.send(data_message(b"let one know four"), one.remote)
        await anext(to_one)
        await one.comm.close_conn(four.remote)

        one.comm.send(data_message(b"1"), RemotePeer(two.endpoint, four.pki_id))
        assert data_of(await anext(to_two)) == b"1"
        assert await anext(switched) == four.pki_id
        results = await asyncio.gather(
            one.comm.send_with_ack(data_message(b"2"), 3, 1, RemotePeer(two.endpoint, four.pki_id)),
            acknowledge(to_two),
        )
        assert results[0].ack_count() == 1, "who is there answers for who was asked for"
        assert await anext(switched) == four.pki_id
        assert sum(f"answers at {two.endpoint} instead of" in line for line in caplog.messages) == 1

        wrong = RemotePeer(three.endpoint, four.pki_id)
        one.comm.send(data_message(b"3"), wrong)
        assert await anext(dead) == four.pki_id
        (result,) = await one.comm.send_with_ack(data_message(b"4"), 3, 1, wrong)
        assert isinstance(result.error, WrongPeerError)
        assert (result.error.expected, result.error.got) == (four.pki_id, three.pki_id)
        for peer in (one, two, three, four):
            await peer.close()
        assert [message async for message in to_three] == []
        assert [pki_id async for pki_id in switched] == []
        assert [pki_id async for pki_id in dead] == [four.pki_id]

    run_virtual(main())


def test_who_was_asked_for_is_no_switch() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming, switched = two.comm.accept(everything), one.comm.identity_switch()
            one.comm.send(data_message(), two.remote)
            await anext(incoming)
            await one.comm.stop()
            assert [pki_id async for pki_id in switched] == []

    run_virtual(main())


def test_connect_unexpected_peer_that_nobody_knows_the_organization_of() -> None:
    """Mirrors: TestConnectUnexpectedPeer; whoever was asked for is not known, so nobody can stand in."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            (result,) = await one.comm.send_with_ack(data_message(), 3, 1, RemotePeer(two.endpoint, NOBODY))
            assert isinstance(result.error, WrongPeerError)

    run_virtual(main())


# -- connections


def test_get_connection_info() -> None:
    """Mirrors: TestGetConnectionInfo."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = one.comm.accept(everything)
            message = data_message(b"data", nonce=7)
            two.comm.send(message, one.remote)
            received = await anext(incoming)
            info = received.get_connection_info()
            assert (info.pki_id, info.identity, info.endpoint) == (two.comm.get_pki_id(), two.identity, two.endpoint)
            assert received.get_gossip_message().envelope == message.envelope

    run_virtual(main())


def test_close_conn() -> None:
    """Mirrors: TestCloseConn. The other side sees the stream end in order, and can send no more."""

    async def main() -> None:
        network, observer = MemoryNetwork(), RecordingObserver()
        peer, stranger = MemoryPeer(network, "peer", observer=observer), Stranger(network, "stranger")
        incoming, dead = peer.comm.accept(everything), peer.comm.presumed_dead()
        stream = await stranger.join(peer)
        await stream.send([data_message(nonce=1).envelope])
        received = await anext(incoming)
        await peer.comm.close_conn(RemotePeer("", stranger.pki_id))
        await settle()
        assert await stream.receive() == []
        with pytest.raises(StreamBrokenError):
            await stream.send([data_message(b"\0" * 1024 * 1024).envelope])
        with pytest.raises(ClosedError):
            await received.ack()
        assert [(info.pki_id, error) for info, error in observer.ends] == [(stranger.pki_id, None)]
        await peer.comm.close_conn(RemotePeer("", stranger.pki_id))
        assert other_tasks() == []
        await peer.close()
        assert [pki_id async for pki_id in dead] == [], "whom we leave is not dead"

    run_virtual(main())


def test_comm_send() -> None:
    """Mirrors: TestCommSend. What is not dropped arrives in order, and what is dropped is counted."""
    rounds, burst = 100, 30

    async def main() -> None:
        async with memory_peers("one", "two", config=CommConfig(send_buffer=20)) as (one, two):
            reading = [asyncio.create_task(read_all(peer.comm.accept(everything))) for peer in (one, two)]
            for number in range(rounds):
                for sender, receiver in ((one, two), (two, one)):
                    for part in range(burst):
                        sender.comm.send(data_message(b"%05d" % (number * burst + part)), receiver.remote)
                await asyncio.sleep(0.001)
            await asyncio.sleep(1)
            for peer in (one, two):
                await peer.comm.stop()
            for receiver, sender, seen in zip((one, two), (two, one), await asyncio.gather(*reading), strict=True):
                dropped = sender.comm.dropped(receiver.remote)
                assert seen == sorted(set(seen))
                assert len(seen) + dropped == rounds * burst
                assert dropped > 0

    run_virtual(main())


def test_re_connections() -> None:
    """Mirrors: TestReConnections. A peer that comes back at its endpoint is reached again, on a new connection."""

    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        to_one, to_two, dead = one.comm.accept(everything), two.comm.accept(everything), two.comm.presumed_dead()
        one.comm.send(data_message(b"1"), two.remote)
        assert data_of(await anext(to_two)) == b"1"
        two.comm.send(data_message(b"2"), one.remote)
        assert data_of(await anext(to_one)) == b"2"
        await one.close()
        assert await anext(dead) == one.pki_id

        again = MemoryPeer(network, "one")
        to_again = again.comm.accept(everything)
        two.comm.send(data_message(b"3"), again.remote)
        assert data_of(await anext(to_again)) == b"3"
        again.comm.send(data_message(b"4"), two.remote)
        assert data_of(await anext(to_two)) == b"4"
        await again.close()
        await two.close()
        assert other_tasks() == []

    run_virtual(main())


def test_probe() -> None:
    """Mirrors: TestProbe."""

    async def main() -> None:
        network, observer = MemoryNetwork(), RecordingObserver()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two", observer=observer)
        nobody = RemotePeer("nobody:7051")
        await one.comm.probe(two.remote)
        assert await one.comm.handshake(two.remote) == two.identity
        assert [info.pki_id for info in observer.probes] == [one.pki_id]
        assert observer.connections == []
        await check_unreachable(one.comm, nobody)
        await two.close()
        await check_unreachable(one.comm, two.remote)

        two = MemoryPeer(network, "two")
        await two.comm.probe(one.remote)
        assert await two.comm.handshake(one.remote) == one.identity
        await one.comm.probe(two.remote)
        assert await one.comm.handshake(two.remote) == two.identity
        with pytest.raises(WrongPeerError) as caught:
            await one.comm.handshake(RemotePeer(two.endpoint, NOBODY))
        assert (caught.value.expected, caught.value.got) == (NOBODY, two.pki_id)
        assert await one.comm.handshake(RemotePeer(two.endpoint)) == two.identity
        assert other_tasks() == []
        await one.close()
        await two.close()

    run_virtual(main())


async def check_unreachable(comm: CommEngine, peer: RemotePeer) -> None:
    for attempt in (comm.probe, comm.handshake):
        with pytest.raises(DialError) as caught:
            await attempt(peer)
        assert (caught.value.endpoint, caught.value.stage) == (peer.endpoint, "tcp")


def test_probe_tells_that_the_peer_refuses_us() -> None:
    """Fabric's Handshake returns an error without the reason; here it is the peer's own words."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            two.crypto.untrusted.add(one.identity)
            with pytest.raises(RefusedByPeerError, match="nobody vouches for it"):
                await one.comm.handshake(two.remote)

    run_virtual(main())


def test_non_responsive_ping() -> None:
    """Mirrors: TestNonResponsivePing. Dial and Ping are waited for no longer than their time-outs say."""

    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 1.2)
        with pytest.raises(PeerSilentError, match="timed out waiting for Ping from two:7051 after 2 s"):
            await one.comm.probe(two.remote)
        assert now_s() == 2 * 1.2 + 2
        await one.close()
        await two.close()
        assert other_tasks() == []

    run_virtual(main())


def test_presumed_dead() -> None:
    """Mirrors: TestPresumedDead. Announced when the connection breaks, and again when nobody listens for too long."""

    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        dead, incoming = one.comm.presumed_dead(), two.comm.accept(everything)
        one.comm.send(data_message(b"1"), two.remote)
        await anext(incoming)
        await two.die()
        assert await anext(dead) == two.pki_id, "before anything is sent again"
        for _ in range(5):
            one.comm.send(data_message(), two.remote)
            await asyncio.sleep(0.2)
        (result,) = await one.comm.send_with_ack(data_message(), 3, 1, two.remote)
        assert isinstance(result.error, DialError)
        await one.close()
        assert [pki_id async for pki_id in dead] == [two.pki_id]

    run_virtual(main())


# -- messages


def test_responses() -> None:
    """Mirrors: TestResponses."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            requests, responses = one.comm.accept(everything), two.comm.accept(everything)
            two.comm.send(data_message(b"request", nonce=41), one.remote)
            request = await anext(requests)
            await request.respond(data_message(b"response", nonce=42).message)
            response = await anext(responses)
            assert (response.get_gossip_message().nonce, data_of(response)) == (42, b"response")
            assert response.get_connection_info().pki_id == one.pki_id

    run_virtual(main())


def test_accept() -> None:
    """Mirrors: TestAccept. Each subscriber gets what it asked for, all of it, and the end."""

    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        evens = one.comm.accept(lambda message: message.get_gossip_message().nonce % 2 == 0)
        odds = one.comm.accept(lambda message: message.get_gossip_message().nonce % 2 == 1)
        for nonce in range(200):
            two.comm.send(data_message(nonce=nonce), one.remote)
        await asyncio.sleep(1)
        await one.close()
        await two.close()
        assert [message.get_gossip_message().nonce async for message in evens] == list(range(0, 200, 2))
        assert [message.get_gossip_message().nonce async for message in odds] == list(range(1, 200, 2))

    run_virtual(main())


def test_read_from_stream() -> None:
    """Mirrors: TestReadFromStream. What is malformed reaches nobody and ends the stream; who sent it is not dead."""

    async def main() -> None:
        network, observer = MemoryNetwork(), RecordingObserver()
        peer, stranger = MemoryPeer(network, "peer", observer=observer), Stranger(network, "stranger")
        incoming, dead = peer.comm.accept(everything), peer.comm.presumed_dead()
        stream = await stranger.join(peer)
        await stream.send([encode_envelope(b"\x01", b"")])
        with pytest.raises(RefusedByPeerError, match="malformed"):
            await stream.receive()
        ((info, error),) = observer.ends
        assert info.pki_id == stranger.pki_id
        assert isinstance(error, MalformedMessageError)
        await check_nothing_left(peer, incoming)
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


def test_send_bad_envelope() -> None:
    """Mirrors: TestSendBadEnvelope. What came before is delivered; then the stream is closed."""

    async def main() -> None:
        network = MemoryNetwork()
        peer, stranger = MemoryPeer(network, "peer"), Stranger(network, "stranger")
        incoming = peer.comm.accept(everything)
        stream = await stranger.join(peer)
        good = data_message(b"good").envelope
        await stream.send([good, encode_envelope(b"\x01", b""), good])
        received = await anext(incoming)
        assert received.get_gossip_message().envelope == good
        with pytest.raises(RefusedByPeerError, match="malformed"):
            await stream.receive()
        with pytest.raises(StreamBrokenError):
            await stream.send([good])
        await check_nothing_left(peer, incoming)

    run_virtual(main())


def test_concurrent_close_send() -> None:
    """Mirrors: TestConcurrentCloseSend. Sending goes on while the other side stops, and learns of it."""

    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        incoming, dead = two.comm.accept(everything), one.comm.presumed_dead()
        stopping = asyncio.Event()

        async def keep_sending() -> None:
            while not stopping.is_set():
                one.comm.send(data_message(), two.remote)
                await asyncio.sleep(0)

        sending = asyncio.create_task(keep_sending())
        await anext(incoming)
        await two.close()
        stopping.set()
        await sending
        assert await anext(dead) == two.pki_id
        (result,) = await one.comm.send_with_ack(data_message(), 3, 1, two.remote)
        assert isinstance(result.error, DialError)
        await one.close()
        assert other_tasks() == []

    run_virtual(main())


# -- Ack


def test_ack() -> None:
    """Mirrors: TestAck."""

    async def main() -> None:
        async with memory_peers("one", "two", "three", "four") as (one, two, three, four):
            inc2, inc3 = two.comm.accept(everything), three.comm.accept(everything)
            send = one.comm.send_with_ack

            results, *_ = await asyncio.gather(
                send(data_message(), 3, 2, two.remote, three.remote), acknowledge(inc2), acknowledge(inc3)
            )
            assert [result.error for result in results] == [None, None]

            started_at_s = now_s()
            results, *_ = await asyncio.gather(
                send(data_message(), 10, 2, two.remote, three.remote, four.remote), acknowledge(inc2), acknowledge(inc3)
            )
            assert [result.error for result in results] == [None, None]
            assert now_s() == started_at_s, "two were enough"

            results, *_ = await asyncio.gather(
                send(data_message(), 10, 2, two.remote, three.remote, four.remote),
                acknowledge(inc2),
                acknowledge(inc3, "Failed processing message because reasons"),
            )
            errors = {result.peer: result.error for result in results}
            assert errors[two.remote] is None
            refusal, silence = errors[three.remote], errors[four.remote]
            assert isinstance(refusal, NegativeAckError)
            assert refusal.reason == "Failed processing message because reasons"
            assert isinstance(silence, AckTimeoutError)
            assert "timed out after 10 s" in str(silence)
            assert (results.ack_count(), results.nack_count()) == (1, 2)
            assert "because reasons" in str(results)
            assert "acknowledged" in str(results)

            results = await send(data_message(), 3, 2, two.remote, three.remote)
            assert [type(result.error) for result in results] == [AckTimeoutError, AckTimeoutError]

            assert list(await send(data_message(), 3, 1)) == []
            await one.comm.stop()
            with pytest.raises(ClosedError, match="shutting down"):
                await send(data_message(), 3, 1, two.remote)

    run_virtual(main())


def test_who_is_still_dialled_when_enough_acknowledged_gets_the_message_too() -> None:
    """Fabric's SendWithAck returns, and its senders go on."""

    async def main() -> None:
        network = MemoryNetwork()
        async with memory_peers("one", "near", "far", network=network) as (one, near, far):
            network.delay(one.endpoint, far.endpoint, 0.5)
            inc_near, inc_far = near.comm.accept(everything), far.comm.accept(everything)
            sending = one.comm.send_with_ack(data_message(b"for both"), 5, 1, near.remote, far.remote)
            results, _ = await asyncio.gather(sending, acknowledge(inc_near))
            assert [(result.peer, result.error) for result in results] == [(near.remote, None)]
            assert not one.comm.is_connected(far.pki_id)
            assert data_of(await anext(inc_far)) == b"for both"
            one.comm.send(data_message(b"the next"), far.remote)
            assert data_of(await anext(inc_far)) == b"the next"

    run_virtual(main())


def test_who_has_no_room_when_enough_acknowledged_loses_the_message_which_is_counted() -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=1)
        async with memory_peers("one", "near", "slow", network=network, config=CommConfig(send_buffer=1)) as peers:
            one, near, slow = peers
            inc_near, inc_slow = near.comm.accept(everything), slow.comm.accept(everything)
            one.comm.send(data_message(), slow.remote)
            await anext(inc_slow)
            network.slow(one.endpoint, slow.endpoint, 1)
            while not one.comm.dropped(slow.remote):
                one.comm.send(data_message(), slow.remote)
                await settle()
            sending = one.comm.send_with_ack(data_message(), 5, 1, near.remote, slow.remote)
            await asyncio.gather(sending, acknowledge(inc_near))
            assert one.comm.dropped(slow.remote) == 2

    run_virtual(main())


def test_a_peer_that_is_named_twice_is_asked_once() -> None:
    """Fabric's SendWithAck asks twice, and has two results."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            sending = one.comm.send_with_ack(data_message(b"once"), 5, 2, two.remote, two.remote)
            results, _ = await asyncio.gather(sending, acknowledge(incoming))
            assert [(result.peer, result.error) for result in results] == [(two.remote, None)]
            one.comm.send(data_message(b"the next"), two.remote)
            assert data_of(await anext(incoming)) == b"the next"

    run_virtual(main())


def test_who_waits_for_an_answer_is_told_at_once_that_nobody_listens() -> None:
    """Fabric calls it a time-out when the time is over."""

    async def main() -> None:
        async with memory_peers("one") as (one,):
            dead = one.comm.presumed_dead()
            (result,) = await one.comm.send_with_ack(data_message(), 5, 1, NOWHERE)
            assert isinstance(result.error, DialError)
            assert now_s() == 0
            assert await anext(dead) == NOBODY

    run_virtual(main())


def test_who_does_not_listen_for_as_long_as_a_dial_may_take_is_announced_once(caplog: pytest.LogCaptureFixture) -> None:
    """Fabric dials and announces for each message."""

    async def main() -> None:
        async with memory_peers("one") as (one,):
            dead = one.comm.presumed_dead()
            for _ in range(3):
                one.comm.send(data_message(), NOWHERE)
            assert await anext(dead) == NOBODY
            assert 2 < now_s() <= 3
            assert "3 messages lost, reason: cannot connect to nobody:7051: tcp: connection refused" in caplog.text
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


class DistrustfulDialer(HangingDialer):
    """Trusts nobody's TLS certificate."""

    dials = 0

    async def dial(self, endpoint: str, greeting: bytes | None = None) -> Channel:
        self.dials += 1
        raise DialError(endpoint, "tls", "unknown CA")


def test_who_listens_and_is_not_trusted_is_dialled_once() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        dialer = DistrustfulDialer(network.dialer(b"leaf of one", "one:7051"), Hang("nowhere"))
        one = MemoryPeer(network, "one", dialer=dialer)
        dead = one.comm.presumed_dead()
        one.comm.send(data_message(), NOWHERE)
        assert await anext(dead) == NOBODY
        assert (dialer.dials, now_s()) == (1, 0)
        await one.close()

    run_virtual(main())


def test_what_is_sent_behind_a_connection_that_is_being_closed_takes_a_new_one() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            one.comm.send(data_message(b"1"), two.remote)
            assert data_of(await anext(incoming)) == b"1"

            async def acknowledge() -> None:
                await (await anext(incoming)).ack()

            acknowledging = asyncio.create_task(acknowledge())
            await settle()
            one.comm.close_conn_nowait(two.pki_id)
            assert (await one.comm.send_with_ack(data_message(b"2"), 1, 1, two.remote)).ack_count() == 1
            await acknowledging

    run_virtual(main())


@pytest.mark.parametrize("after_s", [0.1, 1.5, 2.7])
def test_what_is_sent_to_a_peer_that_is_starting_reaches_it(after_s: float) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        async with memory_peers("one", network=network) as (one,):
            dead = one.comm.presumed_dead()
            starting = RemotePeer("two:7051", pki_id_of(identity_of("two")))
            for data in (b"1", b"2"):
                one.comm.send(data_message(data), starting)
            await asyncio.sleep(after_s)
            async with memory_peers("two", network=network) as (two,):
                incoming = two.comm.accept(everything)
                assert (two.endpoint, two.pki_id) == (starting.endpoint, starting.pki_id)
                assert [data_of(await anext(incoming)) for _ in range(2)] == [b"1", b"2"]
                assert now_s() <= after_s + 1
                await one.close()
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


def test_nobody_is_sent_to_after_a_wait_that_was_given_up() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        async with memory_peers("one", "far", network=network) as (one, far):
            network.delay(one.endpoint, far.endpoint, 0.5)
            incoming = far.comm.accept(everything)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await one.comm.send_with_ack(data_message(b"given up"), 5, 1, far.remote)
            one.comm.send(data_message(b"the next"), far.remote)
            assert data_of(await anext(incoming)) == b"the next"

    run_virtual(main())


def test_ack_leaves_the_callers_message_alone() -> None:
    """Fabric's SendWithAck writes its nonce into the caller's message; here each send has its own."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            message = sign_message(data_message(b"data", nonce=7).message, HmacCrypto(one.identity).sign)
            before = message.envelope
            nonces: set[int] = set()
            for _ in range(2):
                sending = asyncio.create_task(one.comm.send_with_ack(message, 3, 1, two.remote))
                received = await anext(incoming)
                signed = received.get_gossip_message()
                assert not signed.is_signed
                nonces.add(signed.nonce)
                await received.ack()
                assert (await sending).ack_count() == 1
            assert message.envelope == before
            assert len(nonces - {0, 7}) == 2

    run_virtual(main())


def test_metrics() -> None:
    """Mirrors: TestMetrics, over the network in memory."""

    async def main() -> None:
        network, figures = MemoryNetwork(), {name: RecordingMetrics() for name in ("one", "two")}
        one, two = (
            MemoryPeer(network, name, metrics=metrics, config=CommConfig(send_buffer=20))
            for name, metrics in figures.items()
        )
        incoming = two.comm.accept(everything)
        one.comm.send(data_message(), two.remote)
        await anext(incoming)
        assert (figures["one"].sent, figures["two"].received, figures["one"].overflown) == (1, 1, [])
        assert figures["one"].handshakes == [(Outcome.ACCEPTED, True)]
        assert figures["two"].handshakes == [(Outcome.ACCEPTED, False)]
        assert [metrics.connected for metrics in figures.values()] == [1, 1]
        for _ in range(23):
            one.comm.send(data_message(), two.remote)
        dropped = one.comm.dropped(two.remote)
        assert dropped > 0
        assert figures["one"].overflown == [two.pki_id] * dropped
        await settle()
        assert figures["one"].sent == figures["two"].received == 24 - dropped
        await one.close()
        await two.close()
        assert [metrics.connected for metrics in figures.values()] == [0, 0]

    run_virtual(main())

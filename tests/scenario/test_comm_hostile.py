"""What peers may do that mean no good, or run in bad order; and what the others hear of it."""

import asyncio
import logging
from datetime import timedelta

import pytest

from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.connections.store import MAX_RETIRED
from gossip.errors import (
    AckTimeoutError,
    DialError,
    FrameTooLargeError,
    GossipError,
    IdentityExpiredError,
    RefusedByPeerError,
    StreamBrokenError,
    UnnamedPeerError,
)
from gossip.metrics import Outcome
from gossip.transport.memory import MemoryNetwork
from gossip.wire.acks import encode_ack
from gossip.wire.envelope_bytes import encode_envelope
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
from tests.support.virtual_time import VirtualClock, run_virtual


def test_a_peer_without_a_name_cannot_be_sent_to() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            with pytest.raises(UnnamedPeerError, match="no PKI-ID is known for nobody:1"):
                one.comm.send(data_message(), two.remote, RemotePeer("nobody:1"))
            with pytest.raises(UnnamedPeerError):
                await one.comm.send_with_ack(data_message(), 1, 1, two.remote, RemotePeer("nobody:1"))
            await asyncio.sleep(1)
            await two.comm.stop()
            assert [message async for message in incoming] == [], "nothing was sent to the other one either"

    run_virtual(main())


def test_acks_that_nobody_asked_for_are_nothing() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        peer, bob, stranger = MemoryPeer(network, "peer"), MemoryPeer(network, "bob"), Stranger(network, "stranger")
        to_peer, to_bob = peer.comm.accept(everything), bob.comm.accept(everything)
        stream = await stranger.join(peer)
        asking = asyncio.create_task(peer.comm.send_with_ack(data_message(), 3, 1, bob.remote))
        nonce = (await anext(to_bob)).get_gossip_message().nonce
        await stream.send([encode_ack(nonce), encode_ack(nonce, "no"), encode_ack(0), data_message(b"1").envelope])
        assert data_of(await anext(to_peer)) == b"1", "the connection goes on"
        (result,) = await asking
        assert isinstance(result.error, AckTimeoutError)
        assert len(peer.comm._sending._acks) == 0
        await peer.close()
        await bob.close()

    run_virtual(main())


def test_late_acks_are_nothing() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming, back = two.comm.accept(everything), one.comm.accept(everything)
            (result,) = await one.comm.send_with_ack(data_message(), 1, 1, two.remote)
            assert isinstance(result.error, AckTimeoutError)
            late = await anext(incoming)
            await late.ack()
            await late.respond(data_message(b"after it").message)
            assert data_of(await anext(back)) == b"after it"

    run_virtual(main())


def test_a_peer_that_is_refused_after_it_believed_in_the_connection_says_so() -> None:
    """Its handshake looked good to it; the other side's reason comes behind, and ends every wait."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            two.crypto.untrusted.add(one.identity)
            dead = one.comm.presumed_dead()
            (result,) = await one.comm.send_with_ack(data_message(), 30, 1, two.remote)
            assert isinstance(result.error, StreamBrokenError)
            assert "was lost: refused by the peer with UNKNOWN: nobody vouches for it" in str(result.error)
            assert asyncio.get_running_loop().time() < 1
            assert await anext(dead) == two.pki_id

    run_virtual(main())


def test_before_authentication_only_short_messages_are_taken() -> None:
    async def main() -> None:
        network, observer = MemoryNetwork(buffer_bytes=10_000_000), RecordingObserver()
        config = CommConfig(max_message_bytes=1_000_000)
        peer, stranger = MemoryPeer(network, "peer", observer=observer, config=config), Stranger(network, "stranger")
        stream = await stranger.open(peer)
        await stream.send([encode_envelope(b"\0" * 70_000, b"")])
        await stream.receive()
        with pytest.raises(RefusedByPeerError, match="larger than the limit of 65536"):
            await stream.receive()
        incoming = peer.comm.accept(everything)
        stream = await stranger.join(peer)
        await stream.send([data_message(b"\0" * 900_000).envelope])
        assert len(data_of(await anext(incoming))) == 900_000
        await stream.send([data_message(b"\0" * 1_000_001).envelope])
        await settle()
        ((_, error),) = observer.ends
        assert isinstance(error, FrameTooLargeError)
        assert [type(refusal) for refusal in observer.refusals] == [FrameTooLargeError]
        await peer.close()

    run_virtual(main())


def test_garbage_is_warned_of_seldom(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        peer, stranger = MemoryPeer(network, "peer"), Stranger(network, "stranger")
        for _ in range(20):
            stream = await stranger.join(peer)
            await stream.send([b"\x01"])
            await settle()
        await peer.close()

    with caplog.at_level(logging.WARNING, "gossip.comm"):
        run_virtual(main())
    assert len([record for record in caplog.records if "Closed the connection" in record.getMessage()]) == 1


async def be_refused(stranger: Stranger, peer: MemoryPeer) -> None:
    """Bind a certificate that is not on the connection."""
    stream = await stranger.open(peer)
    await stream.send([stranger.conn_establish(tls_cert_hash=b"another's")])
    await settle()


def test_refusals_from_one_address_are_warned_of_seldom_whatever_the_port(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        peer = MemoryPeer(network, "peer")
        for port in range(20):
            await be_refused(Stranger(network, "stranger", port=port), peer)
        await peer.close()

    with caplog.at_level(logging.WARNING, "gossip.comm"):
        run_virtual(main())
    warnings = [record.getMessage() for record in caplog.records]
    assert [warning.partition(" failed: ")[0] for warning in warnings] == ["Authentication of stranger:0"]


def test_refusals_from_one_address_hush_up_none_from_another(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        peer = MemoryPeer(network, "peer")
        for name in ("ann", "eve", "ann"):
            await be_refused(Stranger(network, name), peer)
        await peer.close()

    with caplog.at_level(logging.WARNING, "gossip.comm"):
        run_virtual(main())
    refused = [message.partition(" failed: ")[0] for message in caplog.messages]
    assert refused == ["Authentication of ann:9999", "Authentication of eve:9999"]


def test_a_peer_that_connects_again_and_again_has_few_connections() -> None:
    async def main() -> None:
        network, observer = MemoryNetwork(), RecordingObserver()
        peer, stranger = MemoryPeer(network, "peer", observer=observer), Stranger(network, "stranger")
        dead = peer.comm.presumed_dead()
        for _ in range(20):
            await stranger.join(peer)
            await settle()
            assert len(list(peer.comm._store)) <= 1 + MAX_RETIRED
        await asyncio.sleep(60)
        assert len(list(peer.comm._store)) == 1
        assert (len(observer.connections), len(observer.ends)) == (20, 19)
        await peer.close()
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


def test_a_connection_that_breaks_while_it_is_replaced_is_no_death() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        peer, stranger = MemoryPeer(network, "peer"), Stranger(network, "stranger")
        dead = peer.comm.presumed_dead()
        old = await stranger.join(peer)
        new = await stranger.join(peer)
        old.abort()
        await settle()
        await new.send([data_message().envelope])
        assert peer.comm._connections.is_connected(stranger.pki_id)
        await peer.close()
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


def test_a_failed_dial_to_a_peer_that_reached_us_meanwhile_is_no_death() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        us, bob = MemoryPeer(network, "us"), MemoryPeer(network, "bob")
        dead, incoming = us.comm.presumed_dead(), bob.comm.accept(everything)
        behind_nat = RemotePeer("10.0.0.1:7051", bob.pki_id)
        network.delay(us.endpoint, behind_nat.endpoint, 1)
        us.comm.send(data_message(b"1"), behind_nat)
        asking = asyncio.create_task(us.comm.send_with_ack(data_message(b"acked"), 30, 1, behind_nat))
        await asyncio.sleep(1)
        bob.comm.send(data_message(), us.remote)
        await settle()
        us.comm.send(data_message(b"2"), behind_nat)
        seen = [await anext(incoming) for _ in range(3)]
        assert [data_of(message) for message in seen if data_of(message) != b"acked"] == [b"1", b"2"]
        await next(message for message in seen if data_of(message) == b"acked").ack()
        assert (await asking).ack_count() == 1
        waited_s = asyncio.get_running_loop().time() - 1
        assert waited_s == CommConfig().linger_s / 2, "the dial, which takes longer, was not waited for"
        await asyncio.sleep(10)
        with pytest.raises(DialError):
            await us.comm.probe(behind_nat)
        await us.close()
        await bob.close()
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


def test_a_connection_that_ends_while_the_peer_is_dialled_is_no_death() -> None:
    """A Fabric peer closes what it dialled while it accepts what we dial; the dial decides."""

    async def main() -> None:
        network = MemoryNetwork()
        us, bob = MemoryPeer(network, "us"), MemoryPeer(network, "bob")
        other_way = RemotePeer("10.0.0.1:7051", bob.pki_id)
        network.listen(other_way.endpoint, bob.comm.serve_stream, b"leaf of bob")
        network.delay(us.endpoint, other_way.endpoint, 0.5)
        dead, incoming = us.comm.presumed_dead(), bob.comm.accept(everything)
        us.comm.send(data_message(b"1"), other_way)
        await settle()
        bob.comm.send(data_message(), us.remote)
        assert data_of(await anext(incoming)) == b"1"
        network.cut(us.endpoint, bob.endpoint)
        await settle()
        assert not us.comm._connections.is_connected(bob.pki_id)
        us.comm.send(data_message(b"2"), other_way)
        assert data_of(await anext(incoming)) == b"2", "the dial goes on, and serves whoever waits for it now"
        await us.close()
        await bob.close()
        assert [pki_id async for pki_id in dead] == []

    run_virtual(main())


def test_a_message_whose_time_is_over_is_not_sent_any_more() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 0.9)
        incoming = two.comm.accept(everything)
        (result,) = await one.comm.send_with_ack(data_message(b"late"), 1, 1, two.remote)
        assert isinstance(result.error, AckTimeoutError)
        one.comm.send(data_message(b"next"), two.remote)
        await asyncio.sleep(10)
        await one.close()
        await two.close()
        assert [data_of(message) async for message in incoming] == [b"next"]

    run_virtual(main())


def test_long_answers_come_back_on_the_connection_that_we_dialled() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            requests, answers = two.comm.accept(everything), one.comm.accept(everything)
            one.comm.send(data_message(), two.remote)
            await (await anext(requests)).respond(data_message(b"\0" * 200_000).message)
            assert len(data_of(await anext(answers))) == 200_000

    run_virtual(main())


def test_an_answer_finds_its_way_when_the_messages_own_connection_is_gone() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            asking = asyncio.create_task(one.comm.send_with_ack(data_message(), 30, 1, two.remote))
            message = await anext(incoming)
            (first,) = list(two.comm._store)
            anew = await one.comm._connector._connect(two.remote)
            await settle()
            first.close()
            await settle()
            assert list(one.comm._store) == [anew]
            await message.ack()
            assert (await asking).ack_count() == 1

    run_virtual(main())


def test_an_identity_that_ended_is_refused_on_both_sides() -> None:
    async def main() -> None:
        network, clock = MemoryNetwork(), VirtualClock()
        observer = RecordingObserver()
        one, two = MemoryPeer(network, "one", clock=clock), MemoryPeer(network, "two", clock=clock, observer=observer)
        for peer in (one, two):
            peer.crypto.ends_at[one.identity] = clock.now() + timedelta(days=1)
        assert await one.comm.handshake(two.remote) == two.identity
        clock.jump(timedelta(days=2))
        with pytest.raises(RefusedByPeerError, match="gossipping peer identity expired"):
            await one.comm.handshake(two.remote)
        with pytest.raises(IdentityExpiredError):
            await two.comm.handshake(one.remote)
        assert [type(error) for error in observer.refusals] == [IdentityExpiredError]
        await one.close()
        await two.close()
        assert other_tasks() == []

    run_virtual(main())


def test_a_crypto_service_that_fails_is_a_failed_dial_that_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(*_: bytes) -> None:
        raise ZeroDivisionError("a bug of the user's")

    async def main() -> None:
        network, metrics = MemoryNetwork(), RecordingMetrics()
        one, two = MemoryPeer(network, "one", metrics=metrics), MemoryPeer(network, "two")
        monkeypatch.setattr(one.crypto, "verify", verify)
        dead = one.comm.presumed_dead()
        (result,) = await one.comm.send_with_ack(data_message(), 3, 1, two.remote)
        assert isinstance(result.error, GossipError)
        assert isinstance(result.error.__cause__, ZeroDivisionError)
        assert "a bug of the user's" in str(result.error)
        assert await anext(dead) == two.pki_id
        assert metrics.handshakes == [(Outcome.FAILED, True)]
        await one.close()
        await two.close()
        assert other_tasks() == []

    run_virtual(main())
    assert "ZeroDivisionError" in caplog.text, "with its traceback"


def test_a_crypto_service_that_fails_is_a_refusal_that_is_counted_and_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(*_: bytes) -> None:
        raise ZeroDivisionError("a bug of the user's")

    async def main() -> None:
        network, metrics, observer = MemoryNetwork(), RecordingMetrics(), RecordingObserver()
        peer = MemoryPeer(network, "peer", metrics=metrics, observer=observer)
        stranger = Stranger(network, "stranger")
        monkeypatch.setattr(peer.crypto, "verify", verify)
        stream = await stranger.open(peer)
        await stream.send([stranger.conn_establish()])
        await settle()
        assert metrics.handshakes == [(Outcome.FAILED, False)]
        assert [str(refusal) for refusal in observer.refusals] == [
            """our own check failed: ZeroDivisionError("a bug of the user's")"""
        ]
        assert not peer.comm.is_connected(stranger.pki_id)
        await peer.close()

    run_virtual(main())
    assert "Authentication of stranger:9999 failed: our own check failed" in caplog.text


@pytest.mark.parametrize("failure", [GossipError("the key is gone"), ZeroDivisionError("a bug of the user's")])
def test_a_crypto_service_that_cannot_sign_is_a_refusal_that_is_counted_and_told(
    failure: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sign(_: bytes) -> bytes:
        raise failure

    async def main() -> None:
        network, metrics, observer = MemoryNetwork(), RecordingMetrics(), RecordingObserver()
        peer = MemoryPeer(network, "peer", metrics=metrics, observer=observer)
        monkeypatch.setattr(peer.crypto, "sign", sign)
        await Stranger(network, "stranger").open(peer)
        await settle()
        assert metrics.handshakes == [(Outcome.FAILED, False)]
        assert [str(failure) in str(refusal) for refusal in observer.refusals] == [True]
        await peer.close()

    run_virtual(main())
    assert "Authentication of stranger:9999 failed" in caplog.text

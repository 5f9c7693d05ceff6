"""How the communication layer ends, and what its users hold then."""

import asyncio
import logging
from pathlib import Path

import pytest

from gossip.api.options import DialOptions, TlsFiles
from gossip.comm.config import CommConfig
from gossip.errors import ClosedError, ConfigurationError, PeerSilentError, RefusedByPeerError
from gossip.transport.memory.network import MemoryDialer, MemoryNetwork
from tests.support.hanging import Hang, HangingDialer
from tests.support.hmac_crypto import identity_of, pki_id_of
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
from tests.support.virtual_time import run_virtual


def now_s() -> float:
    return asyncio.get_running_loop().time()


def test_what_waited_for_answers_leaves_no_timer() -> None:
    """It would hold the whole layer until the time is over."""

    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            sending = asyncio.create_task(one.comm.send_with_ack(data_message(), 3600.0, 1, two.remote))
            await settle()
        (result,) = await sending
        assert isinstance(result.error, ClosedError)
        timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # asyncio's own list of timers
        assert [timer for timer in timers if not timer.cancelled()] == []

    run_virtual(main())


def test_subscriptions_deliver_what_they_hold_and_then_end() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming, dead, switched = two.comm.accept(everything), two.comm.presumed_dead(), two.comm.identity_switch()
            one.comm.send(data_message(b"1"), two.remote)
            one.comm.send(data_message(b"2"), two.remote)
            await settle()
            await two.comm.stop()
            assert [data_of(message) async for message in incoming] == [b"1", b"2"]
            assert [pki_id async for pki_id in dead] == []
            assert [pki_id async for pki_id in switched] == []

    run_virtual(main())


def test_what_is_queued_still_leaves() -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=100)
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 0.01)
        incoming = two.comm.accept(everything)
        one.comm.send(data_message(b"first"), two.remote)
        await anext(incoming)
        sent = [b"%03d" % number for number in range(100)]
        for data in sent:
            one.comm.send(data_message(data), two.remote)
        await one.comm.stop()
        await two.comm.stop()
        assert [data_of(message) async for message in incoming] == sent
        await one.close()
        await two.close()

    run_virtual(main())


def test_what_does_not_leave_in_time_is_dropped_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=100)
        config = CommConfig(drain_s=3, subscription_buffer=1)
        one, two = MemoryPeer(network, "one", config=config), MemoryPeer(network, "two", config=config)
        two.comm.accept(everything)
        for _ in range(100):
            one.comm.send(data_message(b"data"), two.remote)
        await settle()
        await one.comm.stop()
        assert now_s() == 3
        await one.close()
        await two.close()

    with caplog.at_level(logging.WARNING, "gossip.comm"):
        run_virtual(main())
    assert "Some messages were not sent in time and were dropped" in caplog.text


def test_stopping_twice_and_at_once() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            one.comm.send(data_message(), two.remote)
            await settle()
            await asyncio.gather(one.comm.stop(), one.comm.stop())
            await one.comm.stop()
            assert len(one.comm._store) == 0

    run_virtual(main())


def test_after_the_end_everything_says_so() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            async with one.comm as comm:
                pass
            with pytest.raises(ClosedError, match="shutting down"):
                comm.send(data_message(), two.remote)
            with pytest.raises(ClosedError):
                await comm.flush()
            with pytest.raises(ClosedError):
                await comm.send_with_ack(data_message(), 1, 1, two.remote)
            with pytest.raises(ClosedError):
                await comm.probe(two.remote)
            with pytest.raises(ClosedError):
                await comm.handshake(two.remote)
            with pytest.raises(ClosedError):
                comm.accept(everything)
            with pytest.raises(ClosedError):
                comm.presumed_dead()
            with pytest.raises(ClosedError):
                comm.identity_switch()
            with pytest.raises(RefusedByPeerError, match="shutting down"):
                await two.comm.handshake(one.remote)
            await comm.close_conn(two.remote)
            assert comm.get_pki_id() == one.pki_id

    run_virtual(main())


def test_a_dial_that_fails_while_it_is_waited_for_is_no_failure_of_the_end(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            await two.die()
            one.comm.send(data_message(), two.remote)
            await one.comm.stop()

    run_virtual(main())
    assert "1 messages lost, reason: cannot connect to two:7051: tcp: connection refused" in caplog.text


def test_what_waits_for_a_dial_still_leaves() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 0.3)
        incoming = two.comm.accept(everything)
        for data in (b"1", b"2"):
            one.comm.send(data_message(data), two.remote)
        await one.comm.stop()
        await two.comm.stop()
        assert [data_of(message) async for message in incoming] == [b"1", b"2"]
        await one.close()
        await two.close()

    run_virtual(main())


def test_what_waits_for_a_dial_that_takes_too_long_is_dropped_and_said(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one = MemoryPeer(network, "one", config=CommConfig(drain_s=0.5))
        two = MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 0.3)
        dead = one.comm.presumed_dead()
        for _ in range(3):
            one.comm.send(data_message(), two.remote)
        await one.comm.stop()
        assert now_s() == 0.5
        assert [pki_id async for pki_id in dead] == []
        await one.close()
        await two.close()
        await asyncio.sleep(1)
        assert other_tasks() == []

    with caplog.at_level(logging.WARNING, "gossip.comm"):
        run_virtual(main())
    (said,) = [record.getMessage() for record in caplog.records if record.name == "gossip.comm"]
    assert "Failed obtaining connection for two:7051" in said
    assert "3 messages lost, reason: the dial to two:7051" in said


def test_stopping_while_dialling_answers_at_once_who_waits_for_an_acknowledgement() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 0.9)
        dead = one.comm.presumed_dead()
        asking = asyncio.create_task(one.comm.send_with_ack(data_message(), 30, 1, two.remote))
        await asyncio.sleep(1)
        await one.comm.stop()
        (result,) = await asking
        assert now_s() == 1
        assert isinstance(result.error, ClosedError)
        assert "was abandoned" in str(result.error)
        assert [pki_id async for pki_id in dead] == []
        await one.close()
        await two.close()
        await asyncio.sleep(1)
        assert other_tasks() == []

    run_virtual(main())


def test_stopping_before_a_dial_has_begun_answers_too() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            asking = asyncio.create_task(one.comm.send_with_ack(data_message(), 30, 1, two.remote))
            await asyncio.sleep(0)
            await one.comm.stop()
            (result,) = await asking
            assert (now_s(), type(result.error)) == (0, ClosedError)

    run_virtual(main())


def test_no_dial_begins_after_the_end() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            await one.comm.stop()
            with pytest.raises(ClosedError, match="shutting down"):
                one.comm._connector.begin(two.remote, two.pki_id)

    run_virtual(main())


def test_a_dial_that_ends_too_late_is_cut() -> None:
    async def main() -> None:
        network, hang = MemoryNetwork(), Hang("nowhere")
        two = MemoryPeer(network, "two")
        one = MemoryPeer(network, "one", dialer=HangingDialer(network.dialer(b"leaf of one", "one:7051"), hang))
        await one.comm._connections.stop(0)
        (result,) = await one.comm.send_with_ack(data_message(), 30, 1, two.remote)
        assert (type(result.error), str(result.error)) == (ClosedError, "shutting down")
        assert (len(hang.channels), hang.open_channels) == (1, 0)
        await one.close()
        await two.close()

    run_virtual(main())


def test_a_sender_that_is_given_up_is_answered() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        network.delay(one.endpoint, two.endpoint, 0.9)
        asking = asyncio.create_task(one.comm.send_with_ack(data_message(), 30, 1, two.remote))
        await settle()
        await one.comm._sending.close()
        (result,) = await asking
        assert (type(result.error), now_s()) == (ClosedError, 0)
        await one.close()
        await two.close()

    run_virtual(main())


def test_a_cancelled_stop_cuts_what_was_draining() -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=100)
        config = CommConfig(subscription_buffer=1)
        one, two = MemoryPeer(network, "one", config=config), MemoryPeer(network, "two", config=config)
        two.comm.accept(everything)
        for _ in range(100):
            one.comm.send(data_message(b"data"), two.remote)
        incoming = one.comm.accept(everything)
        await settle()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await one.comm.stop()
        assert len(one.comm._store) == 0
        assert [message async for message in incoming] == []
        await one.close()
        await two.close()
        assert other_tasks() == []

    run_virtual(main())


def test_close_conn_answers_every_send_with_ack_at_once() -> None:
    async def main() -> None:
        async with memory_peers("one", "two", "three") as (one, two, three):
            two.comm.accept(everything)
            asking = [
                asyncio.create_task(one.comm.send_with_ack(data_message(), 30, 2, two.remote, three.remote))
                for _ in range(3)
            ]
            await asyncio.sleep(1)
            await one.comm.close_conn(two.remote)
            await asyncio.sleep(0)
            await one.comm.close_conn(three.remote)
            for results in await asyncio.gather(*asking):
                assert [result.peer for result in results] == [two.remote, three.remote]
                assert [type(result.error) for result in results] == [ClosedError, ClosedError]
                assert "was closed" in str(results[0].error)
            assert now_s() == 1

    run_virtual(main())


def test_after_close_conn_the_next_message_dials_again() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            incoming = two.comm.accept(everything)
            for data in (b"1", b"2"):
                one.comm.send(data_message(data), two.remote)
                assert data_of(await anext(incoming)) == data
                one.comm.close_conn_nowait(two.pki_id)
            await settle()
            assert len(one.comm._store) == 0

    run_virtual(main())


def test_a_slow_subscriber_holds_up_only_the_connections_whose_messages_it_wants() -> None:
    async def main() -> None:
        network, config = MemoryNetwork(buffer_bytes=1000), CommConfig(subscription_buffer=2)
        us = MemoryPeer(network, "us", config=config)
        noisy, quiet = MemoryPeer(network, "noisy", config=config), MemoryPeer(network, "quiet", config=config)
        slow = us.comm.accept(lambda message: message.get_connection_info().pki_id == noisy.pki_id)
        quick = us.comm.accept(lambda message: message.get_connection_info().pki_id == quiet.pki_id)
        for _ in range(500):
            noisy.comm.send(data_message(b"noise" * 10), us.remote)
            await asyncio.sleep(0)
        assert noisy.comm.dropped(us.remote) > 0, "the sender is held up, and drops"
        for number in range(100):
            quiet.comm.send(data_message(b"%d" % number), us.remote)
            assert data_of(await anext(quick)) == b"%d" % number
        slow.close()
        await settle()
        late = us.comm.accept(everything)
        noisy.comm.send(data_message(b"late"), us.remote)
        assert data_of(await anext(late)) == b"late", "its connection is read again"
        for peer in (us, noisy, quiet):
            await peer.close()

    run_virtual(main())


def test_a_second_conn_establish_is_a_message_like_any_other() -> None:
    """As in Fabric: it changes nothing about who is at the other end."""

    async def main() -> None:
        network = MemoryNetwork()
        peer, stranger, impostor = (
            MemoryPeer(network, "peer"),
            Stranger(network, "stranger"),
            Stranger(network, "other"),
        )
        incoming = peer.comm.accept(everything)
        stream = await stranger.join(peer)
        await stream.send([impostor.conn_establish(), impostor.conn_establish(probe=True)])
        for frame in (impostor.conn_establish(), impostor.conn_establish(probe=True)):
            received = await anext(incoming)
            assert received.get_gossip_message().envelope == frame
            assert received.get_connection_info().pki_id == stranger.pki_id
        assert peer.comm._connections.is_connected(stranger.pki_id)
        assert not peer.comm._connections.is_connected(impostor.pki_id)
        await peer.close()

    run_virtual(main())


def test_another_identity_of_ours_is_introduced_and_settles_simultaneous_dials() -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            renewed = identity_of("renewed")
            one.crypto.identity = renewed
            one.comm.set_identity(renewed)
            assert one.comm.get_pki_id() == one.comm._store.own_pki_id == pki_id_of(renewed)
            incoming = two.comm.accept(everything)
            one.comm.send(data_message(), two.remote)
            assert (await anext(incoming)).get_connection_info().identity == renewed

    run_virtual(main())


class Choosy(MemoryDialer):
    """Takes no options that name TLS files."""

    def set_options(self, options: DialOptions) -> None:
        if options.tls is not None:
            raise ConfigurationError("no TLS files here")
        super().set_options(options)


def test_dial_options_that_cannot_be_used_leave_the_old_ones() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        dialer = Choosy(network, b"leaf of one", "one:7051")
        one, two = MemoryPeer(network, "one", dialer=dialer), MemoryPeer(network, "two")
        one.comm.set_dial_opts(DialOptions(ping_timeout_s=0.5))
        with pytest.raises(ConfigurationError, match="no TLS files here"):
            one.comm.set_dial_opts(DialOptions(tls=TlsFiles(Path("a"), Path("b"), ()), ping_timeout_s=9))
        assert one.comm.dial_options == DialOptions(ping_timeout_s=0.5)
        network.delay(one.endpoint, two.endpoint, 0.4)
        with pytest.raises(PeerSilentError, match=r"Ping from two:7051 after 0\.5 s"):
            await one.comm.probe(two.remote)
        await one.close()
        await two.close()

    run_virtual(main())

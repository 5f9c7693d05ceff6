"""What only the network in memory has: links that fail, and time that passes on them."""

import asyncio
import gc

import pytest

from gossip.api.options import DialOptions
from gossip.errors import ConfigurationError, DialError, StreamBrokenError
from gossip.transport.base import Channel, Dialer, FrameStream, Listener
from gossip.transport.memory.connection import MemoryChannel, MemoryStream
from gossip.transport.memory.network import MemoryDialer, MemoryListener, MemoryNetwork
from tests.support.transports import receive_all, receive_count
from tests.support.virtual_time import run_virtual

A, B, C = "a:1", "b:1", "c:1"


async def echo(stream: FrameStream) -> None:
    while frames := await stream.receive():
        await stream.send(frames)


async def sleep_for_ever(stream: FrameStream) -> None:
    await asyncio.Event().wait()


def now_s() -> float:
    return asyncio.get_running_loop().time()


def test_classes_implement_the_protocols() -> None:
    _dialer: type[Dialer] = MemoryDialer
    _listener: type[Listener] = MemoryListener
    _channel: type[Channel] = MemoryChannel
    _stream: type[FrameStream] = MemoryStream


def test_cut_breaks_what_is_open_and_what_is_dialled() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)
        network.listen(C, echo)
        dialer = network.dialer(name=A)
        channel = await dialer.dial(B)
        stream = await channel.open_stream()
        unharmed = await (await dialer.dial(C)).open_stream()
        receiving = asyncio.create_task(stream.receive())
        await asyncio.sleep(0)
        network.cut(B, A)
        with pytest.raises(StreamBrokenError, match="link between b:1 and a:1 was cut"):
            await receiving
        with pytest.raises(StreamBrokenError):
            await stream.send([b"x"])
        with pytest.raises(StreamBrokenError):
            await channel.ping()
        with pytest.raises(DialError, match="cannot connect to b:1: tcp: the link is cut"):
            await dialer.dial(B)
        await unharmed.send([b"still here"])
        assert await unharmed.receive() == [b"still here"]
        network.restore(A, B)
        again = await (await dialer.dial(B)).open_stream()
        await again.send([b"back"])
        assert await again.receive() == [b"back"]
        await listener.close()

    run_virtual(main())


def test_delay_holds_for_dial_ping_and_each_direction() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)
        network.delay(A, B, 0.25)
        channel = await network.dialer(name=A).dial(B)
        assert (now_s(), channel.times.tcp_s) == (0.5, 0.5)
        await channel.ping()
        assert now_s() == 1.0
        stream = await channel.open_stream()
        await stream.send([b"x"])
        assert now_s() == 1.0
        assert await stream.receive() == [b"x"]
        assert now_s() == 1.5
        await listener.close()

    run_virtual(main())


def test_many_frames_of_one_moment_keep_their_order() -> None:
    frames = [b"%d" % number for number in range(500)]

    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        network.delay(A, B, 0.1)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        for frame in frames:
            await stream.send([frame])
        await stream.end()
        assert await receive_all(stream) == frames

    run_virtual(main())


def test_slow_link_loses_nothing_and_takes_its_time() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        received_at_s: list[float] = []

        async def note(stream: FrameStream) -> None:
            for _ in range(3):
                assert await stream.receive() == [b"x" * 1000]
                received_at_s.append(now_s())

        network.listen(B, note)
        network.slow(A, B, bytes_per_s=500)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        await stream.send([b"x" * 1000] * 3)
        assert await receive_all(stream) == []
        assert received_at_s == [2.0, 4.0, 6.0]

    run_virtual(main())


def test_a_fault_that_is_no_number_leaves_the_link_as_it_was() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        with pytest.raises(ConfigurationError, match=r"^seconds must not be negative, not -1$"):
            network.delay(A, B, -1)
        with pytest.raises(ConfigurationError, match=r"^bytes_per_s must be positive, not 0$"):
            network.slow(A, B, 0)
        await network.dialer(name=A).dial(B)
        assert now_s() == 0

    run_virtual(main())


def test_restore_lets_arrive_what_was_under_way_before_what_comes_later() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        network.delay(A, B, 3600)
        await stream.send([b"held up"])
        await asyncio.sleep(1)
        network.restore(A, B)
        await stream.send([b"later"])
        assert await receive_count(stream, 2) == [b"held up", b"later"]
        assert now_s() == 1

    run_virtual(main())


def test_restore_lets_dials_and_pings_that_are_under_way_arrive() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        dialer = network.dialer(name=A)
        dialer.set_options(DialOptions(dial_timeout_s=10_000))
        standing = await dialer.dial(B)
        network.delay(A, B, 3600)
        dialling, pinging = asyncio.create_task(dialer.dial(B)), asyncio.create_task(standing.ping())
        await asyncio.sleep(1)
        network.restore(A, B)
        channel = await dialling
        await pinging
        assert (now_s(), channel.times.tcp_s) == (1, 1)

    run_virtual(main())


def test_a_network_outlives_the_event_loop_in_which_somebody_dialled() -> None:
    network = MemoryNetwork()
    network.listen(B, echo)
    network.delay(A, B, 1)

    async def dial() -> None:
        await network.dialer(name=A).dial(B)

    async def dial_faster() -> None:
        dialling = asyncio.create_task(dial())
        began_at_s = now_s()
        await asyncio.sleep(1)
        network.restore(A, B)
        await dialling
        assert now_s() - began_at_s == 1

    run_virtual(dial())
    run_virtual(dial_faster())


def test_another_delay_holds_for_a_dial_that_is_under_way() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        network.delay(A, B, 1)
        dialling = asyncio.create_task(network.dialer(name=A).dial(B))
        await asyncio.sleep(1)
        network.delay(A, B, 1.25)
        assert (await dialling).times.tcp_s == 2.5

    run_virtual(main())


def test_dial_gives_up_after_its_timeout() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        network.delay(A, B, 60)
        dialer = network.dialer(name=A)
        dialer.set_options(DialOptions(dial_timeout_s=1.5))
        with pytest.raises(DialError, match=r"cannot connect to b:1: tcp: no answer within 1\.5 s"):
            await dialer.dial(B)
        assert now_s() == 1.5

    run_virtual(main())


def test_cut_wakes_a_writer_that_waits_for_room() -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=10)
        network.listen(B, sleep_for_ever)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        asyncio.get_running_loop().call_later(2, network.cut, A, B)
        with pytest.raises(StreamBrokenError, match="was cut"):
            await stream.send([b"x" * 10, b"y"])
        assert now_s() == 2

    run_virtual(main())


def test_empty_frames_take_room_and_give_it_back() -> None:
    async def main() -> None:
        network = MemoryNetwork(buffer_bytes=100)
        network.listen(B, echo)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        sending = asyncio.create_task(stream.send([b""] * 1000))
        await asyncio.sleep(1)
        assert not sending.done()
        assert await receive_count(stream, 1000) == [b""] * 1000
        await sending

    run_virtual(main())


@pytest.mark.parametrize("ends_itself", [True, False])
def test_own_abort_drops_what_was_not_read(ends_itself: bool) -> None:
    async def send_and_end(stream: FrameStream) -> None:
        await stream.send([b"unread"])
        if not ends_itself:
            await asyncio.Event().wait()

    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, send_and_end)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        await asyncio.sleep(1)
        stream.abort()
        for _ in range(2):
            with pytest.raises(StreamBrokenError, match="was aborted"):
                await stream.receive()
        await listener.close()

    run_virtual(main())


def test_close_ends_when_the_link_is_cut_meanwhile() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        channel = await network.dialer(name=A).dial(B)
        network.delay(A, B, 60)
        await (await channel.open_stream()).send([b"under way"])
        asyncio.get_running_loop().call_later(0.5, network.cut, A, B)
        await channel.close()
        assert now_s() == 0.5

    run_virtual(main())


def test_closed_listener_leaves_no_idle_connection() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)
        channel = await network.dialer(name=A).dial(B)
        await channel.ping()
        await listener.close()
        with pytest.raises(StreamBrokenError, match="the other side was closed"):
            await channel.ping()

    run_virtual(main())


def test_handler_that_ends_after_the_stream_broke_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    async def outlive(stream: FrameStream) -> None:
        await asyncio.sleep(5)

    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, outlive)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        stream.abort()
        await asyncio.sleep(10)
        assert len(asyncio.all_tasks()) == 1

    run_virtual(main())
    gc.collect()
    assert caplog.text == ""


def test_handler_that_is_cancelled_breaks_its_stream() -> None:
    async def cancel_itself(stream: FrameStream) -> None:
        raise asyncio.CancelledError

    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, cancel_itself)
        stream = await (await network.dialer(name=A).dial(B)).open_stream()
        with pytest.raises(StreamBrokenError):
            await stream.receive()

    run_virtual(main())


def test_ping_ends_when_the_link_is_cut_meanwhile() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        network.listen(B, echo)
        channel = await network.dialer(name=A).dial(B)
        network.delay(A, B, 60)
        asyncio.get_running_loop().call_later(2, network.cut, A, B)
        with pytest.raises(StreamBrokenError, match="was cut"):
            await channel.ping()
        assert now_s() == 2

    run_virtual(main())


def test_close_waits_for_what_is_under_way_but_not_for_ever() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        received: list[bytes] = []

        async def note(stream: FrameStream) -> None:
            received.extend(await receive_count(stream, 1))

        network.listen(B, note)
        for delay_s, closes_after_s in ((0.5, 0.5), (10, 1.0)):
            channel = await network.dialer(name=A).dial(B)
            network.delay(A, B, delay_s)
            stream = await channel.open_stream()
            await stream.send([b"sent %g s away" % delay_s])
            closed_at_s = now_s() + closes_after_s
            await channel.close()
            assert now_s() == closed_at_s
            network.restore(A, B)
        await asyncio.sleep(0)
        assert received == [b"sent 0.5 s away"]

    run_virtual(main())


def test_endpoint_is_taken_once_and_freed_by_close() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)
        with pytest.raises(ConfigurationError, match="cannot listen on b:1: the address is in use"):
            network.listen(B, echo)
        await listener.close()
        await network.listen(B, echo).close()
        ports = {network.listen("b:0", echo).endpoint for _ in range(3)}
        assert len(ports) == 3
        assert "b:0" not in ports

    run_virtual(main())


def test_listener_that_accepts_no_more_takes_no_more_streams() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)
        channel = await network.dialer(name=A).dial(B)
        stream = await channel.open_stream()
        listener.stop_accepting()
        with pytest.raises(StreamBrokenError, match="is closing"):
            await channel.open_stream()
        stream.abort()
        await listener.close()

    run_virtual(main())


def test_streams_of_a_long_lived_connection_leave_nothing_behind() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)
        channel = await network.dialer(name=A).dial(B)
        for _ in range(100):
            stream = await channel.open_stream()
            await stream.end()
            assert await stream.receive() == []
        assert len(asyncio.all_tasks()) == 1
        assert len(channel._connection._streams) <= 1
        await channel.close()
        await asyncio.sleep(0)
        assert network._connections[network._line_between(A, B)] == {}
        await listener.close()

    run_virtual(main())


def test_thousand_peers_talk_to_one() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        listener = network.listen(B, echo)

        async def talk(number: int) -> None:
            channel = await network.dialer(b"leaf %d" % number, name=f"peer{number}:1").dial(B)
            stream = await channel.open_stream()
            await stream.send([b"%d" % number])
            assert await stream.receive() == [b"%d" % number]
            await channel.close()

        async with asyncio.TaskGroup() as group:
            for number in range(1000):
                group.create_task(talk(number))
        await listener.close()

    run_virtual(main())

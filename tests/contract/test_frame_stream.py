"""What every transport owes the communication layer: the words of gossip.transport.base, one test each."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from gossip.api.options import DialOptions
from gossip.errors import (
    DialError,
    FrameTooLargeError,
    GossipError,
    MalformedEnvelopeError,
    MalformedMessageError,
    RefusedByPeerError,
    StreamBrokenError,
    UnexpectedMessageError,
)
from gossip.transport.base import FrameStream, Link
from tests.support.bounded import run_bounded
from tests.support.transports import (
    TRANSPORTS,
    Transport,
    channel_to,
    receive_all,
    receive_count,
    stream_to,
)

MIB = 1024 * 1024


@pytest.fixture(params=list(TRANSPORTS))
def make_transport(request: pytest.FixtureRequest) -> Callable[[], Transport]:
    return TRANSPORTS[request.param]


async def echo(stream: FrameStream) -> None:
    """Send back whatever comes, until the client ends its half."""
    while frames := await stream.receive():
        await stream.send(frames)


async def wait_for_end(stream: FrameStream) -> None:
    await receive_all(stream)


async def never_return(stream: FrameStream) -> None:
    await asyncio.Event().wait()


def test_frames_arrive_whole_and_in_order(make_transport: Callable[[], Transport]) -> None:
    sent = [b"", b"a", b"bc" * 700, b"d" * 20_000, b""]

    async def main() -> None:
        async with stream_to(make_transport(), echo) as stream:
            await stream.send(sent[:2])
            await stream.send(sent[2:])
            await stream.end()
            assert await receive_all(stream) == sent

    run_bounded(main)


def test_a_frame_that_leaves_at_once_keeps_its_place(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        async with stream_to(make_transport(), echo) as stream:
            await stream.send([b"first"])
            assert await receive_count(stream, 1) == [b"first"]
            assert stream.send_nowait(b"second")
            await stream.send([b"third"])
            assert stream.send_nowait(b"")
            assert await receive_count(stream, 3) == [b"second", b"third", b""]

    run_bounded(main)


def test_nothing_leaves_at_once_on_a_stream_that_is_over(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        async with stream_to(make_transport(), echo) as stream:
            stream.abort()
            assert not stream.send_nowait(b"too late")

    run_bounded(main)


def test_nothing_leaves_at_once_that_would_have_to_wait(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        async with stream_to(make_transport(), never_return) as stream:
            frame = b"x" * 10_000
            left = next(count for count in range(1000) if not stream.send_nowait(frame))
            assert left > 0

    run_bounded(main)


def test_receive_returns_all_that_is_there(make_transport: Callable[[], Transport]) -> None:
    async def send_two_then_wait(stream: FrameStream) -> None:
        await stream.send([b"one", b"two"])
        await wait_for_end(stream)

    async def main() -> None:
        async with stream_to(make_transport(), send_two_then_wait) as stream:
            assert await stream.receive() == [b"one", b"two"]
            await stream.end()

    run_bounded(main)


def test_handler_that_returns_ends_the_stream_with_ok_behind_its_frames(
    make_transport: Callable[[], Transport],
) -> None:
    async def send_and_return(stream: FrameStream) -> None:
        await stream.send([b"last"])

    async def main() -> None:
        async with stream_to(make_transport(), send_and_return) as stream:
            assert await stream.receive() == [b"last"]
            assert await stream.receive() == []
            assert await stream.receive() == []

    run_bounded(main)


def test_gossip_error_refuses_with_its_own_text_behind_the_frames(make_transport: Callable[[], Transport]) -> None:
    async def send_and_refuse(stream: FrameStream) -> None:
        await stream.send([b"last"])
        raise UnexpectedMessageError("wrong type: 100% ümlaut")

    async def main() -> None:
        async with stream_to(make_transport(), send_and_refuse) as stream:
            assert await stream.receive() == [b"last"]
            with pytest.raises(RefusedByPeerError) as caught:
                await stream.receive()
            assert caught.value.grpc_status == "UNKNOWN"
            assert caught.value.reason == "wrong type: 100% ümlaut"

    run_bounded(main)


def test_other_exception_is_logged_here_and_says_nothing_there(
    make_transport: Callable[[], Transport], caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(stream: FrameStream) -> None:
        raise ZeroDivisionError("a secret of ours")

    async def main() -> None:
        async with channel_to(make_transport(), fail) as channel:
            for _ in range(3):
                stream = await channel.open_stream()
                with pytest.raises(RefusedByPeerError) as caught:
                    await stream.receive()
                assert caught.value.grpc_status == "UNKNOWN"
                assert caught.value.reason == "internal error"

    run_bounded(main)
    assert "a secret of ours" in caplog.text
    assert len(caplog.records) == 1, "in ten seconds, however often strangers provoke it"


def test_client_ends_its_half_and_still_receives(make_transport: Callable[[], Transport]) -> None:
    async def answer_after_the_end(stream: FrameStream) -> None:
        count = len(await receive_all(stream))
        await stream.send([b"%d frames" % count])

    async def main() -> None:
        async with stream_to(make_transport(), answer_after_the_end) as stream:
            await stream.send([b"x"] * 3)
            await stream.end()
            assert await receive_all(stream) == [b"3 frames"]

    run_bounded(main)


def test_send_fails_once_the_other_side_has_ended_the_stream(make_transport: Callable[[], Transport]) -> None:
    async def return_at_once(stream: FrameStream) -> None:
        return

    async def main() -> None:
        async with stream_to(make_transport(), return_at_once) as stream:
            assert await stream.receive() == []
            with pytest.raises(StreamBrokenError):
                await stream.send([b"too late"])

    run_bounded(main)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MalformedEnvelopeError("truncated", offset=0, field="Envelope"), "INTERNAL"),
        (MalformedMessageError("truncated", offset=0, field="GossipMessage"), "UNKNOWN"),
    ],
)
def test_what_is_no_envelope_ends_a_stream_as_grpc_itself_would(
    make_transport: Callable[[], Transport], error: GossipError, status: str
) -> None:
    async def refuse(_stream: FrameStream) -> None:
        raise error

    async def main() -> None:
        async with stream_to(make_transport(), refuse) as stream:
            with pytest.raises(RefusedByPeerError) as caught:
                await stream.receive()
            assert (caught.value.grpc_status, caught.value.reason) == (status, str(error))

    run_bounded(main)


def test_frame_over_the_limit_is_refused_after_those_before_it(make_transport: Callable[[], Transport]) -> None:
    async def send_growing(stream: FrameStream) -> None:
        await stream.send([b"a" * 100, b"b" * 101])
        await wait_for_end(stream)

    async def main() -> None:
        async with stream_to(make_transport(), send_growing) as stream:
            stream.max_frame_bytes = 100
            assert await stream.receive() == [b"a" * 100]
            for _ in range(2):
                with pytest.raises(FrameTooLargeError) as caught:
                    await stream.receive()
                assert (caught.value.size_bytes, caught.value.limit_bytes) == (101, 100)

    run_bounded(main)


def test_both_sides_start_at_the_limit_for_handshakes_and_may_raise_it(make_transport: Callable[[], Transport]) -> None:
    limits: list[int] = []

    async def raise_and_echo(stream: FrameStream) -> None:
        limits.append(stream.max_frame_bytes)
        stream.max_frame_bytes = MIB
        await echo(stream)

    async def main() -> None:
        async with stream_to(make_transport(), raise_and_echo) as stream:
            limits.append(stream.max_frame_bytes)
            stream.max_frame_bytes = MIB
            await stream.send([b"x" * MIB])
            assert await stream.receive() == [b"x" * MIB]

    run_bounded(main)
    assert limits == [64 * 1024, 64 * 1024]


@pytest.mark.parametrize("pings", [0, 1, 10])
@pytest.mark.parametrize("before", [[], [1], [1000], [1500] * 20, [60_000] * 3])
def test_the_longest_messages_of_a_stranger_come_through_whatever_came_before(
    make_transport: Callable[[], Transport], before: list[int], pings: int
) -> None:
    longest = DialOptions().max_handshake_bytes
    sent = [bytes(size) for size in [*before, longest - 1, longest, longest]]
    received: list[bytes] = []

    async def read(stream: FrameStream) -> None:
        received.extend(await receive_all(stream))

    async def main() -> None:
        async with channel_to(make_transport(), read) as channel:
            for _ in range(pings):
                await channel.ping()
            stream = await channel.open_stream()
            for frame in sent:
                await stream.send([frame])
            await stream.end()
            assert await stream.receive() == []

    run_bounded(main)
    assert received == sent


def test_writer_waits_while_the_reader_does_not_read(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        may_read = asyncio.Event()
        received: list[bytes] = []

        async def read_later(stream: FrameStream) -> None:
            await may_read.wait()
            received.extend(await receive_all(stream))

        async with stream_to(make_transport(), read_later) as stream:
            frame = b"x" * 60_000
            sending = asyncio.create_task(stream.send([frame] * 1000))
            done, _ = await asyncio.wait([sending], timeout=0.2)
            assert not done, "60 MB went into a stream that nobody reads"
            may_read.set()
            await sending
            await stream.end()
            assert await stream.receive() == []
        assert received == [frame] * 1000

    run_bounded(main)


@pytest.mark.parametrize("aborts_first", ["client", "server"])
def test_abort_breaks_the_stream_at_both_ends(make_transport: Callable[[], Transport], aborts_first: str) -> None:
    async def main() -> None:
        seen_by_server: asyncio.Future[type[Exception]] = asyncio.get_running_loop().create_future()

        async def handler(stream: FrameStream) -> None:
            await stream.send([b"ready"])
            if aborts_first == "server":
                stream.abort()
                stream.abort()
            try:
                await stream.receive()
            except StreamBrokenError as error:
                seen_by_server.set_result(type(error))
                raise

        async with stream_to(make_transport(), handler) as stream:
            if aborts_first == "client":
                assert await stream.receive() == [b"ready"]
                stream.abort()
                stream.abort()
            with pytest.raises(StreamBrokenError):
                await receive_all(stream)
            assert await seen_by_server is StreamBrokenError
            with pytest.raises(StreamBrokenError):
                await stream.send([b"x"])

    run_bounded(main)


def test_cancelled_receive_loses_nothing(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        async with stream_to(make_transport(), echo) as stream:
            receiving = asyncio.create_task(stream.receive())
            await asyncio.sleep(0)
            receiving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await receiving
            await stream.send([b"one"])
            await stream.end()
            assert await receive_all(stream) == [b"one"]

    run_bounded(main)


def test_ping_is_answered_beside_a_stream(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        async with channel_to(make_transport(), echo) as channel:
            await channel.ping()
            stream = await channel.open_stream()
            await channel.ping()
            await stream.send([b"x"])
            assert await receive_count(stream, 1) == [b"x"]
            stream.abort()
            await channel.ping()

    run_bounded(main)


def test_each_side_sees_both_certificates(make_transport: Callable[[], Transport]) -> None:
    served: list[Link] = []

    async def note_link(stream: FrameStream) -> None:
        served.append(stream.link)

    async def main() -> None:
        async with channel_to(make_transport(), note_link) as channel:
            stream = await channel.open_stream()
            assert await stream.receive() == []
            assert stream.link == channel.link
            assert channel.link.own_certificate is not None
            assert channel.link.peer_certificate is not None
            assert served[0].own_certificate == channel.link.peer_certificate
            assert served[0].peer_certificate == channel.link.own_certificate
            assert channel.link.own_certificate != channel.link.peer_certificate

    run_bounded(main)


def test_channel_close_lets_what_was_written_leave(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        received: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()

        async def note_first(stream: FrameStream) -> None:
            received.set_result(await receive_count(stream, 2))

        transport = make_transport()
        listener = await transport.listen(note_first)
        channel = await transport.dialer().dial(listener.endpoint)
        stream = await channel.open_stream()
        await stream.send([b"one", b"two"])
        await channel.close()
        await channel.close()
        assert await received == [b"one", b"two"]
        with pytest.raises(StreamBrokenError):
            await stream.send([b"three"])
        with pytest.raises(StreamBrokenError):
            await channel.open_stream()
        with pytest.raises(StreamBrokenError):
            await channel.ping()
        await listener.close()

    run_bounded(main)


def test_channel_abort_breaks_its_streams(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        async with channel_to(make_transport(), wait_for_end) as channel:
            stream = await channel.open_stream()
            receiving = asyncio.create_task(receive_all(stream))
            await asyncio.sleep(0)
            channel.abort()
            channel.abort()
            with pytest.raises(StreamBrokenError):
                await receiving

    run_bounded(main)


def test_dial_fails_where_nobody_listens(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        transport = make_transport()
        listener = await transport.listen(echo)
        await listener.close()
        with pytest.raises(DialError, match="refused") as caught:
            await transport.dialer().dial(listener.endpoint)
        assert (caught.value.endpoint, caught.value.stage) == (listener.endpoint, "tcp")

    run_bounded(main)


def test_streams_go_on_when_their_listener_accepts_no_more(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        transport = make_transport()
        listener = await transport.listen(echo)
        channel = await transport.dialer().dial(listener.endpoint)
        stream = await channel.open_stream()
        await stream.send([b"before"])
        assert await receive_count(stream, 1) == [b"before"]
        listener.stop_accepting()
        with pytest.raises(DialError):
            await transport.dialer().dial(listener.endpoint)
        await stream.send([b"while draining"])
        await stream.end()
        assert await receive_all(stream) == [b"while draining"]
        listener.stop_accepting()
        await listener.close()
        await channel.close()

    run_bounded(main)


def test_closing_a_listener_cuts_its_streams(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        transport = make_transport()
        listener = await transport.listen(never_return)
        channel = await transport.dialer().dial(listener.endpoint)
        stream = await channel.open_stream()
        await channel.ping()
        await listener.close()
        await listener.close()
        with pytest.raises(StreamBrokenError):
            await stream.receive()
        await channel.close()

    run_bounded(main)


@pytest.mark.parametrize("greeting", [b"hello", b"h" * 50_000], ids=["short", "long"])
def test_a_greeting_is_the_first_message_of_the_first_stream(
    make_transport: Callable[[], Transport], greeting: bytes
) -> None:
    async def main() -> None:
        transport = make_transport()
        listener = await transport.listen(echo)
        channel = await transport.dialer().dial(listener.endpoint, greeting)
        await channel.ping()
        first, second = await channel.open_stream(), await channel.open_stream()
        await first.send([b"more"])
        await second.send([b"another"])
        assert await receive_count(first, 2) == [greeting, b"more"]
        assert await receive_count(second, 1) == [b"another"]
        await channel.close()
        await listener.close()

    run_bounded(main)


def test_a_dialer_tells_what_it_presents(make_transport: Callable[[], Transport]) -> None:
    async def main() -> None:
        transport = make_transport()
        listener = await transport.listen(wait_for_end)
        dialer = transport.dialer()
        channel = await dialer.dial(listener.endpoint)
        assert dialer.own_certificate == channel.link.own_certificate
        assert dialer.own_certificate is not None
        await channel.close()
        await listener.close()

    run_bounded(main)


def test_a_taker_is_offered_what_comes_and_leaves_the_rest_in_order(make_transport: Callable[[], Transport]) -> None:
    """A transport may do without a taker, so what counts is both together."""

    async def main() -> None:
        taken: list[bytes] = []

        def take_some(frames: Sequence[bytes]) -> int:
            count = 0 if any(frame.startswith(b"wait") for frame in frames) else len(frames)
            taken.extend(frames[:count])
            return count

        async with stream_to(make_transport(), echo) as stream:
            stream.offer_to(take_some)
            for number in range(20):
                receiving = asyncio.create_task(stream.receive())
                await stream.send([b"%d" % number])
                await stream.send([b"wait %d" % number])
                while b"wait %d" % number not in taken:
                    taken.extend(await receiving)
                    receiving = asyncio.create_task(stream.receive())
                receiving.cancel()
                await asyncio.wait([receiving])
            assert taken == [word for number in range(20) for word in (b"%d" % number, b"wait %d" % number)]

    run_bounded(main)

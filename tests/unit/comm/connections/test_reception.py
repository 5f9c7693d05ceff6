"""What becomes of the envelopes that a connection reads, and the way back. Fabric's TestInterceptAcks among it."""

import asyncio
from itertools import count

import pytest

from gossip.comm.ackbook import AckBook
from gossip.comm.connections import reception as module
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.reception import Reception
from gossip.comm.subscriptions.demux import Demux
from gossip.errors import ClosedError, InvalidMessageError, MalformedMessageError, NegativeAckError
from gossip.messages import GossipMessage, Payload, RemoteStateResponse
from gossip.turns import shared_turns
from gossip.types import PkiId
from gossip.wire.acks import encode_ack
from gossip.wire.envelope import parse_envelope
from gossip.wire.signed import noop_sign
from tests.support.connections import Receiving, connection_over, info_of, quiet_connection, stream_pair
from tests.support.peers import data_message, data_of, everything, settle
from tests.support.recorders import Answers, RecordingMetrics
from tests.support.virtual_time import run_virtual

MAX_PARTS = 100_000
WHOLE_BYTES = 1280
BOB = info_of("bob").pki_id


class Parts:
    def __init__(self, successor: Connection | None = None, capacity: int = 10) -> None:
        self.acks, self.demux, self.metrics = AckBook(), Demux(capacity, 0), RecordingMetrics()
        self.answers = Answers()
        self.feed = self.demux.subscribe(everything)
        self.asked: list[PkiId] = []

        def find(pki_id: PkiId) -> Connection | None:
            self.asked.append(pki_id)
            return successor

        self.reception = Reception(self.acks, self.demux, find, self.metrics)


def test_intercept_acks() -> None:
    """Mirrors: TestInterceptAcks."""

    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        parts.acks.expect(BOB, 1, parts.answers.note)
        parts.acks.expect(BOB, 2, parts.answers.note)
        await parts.reception.deliver(connection, [encode_ack(1), data_message(b"two", nonce=2).envelope])
        assert parts.answers == [(BOB, None)], "the ack was taken, and the message with the other nonce is none"
        assert len(parts.feed) == 1, "the message was passed on, and the ack was not"
        assert data_of(await anext(parts.feed)) == b"two"
        await parts.reception.deliver(connection, [encode_ack(2, "because reasons")])
        assert isinstance(parts.answers[1][1], NegativeAckError)
        assert parts.metrics.received == 3

    run_virtual(main())


def test_acks_nobody_asked_for_are_nothing() -> None:
    async def main() -> None:
        parts = Parts()
        parts.acks.expect(info_of("ann").pki_id, 1, parts.answers.note)
        frames = [encode_ack(1), encode_ack(1, "no"), encode_ack(0)]
        await parts.reception.deliver(quiet_connection("bob"), frames)
        assert (parts.answers, len(parts.feed), len(parts.acks)) == ([], 0, 1)

    run_virtual(main())


def test_a_message_comes_with_its_exact_bytes_and_its_sender() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        frame = data_message(b"data", nonce=7).envelope
        await parts.reception.deliver(connection, [frame])
        received = await anext(parts.feed)
        assert received.get_gossip_message().envelope == frame
        assert received.get_connection_info() is connection.info

    run_virtual(main())


def test_what_is_malformed_ends_the_stream_after_what_came_before() -> None:
    async def main() -> None:
        parts = Parts()
        good = data_message(b"good").envelope
        with pytest.raises(MalformedMessageError):
            await parts.reception.deliver(quiet_connection("bob"), [good, b"\x01", good])
        assert len(parts.feed) == 1

    run_virtual(main())


def test_who_sends_much_lets_others_come_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        parts = Parts()
        monkeypatch.setattr(module, "perf_counter", map(float, count()).__next__)  # a second from look to look
        much = [encode_ack(nonce) for nonce in range(1, 40)]
        long = asyncio.create_task(parts.reception.deliver(quiet_connection("bob"), much))
        short = asyncio.create_task(parts.reception.deliver(quiet_connection("ann"), [data_message().envelope]))
        await short
        assert not long.done()
        await long

    run_virtual(main())


@pytest.mark.parametrize(("nonce", "come_first"), [(7, 15), (0, 48)])
def test_who_waits_for_answers_gets_the_first_before_the_last_message_is_read(
    nonce: int, come_first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        parts = Parts(capacity=48)
        monkeypatch.setattr(module, "perf_counter", lambda: 0.0)

        async def answer() -> int:
            await anext(parts.feed)
            return 1 + len(parts.feed)

        answering = asyncio.create_task(answer())
        await asyncio.sleep(0)
        frames = [data_message(nonce=nonce).envelope] * 48
        reading = asyncio.create_task(parts.reception.deliver(quiet_connection("bob"), frames))
        assert await answering == come_first
        await reading

    run_virtual(main())


@pytest.fixture
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """From look to look a second passes, so that every turn is over at once."""
    monkeypatch.setattr(module, "perf_counter", map(float, count()).__next__)


@pytest.mark.usefixtures("slow_clock")
def test_messages_that_take_long_are_few_in_one_turn() -> None:
    async def main() -> None:
        parts = Parts(capacity=20)
        reading = asyncio.create_task(parts.reception.deliver(quiet_connection("bob"), [data_message().envelope] * 20))
        await asyncio.sleep(0)
        assert len(parts.feed) == 3, "with 1,280 bytes each they take a quarter of a millisecond each"
        await reading

    run_virtual(main())


def many_payloads(count: int = 1000) -> bytes:
    """A message that takes many slices."""
    return noop_sign(GossipMessage(state_response=RemoteStateResponse([Payload(data=b"block")] * count))).envelope


@pytest.mark.usefixtures("slow_clock")
def test_others_come_in_between_the_slices_of_a_long_message_and_its_sender_s_next_waits() -> None:
    async def main() -> None:
        parts, first, second = Parts(), many_payloads(), data_message(b"second").envelope
        long = asyncio.create_task(parts.reception.deliver(quiet_connection("bob"), [first, second]))
        await asyncio.sleep(0)
        for number in range(5):
            await parts.reception.deliver(quiet_connection("ann"), [data_message(b"%d" % number).envelope])
            await shared_turns().turn()
        assert not long.done()
        assert len(parts.feed) == 5
        await long
        assert [data_of(await anext(parts.feed)) for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
        assert [(await anext(parts.feed)).get_gossip_message().envelope for _ in range(2)] == [first, second]

    run_virtual(main())


@pytest.mark.usefixtures("slow_clock")
def test_of_a_long_message_nothing_is_left_when_it_is_cancelled() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        long = asyncio.create_task(parts.reception.deliver(connection, [many_payloads(), data_message().envelope]))
        await asyncio.sleep(0)
        await shared_turns().turn()
        long.cancel()
        with pytest.raises(asyncio.CancelledError):
            await long
        assert len(parts.feed) == 0
        await parts.reception.deliver(connection, [many_payloads(), data_message().envelope])
        assert len(parts.feed) == 2

    run_virtual(main())


@pytest.mark.usefixtures("slow_clock")
def test_a_connection_that_is_closed_ends_its_long_message() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            parts, connection = Parts(), connection_over(pair)
            running = asyncio.create_task(connection.run(Receiving(parts.reception.deliver), [many_payloads()]))
            await asyncio.sleep(0)
            await shared_turns().turn()
            assert not running.done()
            connection.close()
            await running
            await connection.release()
            assert len(parts.feed) == 0

    run_virtual(main())


@pytest.mark.usefixtures("slow_clock")
def test_too_many_parts_end_the_stream_after_what_came_before() -> None:
    async def main() -> None:
        parts, good = Parts(), data_message().envelope
        with pytest.raises(MalformedMessageError, match="more than 100000 parts"):
            await parts.reception.deliver(quiet_connection("bob"), [good, many_payloads(MAX_PARTS), good])
        assert len(parts.feed) == 1

    run_virtual(main())


def test_answers_go_back_unsigned_on_the_connection_that_the_message_came_by() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            parts, connection = Parts(), connection_over(pair)
            await parts.reception.deliver(connection, [data_message(nonce=7).envelope])
            received = await anext(parts.feed)
            await received.respond(GossipMessage(nonce=8, data_msg=data_message(b"reply").message.data_msg))
            await received.ack()
            await received.ack("because reasons")
            assert parts.asked == []
            await connection._hand_over()
            reply, ack, nack = [parse_envelope(frame) for frame in await pair.served.receive()]
            assert (reply.nonce, reply.is_signed, reply.message.data_msg.payload.data) == (8, False, b"reply")
            assert (ack.envelope, nack.envelope) == (encode_ack(7), encode_ack(7, "because reasons"))

    run_virtual(main())


def test_answers_follow_to_the_connection_that_took_its_place() -> None:
    async def main() -> None:
        successor = quiet_connection("bob")
        parts, connection = Parts(successor), quiet_connection("bob")
        await parts.reception.deliver(connection, [data_message(nonce=7).envelope])
        received = await anext(parts.feed)
        connection.close()
        await received.ack()
        await settle()
        assert parts.asked == [BOB]
        assert not successor.is_flushed

    run_virtual(main())


def test_without_a_connection_there_is_no_way_back() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        await parts.reception.deliver(connection, [data_message(nonce=7).envelope])
        received = await anext(parts.feed)
        with pytest.raises(InvalidMessageError):
            await received.ack("\ud800")
        connection.close()
        with pytest.raises(ClosedError):
            await received.ack()
        with pytest.raises(ClosedError):
            await received.respond(data_message().message)

    run_virtual(main())


def test_what_needs_no_waiting_is_taken_in_passing() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        parts.acks.expect(BOB, 1, parts.answers.note)
        frames = [encode_ack(1), data_message(b"one").envelope, data_message(b"two", nonce=2).envelope]
        assert parts.reception.deliver_nowait(connection, frames) == 3
        assert parts.answers == [(BOB, None)]
        assert [data_of(await anext(parts.feed)) for _ in range(2)] == [b"one", b"two"]
        assert parts.metrics.received == 3

    run_virtual(main())


def test_what_has_to_wait_or_be_complained_of_is_left_with_all_behind_it() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        good = data_message().envelope
        assert parts.reception.deliver_nowait(connection, [good, b"\x01", good]) == 1
        assert parts.reception.deliver_nowait(connection, [encode_ack(1, "no"), good]) == 0, (
            "a refusal is read at leisure"
        )
        assert parts.reception.deliver_nowait(connection, [good] * 20) == 9, "the subscriber has room for ten"
        assert len(parts.feed) == 10
        assert parts.metrics.received == 10
        with parts.demux.subscribe(everything) as other:
            assert parts.reception.deliver_nowait(connection, [good]) == 0, "one of two subscribers is full"
            assert len(other) == 0
        connection.close()
        parts.feed.close()
        assert parts.reception.deliver_nowait(connection, [good]) == 0, "nothing is read any more"

    run_virtual(main())


def test_who_asks_for_answers_and_takes_none_is_not_read_on() -> None:
    """Each first answer has room, so that without this there would be any number of them."""

    async def main() -> None:
        parts, connection = Parts(capacity=20), quiet_connection("bob", capacity=3)
        for nonce in range(6):
            connection.answer_nowait(encode_ack(nonce + 1))
        told, asking = data_message().envelope, data_message(nonce=7).envelope
        assert parts.reception.deliver_nowait(connection, [told]) == 0
        reading = asyncio.create_task(parts.reception.deliver(connection, [told, asking, told]))
        await settle()
        assert not reading.done()
        assert len(parts.feed) == 1
        connection._outbox.popleft()
        connection._room.set()
        await reading
        assert len(parts.feed) == 3

    run_virtual(main())


def test_an_answer_to_what_asks_for_none_waits_for_room() -> None:
    """Who sends it is not held up by answers that pile up, so that there would be any number of them."""

    async def main() -> None:
        parts, connection = Parts(), quiet_connection(capacity=2)
        await parts.reception.deliver(connection, [data_message().envelope] * 3)
        await (await anext(parts.feed)).ack()
        await (await anext(parts.feed)).ack()
        third = asyncio.create_task((await anext(parts.feed)).ack())
        await settle()
        assert list(connection._outbox) == [encode_ack(0)] * 2
        assert not third.done()
        connection.close()
        with pytest.raises(ClosedError):
            await third

    run_virtual(main())


def test_what_may_take_long_is_not_taken_in_passing() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        assert parts.reception.deliver_nowait(connection, [data_message(bytes(WHOLE_BYTES)).envelope]) == 0
        assert len(parts.feed) == 0

    run_virtual(main())


def test_much_is_taken_in_passing_only_when_somebody_has_waited() -> None:
    async def main() -> None:
        parts, connection = Parts(), quiet_connection("bob")
        frame = data_message(bytes(WHOLE_BYTES - 100)).envelope
        at_once = 16 * 1024 // len(frame)

        async def taken() -> int:
            number = 0
            while number < 100 and parts.reception.deliver_nowait(connection, [frame]):
                number += 1
                await anext(parts.feed)
            return number

        assert await taken() == at_once
        assert await taken() == 0
        await parts.reception.deliver(connection, [frame])
        await anext(parts.feed)
        assert await taken() == at_once

    run_virtual(main())

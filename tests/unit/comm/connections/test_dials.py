"""Messages wait for one dial a peer, and leave in order."""

import asyncio

import pytest

from gossip.api.peer import RemotePeer
from gossip.comm.connections.dials import Dials
from gossip.errors import DialError, QueueFullError
from tests.support.connections import Receiving, connection_over, info_of, quiet_connection, stream_pair
from tests.support.transports import receive_count
from tests.support.virtual_time import run_virtual

BOB = info_of("bob").pki_id
PEER = RemotePeer("bob:7051", BOB)
REFUSED = DialError("bob:7051", "tcp", "connection refused")


async def nobody(_connection: object, _frames: object) -> None:
    raise AssertionError


def test_what_waits_leaves_in_order_and_the_senders_wake() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            dials = Dials(3)
            dial = dials.add(PEER, BOB)
            senders = [asyncio.create_task(dial.connection()) for _ in range(2)]
            for frame in (b"1", b"2"):
                dial.queue_nowait(frame)
            await asyncio.sleep(0)
            connection = connection_over(pair)
            dials.reached(connection)
            connection.send_nowait(b"3")
            assert await asyncio.gather(*senders) == [connection, connection]
            running = asyncio.create_task(connection.run(Receiving(nobody), []))
            assert await receive_count(pair.served, 3) == [b"1", b"2", b"3"]
            connection.close()
            await running

    run_virtual(main())


def test_one_more_than_an_outbox_holds_is_refused() -> None:
    async def main() -> None:
        dial = Dials(1).add(PEER, BOB)
        dial.queue_nowait(b"1")
        with pytest.raises(QueueFullError, match="1 messages wait for the dial to bob:7051"):
            dial.queue_nowait(b"2")
        assert dial.fail(REFUSED) == 1

    run_virtual(main())


def test_a_failed_dial_tells_every_sender_and_how_much_was_lost() -> None:
    async def main() -> None:
        dial = Dials(3).add(PEER, BOB)
        sender = asyncio.create_task(dial.connection())
        dial.queue_nowait(b"1")
        await asyncio.sleep(0)
        assert dial.fail(REFUSED) == 1
        assert dial.fail(REFUSED) == 0
        with pytest.raises(DialError) as caught:
            await sender
        assert caught.value is REFUSED

    run_virtual(main())


def test_after_the_peer_reached_us_the_dial_serves_whoever_comes_next() -> None:
    """The peer's own connection died again while ours is still being dialled."""

    async def main() -> None:
        dials = Dials(3)
        dial = dials.add(PEER, BOB)
        theirs, ours = quiet_connection(), quiet_connection(outgoing=True)
        dials.reached(theirs)
        theirs.close()
        dial.queue_nowait(b"later")
        sender = asyncio.create_task(dial.connection())
        await asyncio.sleep(0)
        dial.succeed(ours)
        assert await sender is ours
        assert not ours.is_flushed

    run_virtual(main())


def test_cancelling_a_sender_leaves_the_dial_to_the_others() -> None:
    async def main() -> None:
        dial = Dials(3).add(PEER, BOB)
        impatient, patient = (asyncio.create_task(dial.connection()) for _ in range(2))
        await asyncio.sleep(0)
        impatient.cancel()
        connection = quiet_connection()
        dial.succeed(connection)
        assert await patient is connection
        assert impatient.cancelled()

    run_virtual(main())


def test_a_connection_to_somebody_else_is_nothing() -> None:
    async def main() -> None:
        dials = Dials(3)
        dial = dials.add(PEER, BOB)
        dial.queue_nowait(b"1")
        stranger = quiet_connection("ann")
        dials.reached(stranger)
        assert stranger.is_flushed
        assert dials.find(BOB) is dial
        dials.remove(BOB)
        assert (dials.find(BOB), len(dials)) == (None, 0)

    run_virtual(main())


def test_what_waits_has_room_beside_what_a_connection_holds() -> None:
    """The peer's own connection carries answers already when what waits for our dial moves over to it."""

    async def main() -> None:
        dials = Dials(3)
        dial = dials.add(PEER, BOB)
        for frame in (b"1", b"2", b"3"):
            dial.queue_nowait(frame)
        connection = quiet_connection(capacity=3)
        connection.answer_nowait(b"answer")
        dials.reached(connection)
        assert connection.queued == 4
        assert dial.fail(REFUSED) == 0

    run_virtual(main())


def test_a_connection_that_takes_nothing_any_more_leaves_what_waits_to_the_dial() -> None:
    async def main() -> None:
        dial = Dials(3).add(PEER, BOB)
        dial.queue_nowait(b"1")
        connection = quiet_connection()
        connection.close()
        dial.succeed(connection)
        assert dial.fail(REFUSED) == 1

    run_virtual(main())

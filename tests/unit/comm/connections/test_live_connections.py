"""What follows from the coming and going of connections."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gossip.api.peer import RemotePeer
from gossip.comm.ackbook import AckBook
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.dials import Dials
from gossip.comm.connections.live_connections import RETIRED_S, LiveConnections
from gossip.comm.connections.store import MAX_RETIRED, ConnectionStore
from gossip.comm.sending.overflow import Overflow
from gossip.comm.sending.sending import Sending
from gossip.comm.subscriptions.feed import Feed
from gossip.comm.subscriptions.notices import Notices
from gossip.errors import ClosedError, MalformedMessageError, StreamBrokenError
from gossip.metrics import NoMetrics
from gossip.types import PkiId
from tests.support.connections import Deliver, QuietChannel, QuietStream, Receiving, info_of
from tests.support.recorders import Answers, RecordingMetrics, RecordingObserver
from tests.support.virtual_time import run_virtual

BOB = info_of("bob").pki_id
LINGER_S = 2.0
LOWER, HIGHER = PkiId(b""), PkiId(b"\xff" * 33)


class StickyStream(QuietStream):
    """Lets nothing leave until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_free = asyncio.Event()

    async def send(self, frames: Sequence[bytes]) -> None:
        await self.is_free.wait()
        await super().send(frames)


class MalformedStream(QuietStream):
    """Brings something that is no message."""

    async def receive(self) -> Sequence[bytes]:
        raise MalformedMessageError("cut short", offset=0, field="Envelope")


class OneMessage(QuietStream):
    """Brings one message, and no more."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = [b"message"]

    async def receive(self) -> Sequence[bytes]:
        waiting, self._waiting = self._waiting, []
        return waiting or await super().receive()


class SlowStream(QuietStream):
    """Brings a message after each of these times, in seconds, and then no more."""

    def __init__(self, *times_s: float) -> None:
        super().__init__()
        self._times_s = list(times_s)

    async def receive(self) -> Sequence[bytes]:
        if self._times_s:
            await asyncio.sleep(self._times_s.pop(0))
            return [b"message"]
        return await super().receive()


async def nobody(_connection: Connection, _frames: Sequence[bytes]) -> None:
    raise AssertionError


class Town:
    """A connections of connections from one peer."""

    def __init__(self, own_pki_id: PkiId = HIGHER, deliver: Deliver = nobody) -> None:
        self.acks, self.dials, self.deaths = AckBook(), Dials(3), Notices("presumed_dead")
        self.metrics, self.observer = RecordingMetrics(), RecordingObserver()
        self.store = ConnectionStore(own_pki_id, LINGER_S)
        self.dead: Feed[PkiId] = self.deaths.subscribe()
        self.connections = LiveConnections(
            store=self.store,
            dials=self.dials,
            receiver=Receiving(deliver),
            acks=self.acks,
            deaths=self.deaths,
            linger_s=LINGER_S,
            metrics=self.metrics,
            observer=self.observer,
        )
        self._running: list[asyncio.Task[None]] = []

    async def enter(self, stream: QuietStream | None = None) -> Connection:
        """One more connection, admitted and run."""
        connection = Connection(info_of("bob"), stream or QuietStream(), capacity=3, metrics=NoMetrics())
        self.connections.admit(connection)
        self._running.append(asyncio.create_task(self.connections.run(connection, [])))
        await asyncio.sleep(0)
        return connection

    async def clear(self) -> None:
        """End everything."""
        await self.connections.stop(ends_at_s=0)
        await asyncio.gather(*self._running)
        assert self.connections._lingering == {}
        assert len(self.store) == 0


def now_s() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(("own_pki_id", "lingers_s"), [(HIGHER, LINGER_S), (LOWER, 3 * LINGER_S)])
def test_a_replaced_connection_lingers_longer_where_the_other_side_decides(own_pki_id: PkiId, lingers_s: float) -> None:
    async def main() -> None:
        town = Town(own_pki_id)
        old, new = await town.enter(), await town.enter()
        await old.wait_ended()
        assert now_s() == lingers_s
        assert (new.is_open, town.metrics.connected, len(town.dead)) == (True, 1, 0)
        assert [info.pki_id for info, _ in town.observer.ends] == [BOB]
        await town.clear()

    run_virtual(main())


@pytest.mark.parametrize(("own_pki_id", "lingers_s"), [(HIGHER, 2 * LINGER_S), (LOWER, 6 * LINGER_S)])
def test_who_does_not_decide_looks_less_often_too(own_pki_id: PkiId, lingers_s: float) -> None:
    """Where both heard something until the same moment, both would otherwise close what the other one sends on."""

    async def main() -> None:
        town = Town(own_pki_id)
        old, new = await town.enter(), await town.enter()
        old.was_heard = True
        await old.wait_ended()
        assert now_s() == lingers_s
        assert new.is_open
        await town.clear()

    run_virtual(main())


async def dialled(town: Town, stream: QuietStream | None = None) -> Connection:
    """A connection that we made."""
    stream = stream or QuietStream()
    connection = Connection(info_of("bob"), stream, capacity=3, metrics=NoMetrics(), channel=QuietChannel())
    town.connections.admit(connection)
    town._running.append(asyncio.create_task(town.connections.run(connection, [])))
    await asyncio.sleep(0)
    return connection


@pytest.mark.parametrize(("own_pki_id", "changes_over"), [(HIGHER, False), (LOWER, True)])
def test_of_two_simultaneous_ones_the_lower_changes_over_before_the_higher_closes(
    own_pki_id: PkiId, changes_over: bool
) -> None:
    async def main() -> None:
        town = Town(own_pki_id)
        ours, theirs = await dialled(town), await town.enter()
        await asyncio.sleep(LINGER_S / 2 - 0.1)
        assert town.store.find(BOB) is ours
        await asyncio.sleep(0.2)
        assert town.store.find(BOB) is (theirs if changes_over else ours)
        retired = ours if changes_over else theirs
        await retired.wait_ended()
        assert now_s() == (3.5 * LINGER_S if changes_over else LINGER_S)
        assert len(town.dead) == 0
        await town.clear()

    run_virtual(main())


def test_of_two_that_we_dialled_the_newer_stays() -> None:
    async def main() -> None:
        town = Town(LOWER)
        first, second = await dialled(town), await dialled(town)
        await asyncio.sleep(LINGER_S * 0.75)
        assert town.store.find(BOB) is second
        await first.wait_ended()
        assert now_s() == 3 * LINGER_S
        await town.clear()

    run_virtual(main())


def test_what_waits_for_our_dial_leaves_on_it_or_after_a_while_on_the_peers_own() -> None:
    async def main() -> None:
        town = Town()
        dial = town.dials.add(RemotePeer("bob:7051", BOB), BOB)
        dial.queue_nowait(b"1")
        theirs = await town.enter()
        assert (theirs.is_flushed, town.store.find(BOB)) == (True, None)
        ours = await dialled(town)
        assert (ours.queued, theirs.queued, town.store.find(BOB)) == (1, 0, ours)
        await town.clear()

        town = Town()
        dial = town.dials.add(RemotePeer("bob:7051", BOB), BOB)
        dial.queue_nowait(b"1")
        stream = QuietStream()
        theirs = await town.enter(stream)
        await asyncio.sleep(LINGER_S / 2 + 0.1)
        assert (town.store.find(BOB), stream.sent) == (theirs, [b"1"])
        await town.clear()

    run_virtual(main())


def test_where_our_dial_fails_the_peers_own_connection_stands_in() -> None:
    async def main() -> None:
        town = Town()
        assert town.connections.stand_in(BOB) is None
        town.dials.add(RemotePeer("bob:7051", BOB), BOB)
        theirs = await town.enter()
        assert town.connections.stand_in(BOB) is theirs
        assert town.store.find(BOB) is theirs
        assert town.connections._lingering == {}
        assert town.connections.stand_in(BOB) is theirs
        await town.clear()

    run_virtual(main())


def test_one_that_takes_nothing_any_more_does_not_stand_in() -> None:
    """Its writer has failed, and its reader is held up by a subscriber and has not heard of it."""

    async def main() -> None:
        town = Town()
        theirs = await town.enter()
        theirs._fail(StreamBrokenError("gone"))
        assert town.store.find(BOB) is theirs
        assert town.connections.stand_in(BOB) is None
        await town.clear()

    run_virtual(main())


def test_one_that_still_has_to_send_lingers_until_it_has() -> None:
    async def main() -> None:
        town, stream = Town(), StickyStream()
        old = await town.enter(stream)
        old.send_nowait(b"queued before it was replaced")
        await town.enter()
        await asyncio.sleep(LINGER_S + 1)
        assert old.is_open
        stream.is_free.set()
        await old.wait_ended()
        assert now_s() == 2 * LINGER_S
        assert stream.sent == [b"queued before it was replaced"]
        await town.clear()

    run_virtual(main())


def test_one_too_many_ends_the_oldest_at_once() -> None:
    async def main() -> None:
        town = Town()
        connections = [await town.enter() for _ in range(MAX_RETIRED + 1)]
        assert all(connection.is_open for connection in connections)
        connections.append(await town.enter())
        assert [connection.is_open for connection in connections] == [False] + [True] * (MAX_RETIRED + 1)
        await town.clear()

    run_virtual(main())


def test_one_whose_message_waits_for_its_subscriber_lingers_until_it_has_it() -> None:
    async def main() -> None:
        has_room = asyncio.Event()

        async def deliver(_connection: Connection, _frames: Sequence[bytes]) -> None:
            await has_room.wait()

        town = Town(deliver=deliver)
        old = await town.enter(OneMessage())
        await town.enter()
        await asyncio.sleep(LINGER_S + 1)
        assert old.is_open
        has_room.set()
        await old.wait_ended()
        assert now_s() == 2 * LINGER_S
        await town.clear()

    run_virtual(main())


def test_one_on_which_something_still_comes_lingers_until_nothing_does() -> None:
    async def main() -> None:
        taken: list[bytes] = []

        async def deliver(_connection: Connection, frames: Sequence[bytes]) -> None:
            taken.extend(frames)

        town, stream = Town(deliver=deliver), SlowStream(LINGER_S - 0.1, LINGER_S)
        old = await town.enter(stream)
        await town.enter()
        await old.wait_ended()
        assert (len(taken), now_s()) == (2, 3 * LINGER_S)
        await town.clear()

    run_virtual(main())


def test_who_was_sent_something_on_a_retired_one_has_a_minute_to_read_it() -> None:
    async def main() -> None:
        town = Town()
        old = await dialled(town, QuietStream(is_deaf=True))
        await asyncio.sleep(LINGER_S)
        await town.enter()
        await old.wait_ended()
        assert now_s() == 2 * LINGER_S + RETIRED_S
        await town.clear()

    run_virtual(main())


def test_of_two_that_wait_for_our_dial_the_newer_stands_in() -> None:
    """The peer may have lost its power, and the older one with it."""

    async def main() -> None:
        town = Town()
        town.dials.add(RemotePeer("bob:7051", BOB), BOB)
        first, second = await town.enter(), await town.enter()
        await asyncio.sleep(LINGER_S / 2 + 0.1)
        assert town.store.of(BOB) == [second, first]
        await first.wait_ended()
        assert now_s() == 1.5 * LINGER_S
        assert second.is_open
        await town.clear()

    run_virtual(main())


def test_one_that_came_back_and_is_replaced_again_lingers_anew() -> None:
    async def main() -> None:
        town = Town()
        first, second = await town.enter(), await town.enter()
        await asyncio.sleep(1)
        second.close()
        await second.wait_ended()
        await town.enter()
        await first.wait_ended()
        assert now_s() == 1 + LINGER_S
        await town.clear()

    run_virtual(main())


def test_one_that_came_back_stays() -> None:
    async def main() -> None:
        town = Town()
        first, second = await town.enter(), await town.enter()
        second.close()
        await second.wait_ended()
        await asyncio.sleep(2 * LINGER_S + RETIRED_S)
        assert (first.is_open, town.store.find(BOB)) == (True, first)
        await town.clear()

    run_virtual(main())


def test_one_that_came_back_has_nothing_to_change_over_from() -> None:
    async def main() -> None:
        town = Town(LOWER)
        ours, theirs = await dialled(town), await town.enter()
        ours.close()
        await asyncio.sleep(LINGER_S)
        assert (theirs.is_open, town.store.find(BOB)) == (True, theirs)
        await town.clear()

    run_virtual(main())


def test_one_that_ends_while_it_lingers_leaves_no_timer() -> None:
    async def main() -> None:
        town = Town()
        old, _ = await town.enter(), await town.enter()
        old.close()
        await old.wait_ended()
        assert town.connections._lingering == {}
        await town.clear()

    run_virtual(main())


def test_whoever_waits_for_an_answer_is_told_only_when_no_connection_is_left() -> None:
    async def main() -> None:
        town, answers = Town(), Answers()
        old, new = await town.enter(), await town.enter()
        town.acks.expect(BOB, 7, answers.note)
        old.close()
        await old.wait_ended()
        assert answers == []
        new.close()
        await new.wait_ended()
        assert [(peer, type(error)) for peer, error in answers] == [(BOB, ClosedError)]
        await town.clear()

    run_virtual(main())


def test_whoever_sent_what_it_must_not_is_not_presumed_dead() -> None:
    async def main() -> None:
        town = Town()
        bad = Connection(info_of("bob"), MalformedStream(), capacity=3, metrics=NoMetrics())
        town.connections.admit(bad)
        with pytest.raises(MalformedMessageError):
            await town.connections.run(bad, [])
        assert (town.metrics.connected, len(town.dead)) == (0, 0)

    run_virtual(main())


def test_many_peers_that_send_what_they_must_not_are_said_in_one_line_for_each_host(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An organisation may have identities without number; it shall not fill our logs."""

    async def main() -> None:
        town = Town()
        for name, host in (("ann", "192.0.2.1"), ("bob", "192.0.2.1"), ("eve", "192.0.2.2"), ("dan", "192.0.2.1")):
            info = replace(info_of(name), endpoint=f"{host}:7051")
            bad = Connection(info, MalformedStream(), capacity=3, metrics=NoMetrics())
            town.connections.admit(bad)
            with pytest.raises(MalformedMessageError):
                await town.connections.run(bad, [])

    run_virtual(main())
    said = [text.partition(":")[0] for text in caplog.messages]
    assert said == ["Closed the connection with 192.0.2.1", "Closed the connection with 192.0.2.2"]


def test_peers_at_any_number_of_hosts_get_a_hundred_lines(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        town = Town()
        for number in range(120):
            info = replace(info_of("bob"), endpoint=f"192.0.2.{number}:7051")
            bad = Connection(info, MalformedStream(), capacity=3, metrics=NoMetrics())
            town.connections.admit(bad)
            with pytest.raises(MalformedMessageError):
                await town.connections.run(bad, [])

    with caplog.at_level(logging.INFO, "gossip.comm"):
        run_virtual(main())
    assert len(caplog.messages) == 100


def test_nobody_is_admitted_after_the_end() -> None:
    async def main() -> None:
        town = Town()
        await town.clear()
        with pytest.raises(ClosedError, match="shutting down"):
            await town.enter()

    run_virtual(main())


class EndedStream(QuietStream):
    """Of a peer that is gone again."""

    async def receive(self) -> Sequence[bytes]:
        return []


def test_a_peer_that_comes_and_goes_is_said_to_be_lost_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        town = Town()
        for _ in range(5):
            await (await town.enter(EndedStream())).wait_ended()
        assert len(town.dead) == 5, "each is announced all the same"
        await asyncio.sleep(11)
        await (await town.enter(EndedStream())).wait_ended()
        await town.clear()

    with caplog.at_level(logging.INFO, "gossip.comm"):
        run_virtual(main())
    assert [text.endswith("(4 more like it were not logged)") for text in caplog.messages] == [False, True]


def test_a_flush_waits_for_what_is_queued_on_a_retired_one_too() -> None:
    async def main() -> None:
        town, stream = Town(), StickyStream()
        old = await town.enter(stream)
        old.send_nowait(b"1")
        await town.enter()
        connector: Any = None  # who flushes dials nobody
        sending = Sending(town.store, town.dials, connector, town.acks, Overflow(town.metrics))
        flushing = asyncio.create_task(sending.flush([RemotePeer("bob:7051", BOB)]))
        await asyncio.sleep(0.1)
        assert not flushing.done()
        stream.is_free.set()
        await flushing
        assert stream.sent == [b"1"]
        await town.clear()

    run_virtual(main())


def test_one_on_which_a_message_is_under_way_lingers_until_it_has_come() -> None:
    async def main() -> None:
        town, stream = Town(), QuietStream()
        old = await town.enter(stream)
        await town.enter()
        stream.is_receiving = True
        await asyncio.sleep(2.5 * LINGER_S)
        assert old.is_open
        stream.is_receiving = False
        await old.wait_ended()
        assert now_s() == 3 * LINGER_S
        await town.clear()

    run_virtual(main())


def test_a_message_that_never_becomes_whole_keeps_no_retired_one_open() -> None:
    async def main() -> None:
        town, stream = Town(), QuietStream()
        old = await town.enter(stream)
        await town.enter()
        stream.is_receiving = True
        await old.wait_ended()
        assert now_s() == RETIRED_S
        await town.clear()

    run_virtual(main())

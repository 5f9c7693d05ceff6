"""A peer that misbehaves in every way we know: each ends as it should, and the peer beside it notices nothing."""

import asyncio
import logging
from collections import Counter
from dataclasses import replace

import pytest

from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.ending import CUT, SERVED, End, Ending
from gossip.misbehave.fault import Fault, Layer
from gossip.misbehave.run import misbehave, storm
from gossip.misbehave.session import Session, data_envelope
from gossip.node.peer import open_peer
from gossip.transport.gate import Offence
from gossip.transport.http2.frame import WINDOW_BYTES
from gossip.transport.limits import KIB, MIB, ServerLimits
from tests.support.attacked import QUICK, Scene, attacked, attacker_on, settings_of
from tests.support.bounded import run_bounded

HONEST_CONNECTIONS = 1
ASKING = frames.message(data_envelope(b"?", 7))


async def nothing_is_left(scene: Scene, tasks_before: int) -> None:
    """Return once the honest peer's connection is the only one, and the tasks are those that were there before."""
    while scene.connections > HONEST_CONNECTIONS or len(asyncio.all_tasks()) > tasks_before:  # noqa: ASYNC110  # neither has an event
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_fault_ends_as_it_should(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with attacked() as scene:
            tasks_before = len(asyncio.all_tasks())
            ending = await misbehave(scene.attacker, fault)
            assert fault.expected.covers(ending), f"it ended with {ending}, and should with {fault.expected}"
            assert await scene.honest_is_served()
            await nothing_is_left(scene, tasks_before)
            expected = {fault.offence} if fault.offence is not None else set()
            assert set(scene.metrics.cut) == expected

    with caplog.at_level(logging.INFO):
        run_bounded(main)
    lines = [record for record in caplog.records if record.name == "gossip.transport"]
    assert len(lines) == (fault.offence is not None), "one line says why it was cut, if it was"
    assert [record for record in caplog.records if record.exc_info] == [], "no fault of a peer is a traceback"
    if fault.expected.end is End.STATUS and fault.layer in (Layer.HANDSHAKE, Layer.MESSAGES):
        said = [text for text in caplog.messages if (fault.expected.words or "failed") in text]
        assert bool(said) == (fault.expected.code != "OK"), "a refusal is said, with its reason"


def test_who_takes_no_answers_holds_up_nobody_but_itself() -> None:
    async def main() -> None:
        async with attacked(ServerLimits()) as scene, scene.attacker.session() as session:
            session.peer.write(frames.settings({frames.INITIAL_WINDOW_SIZE: 0}))
            await session.pour(ASKING * 2000, 0.2)
            assert all([await scene.honest_is_served() for _ in range(50)])
            assert not session.peer.is_over(session.stream_id)

    run_bounded(main)


def test_half_messages_of_a_stranger_take_no_more_than_one_whole_one() -> None:
    async def main() -> None:
        async with attacked(comm=replace(QUICK, conn_timeout_s=30.0)) as scene, scene.attacker.http2() as peer:
            streams = range(1, 2 * ServerLimits().max_handshakes, 2)
            body = frames.message(bytes(WINDOW_BYTES), announced_bytes=ServerLimits().max_handshake_bytes)
            await peer.greeted(1.0)
            for stream_id in streams:
                peer.open(stream_id)
            sent = [await peer.send(stream_id, body, 0.02) for stream_id in streams]
            assert sum(sent) == len(frames.message(bytes(ServerLimits().max_handshake_bytes)))
            assert not peer.is_over(0)

    run_bounded(main)


def test_messages_under_way_on_all_streams_count_together_also_where_a_length_of_the_body_is_said() -> None:
    fields = [*frames.request(), ("content-length", "999999999")]
    half = frames.message(bytes(700 * KIB), announced_bytes=MIB)

    async def main() -> None:
        async with attacked(comm=replace(QUICK, max_message_bytes=MIB)) as scene, scene.attacker.http2() as peer:
            forger = scene.attacker.forger
            sessions = [Session(peer, stream_id, scene.attacker.patience_s) for stream_id in (1, 3)]
            for session, persona in zip(sessions, forger.newcomers(2), strict=True):
                peer.open(session.stream_id, fields)
                session.say(forger.conn_establish(persona))
                await session.heard_conn_establish()
            for session in sessions:
                await session.pour(half, 1.0)
            assert await peer.until(lambda: peer.is_closed, 1.0)
            assert set(scene.metrics.cut) == {Offence.FLOOD}

    run_bounded(main)


def test_header_fields_for_a_call_that_is_over_are_refused_with_a_reason(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with attacked() as scene, scene.attacker.http2() as peer:
            peer.call_ping(1)
            await peer.ending(1.0)
            peer.forget(1)
            peer.write(frames.headers(1, peer.block()))
            await peer.until(lambda: peer.is_closed, 1.0)

    with caplog.at_level(logging.WARNING):
        run_bounded(main)
    (line,) = (text for text in caplog.messages if "breaks the rules" in text)
    assert line.endswith("breaks the rules of HTTP/2: a frame for stream 1, which is closed")


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS.values() if fault.expected == SERVED], ids=lambda fault: fault.name
)
def test_who_acknowledges_nothing_serves_all_the_same(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossip.misbehave.session.ACK_PATIENCE_S", 0.1)

    async def main() -> None:
        async with open_peer(settings_of(1, 0, listen="127.0.0.1:0")) as victim:
            assert await misbehave(attacker_on(victim.endpoint), fault) == SERVED

    run_bounded(main)


def test_storm_counts_how_each_attempt_ended() -> None:
    flood = FAULTS["ping-flood"]
    endings: list[Ending] = []

    async def noting(attacker: Attacker) -> Ending:
        endings.append(await flood.run(attacker))
        return endings[-1]

    async def main() -> None:
        async with attacked() as scene:
            tasks_before = len(asyncio.all_tasks())
            outcome = await storm([scene.attacker] * 5, replace(flood, run=noting), duration_s=0.2)
            assert outcome.endings == Counter(endings)
            assert outcome.first_took_s is not None
            assert all(flood.expected.covers(ending) for ending in outcome.endings)
            assert await scene.honest_is_served()
            await nothing_is_left(scene, tasks_before)

    run_bounded(main)


def test_slow_headers_are_cut_off_however_slow() -> None:
    async def main() -> None:
        async with attacked() as scene:
            attacker = replace(scene.attacker, patience_s=8.0, pace_s=1.0)
            assert await misbehave(attacker, FAULTS["slow-headers"]) == CUT
            assert set(scene.metrics.cut) == {Offence.SLOW}

    run_bounded(main)


def test_many_identities_are_served_beyond_the_number_that_is_kept() -> None:
    async def main() -> None:
        async with attacked(max_identities=5) as scene:
            attacker = replace(scene.attacker, amount=20)
            assert await misbehave(attacker, FAULTS["many-identities"]) == SERVED
            assert len(scene.victim.identities.identity_info()) == 5
            assert await scene.honest_is_served()
            assert set(scene.metrics.cut) == set()

    run_bounded(main)


def test_faults_are_many_and_say_what_they_do() -> None:
    assert len(FAULTS) >= 40
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert len(fault.description) >= 10, name
        assert "\n" not in fault.description, name
        assert fault.limit, name

"""Metrics that raise break nothing."""

import asyncio
import logging

import pytest

from gossip.comm.guarded_metrics import guarded
from gossip.errors import ConfigurationError
from gossip.metrics import Metrics, NoMetrics, Outcome
from gossip.transport.memory import MemoryNetwork
from gossip.types import PkiId
from tests.support.peers import MemoryPeer, data_message, everything
from tests.support.recorders import RecordingMetrics
from tests.support.virtual_time import run_virtual

BOB = PkiId(b"bob")


class Failing:
    """Metrics of which every method raises."""

    def __getattr__(self, name: str) -> object:
        def fail(*_: object, **__: object) -> None:
            raise RuntimeError(f"{name} is broken")

        return fail


def failing() -> Metrics:
    metrics: Metrics = Failing()  # type: ignore[assignment]  # its methods are made when they are asked for
    return metrics


def count_everything(metrics: Metrics) -> None:
    metrics.messages_sent(2)
    metrics.messages_received(3)
    metrics.overflow(BOB)
    metrics.handshake(Outcome.ACCEPTED, initiator=True)
    metrics.connections(4)
    metrics.connection_cut("flood")


def test_metrics_that_must_be_awaited_are_refused() -> None:
    async def connections(_count: int) -> None: ...

    metrics = NoMetrics()
    setattr(metrics, "connections", connections)  # noqa: B010 -- mypy refuses to assign to a method
    with pytest.raises(ConfigurationError, match=r"^metrics must answer at once, and .*connections is a coroutine"):
        guarded(metrics)


def test_every_figure_is_passed_on() -> None:
    recorder = RecordingMetrics()
    count_everything(guarded(recorder))
    assert (recorder.sent, recorder.received, recorder.connected) == (2, 3, 4)
    assert (recorder.overflown, recorder.handshakes, recorder.cut) == ([BOB], [(Outcome.ACCEPTED, True)], ["flood"])


def test_what_they_raise_is_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "gossip.comm"):
        count_everything(guarded(failing()))
    assert [record.getMessage() for record in caplog.records] == ["Metrics failed"]
    assert "messages_sent is broken" in caplog.text


def test_without_metrics_nothing_is_guarded() -> None:
    assert isinstance(guarded(None), NoMetrics)


def test_peers_whose_metrics_raise_talk_and_stop_all_the_same() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = (MemoryPeer(network, name, metrics=failing()) for name in ("one", "two"))
        with two.comm.accept(everything) as messages:
            asking = asyncio.create_task(one.comm.send_with_ack(data_message(), 3, 1, two.remote))
            await (await anext(messages)).ack()
            assert (await asking).ack_count() == 1
        await one.close()
        await two.close()

    run_virtual(main())

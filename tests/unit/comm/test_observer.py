"""What a user's observer raises stays with it."""

import asyncio
import logging

import pytest

from gossip.api.peer import ConnectionInfo
from gossip.comm.observer import GuardedObserver, Observer
from gossip.errors import ClosedError, ConfigurationError, GossipError
from tests.support.connections import info_of
from tests.support.recorders import RecordingObserver


def tell_everything(observer: Observer) -> None:
    observer.connected(info_of("bob"), outgoing=True)
    observer.disconnected(info_of("bob"), None)
    observer.probed(info_of("ann"))
    observer.refused("cid:1", ClosedError("no"))


class Failing(Observer):
    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        raise BrokenPipeError("nobody reads our events")

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        raise BrokenPipeError("nobody reads our events")


def test_one_whose_methods_must_be_awaited_is_named() -> None:
    async def probed(_info: ConnectionInfo) -> None: ...

    observer = Observer()
    setattr(observer, "probed", probed)  # noqa: B010 -- mypy refuses to assign to a method
    with pytest.raises(ConfigurationError, match=r"^observer must answer at once, and .*probed is a coroutine"):
        GuardedObserver(observer)


def test_every_event_is_passed_on() -> None:
    recorder = RecordingObserver()
    tell_everything(GuardedObserver(recorder))
    assert recorder.connections == [(info_of("bob"), True)]
    assert recorder.ends == [(info_of("bob"), None)]
    assert recorder.probes == [info_of("ann")]
    assert [str(error) for error in recorder.refusals] == ["no"]


def test_what_it_raises_is_logged_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "gossip.comm"):
        tell_everything(GuardedObserver(Failing()))
    assert [record.getMessage() for record in caplog.records] == ["An observer failed"]
    assert "nobody reads our events" in caplog.text


def test_that_its_future_was_cancelled_cancels_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Asking(Observer):
        def probed(self, info: ConnectionInfo) -> None:
            raise asyncio.CancelledError

    with caplog.at_level(logging.ERROR, "gossip.comm"):
        tell_everything(GuardedObserver(Asking()))
    assert [record.getMessage() for record in caplog.records] == ["An observer failed"]

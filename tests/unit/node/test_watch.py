"""Watching files: what counts as a change, and when it is taken up."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gossip.api.options import DialOptions, TlsFiles
from gossip.node.settings import PeerSettings
from gossip.node.watch import REST_S, fingerprint, reload_when_asked, watch, watched_paths

Step = Callable[[], object]


class ScriptedClock:
    """Lets something happen in each sleep, and ends the watch after the last."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = iter(steps)
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        step = next(self._steps, None)
        if step is None:
            raise asyncio.CancelledError
        step()


def reloads_during(paths: list[Path], *steps: Step, works: tuple[bool, ...] = ()) -> list[int]:
    """After how many sleeps files were taken up; ``works`` is what came of it, and then all is well."""
    clock = ScriptedClock(list(steps))
    reloads: list[int] = []
    outcomes = iter(works)

    async def reload() -> bool:
        reloads.append(len(clock.slept_s))
        return next(outcomes, True)

    watching = watch(paths, fingerprint(paths), reload, clock, 7)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watching)
    assert set(clock.slept_s) == {7}
    return reloads


def nothing() -> None:
    """A sleep in which nothing happens."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file in a folder."""
    (tmp_path / "crls").mkdir()
    (tmp_path / "crls" / "crl.pem").write_text("one")
    return tmp_path


def test_what_stays_as_it_is_is_not_taken_up(folder: Path) -> None:
    assert reloads_during([folder], nothing, nothing, nothing) == []


def test_a_change_is_taken_up_once_it_has_been_left_alone(folder: Path) -> None:
    file = folder / "crls" / "crl.pem"

    assert reloads_during([folder], lambda: file.write_text("two!"), nothing, nothing, nothing) == [2]


def test_what_could_not_be_taken_up_is_tried_again(folder: Path) -> None:
    """Though nothing has changed: what was lacking may have been a file descriptor."""
    file = folder / "crls" / "crl.pem"
    steps: list[Step] = [lambda: file.write_text("two!"), *[nothing] * 5]
    assert reloads_during([folder], *steps, works=(False, False)) == [2, 3, 4]


def test_what_may_be_read_now_is_taken_up(folder: Path) -> None:
    file = folder / "crls" / "crl.pem"
    file.chmod(0o000)
    assert reloads_during([folder], lambda: file.chmod(0o600), nothing, nothing, nothing) == [2]


def test_folders_that_are_linked_are_looked_into_once(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "ca.pem").write_text("one")
    (elsewhere / "back").symlink_to(folder)
    watched = folder / "msp"
    watched.mkdir()
    (watched / "cacerts").symlink_to(elsewhere)
    steps: list[Step] = [lambda: (elsewhere / "ca.pem").write_text("two!"), nothing, nothing]
    assert reloads_during([watched], *steps) == [2]


def test_of_two_links_to_one_folder_each_is_looked_at(folder: Path) -> None:
    (folder / "one").mkdir()
    (folder / "one" / "ca.pem").write_text("one")
    (folder / "two").mkdir()
    (folder / "two" / "ca.pem").write_text("two")
    watched = folder / "msp"
    watched.mkdir()
    for name in ("cacerts", "tlscacerts"):
        (watched / name).symlink_to(folder / "one")

    def point(name: str) -> None:
        (watched / name).unlink()
        (watched / name).symlink_to(folder / "two")

    for name in ("cacerts", "tlscacerts"):
        assert reloads_during([watched], partial(point, name), nothing, nothing) == [2]


def test_no_room_for_a_thread_is_one_look_less(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    to_thread = asyncio.to_thread
    looks: list[None] = []

    async def to_thread_from_the_second_time_on(*args: Any) -> object:
        looks.append(None)
        if len(looks) == 1:
            raise RuntimeError("can't start new thread")
        return await to_thread(*args)

    monkeypatch.setattr(asyncio, "to_thread", to_thread_from_the_second_time_on)
    file = folder / "crls" / "crl.pem"
    assert reloads_during([folder], lambda: file.write_text("two!"), nothing, nothing, nothing) == [3]


def test_while_a_file_is_being_written_it_is_left_alone(folder: Path) -> None:
    file = folder / "crls" / "crl.pem"
    writes: list[Step] = [partial(file.write_text, "x" * length) for length in (10, 20, 30)]

    assert reloads_during([folder], *writes, nothing, nothing) == [4]


def test_a_change_that_was_taken_back_is_none(folder: Path) -> None:
    beside = folder / "crls" / "new.pem"

    assert reloads_during([folder], beside.touch, beside.unlink, nothing) == []


def test_files_that_come_go_or_are_replaced_are_changes(folder: Path) -> None:
    file, beside = folder / "crls" / "crl.pem", folder / "crl.pem"
    steps: list[Step] = [
        (folder / "crls" / "new.pem").touch,
        nothing,
        (folder / "crls" / "new.pem").unlink,
        nothing,
        lambda: beside.write_text("two"),
        lambda: beside.replace(file),
        nothing,
    ]

    assert reloads_during([folder / "crls"], *steps) == [2, 4, 7]


def test_what_changed_before_the_first_look_is_taken_up_too(folder: Path) -> None:
    loaded = fingerprint([folder])
    (folder / "crls" / "crl.pem").write_text("two!")
    reloads: list[int] = []

    async def reload() -> bool:
        reloads.append(1)
        return True

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watch([folder], loaded, reload, ScriptedClock([nothing, nothing, nothing]), 7))

    assert reloads == [1]


def test_without_an_interval_nobody_looks(folder: Path) -> None:
    clock = ScriptedClock([])

    async def reload() -> bool:
        raise AssertionError

    asyncio.run(watch([folder], fingerprint([]), reload, clock, 0))

    assert clock.slept_s == []


def test_a_path_that_is_not_there_has_no_fingerprint(tmp_path: Path) -> None:
    assert fingerprint([tmp_path / "nothing"]) == frozenset()


def test_what_may_not_be_looked_at_ends_no_watch(tmp_path: Path) -> None:
    (tmp_path / "tls").symlink_to("x" * 300)

    assert fingerprint([tmp_path / "tls"]) == frozenset()


def test_everything_that_makes_a_peer_is_watched() -> None:
    own = TlsFiles(Path("own.crt"), Path("own.key"), (Path("ca"),))
    client = TlsFiles(Path("client.crt"), Path("client.key"), (Path("ca2"),))
    settings = PeerSettings(
        "Org1MSP", Path("msp"), own, organizations={"Org2MSP": Path("org2")}, dial=DialOptions(tls=client)
    )

    watched = {"msp", "org2", "own.crt", "own.key", "ca", "client.crt", "client.key", "ca2"}
    assert {str(path) for path in watched_paths(settings)} == watched


def test_any_number_of_requests_are_one_reload_and_a_rest() -> None:
    """Requests in the rest are another; what is asked for while files are read may have come too late for them."""
    asked = asyncio.Event()
    events: list[str] = []

    async def reload() -> None:
        events.append("reload")
        if len(events) == 1:
            asked.set()

    def ask_thrice() -> None:
        events.append("rest")
        for _ in range(3):
            asked.set()

    clock = ScriptedClock([nothing_but(events), ask_thrice])
    asked.set()
    asked.set()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(reload_when_asked(asked, reload, clock))
    assert events == ["reload", "rest", "reload", "rest", "reload"]
    assert clock.slept_s == [REST_S] * 3


def nothing_but(events: list[str]) -> Step:
    """A sleep that is noted."""
    return lambda: events.append("rest")

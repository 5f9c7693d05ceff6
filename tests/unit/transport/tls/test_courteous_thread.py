"""A thread lets everybody else go first while something takes it long, and only then."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from gossip.transport.tls import courteous_thread as module
from gossip.transport.tls.courteous_thread import EAGER_S, NICENESS, CourteousThread

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no niceness of its own")

OURS = os.getpriority(os.PRIO_PROCESS, 0)


class Work:
    """Something that is under way until the test says so, and tells in which thread."""

    def __init__(self) -> None:
        self.native_id = 0
        self._began = threading.Event()
        self._may_end = threading.Event()

    def __call__(self) -> int:
        self.native_id = threading.get_native_id()
        self._began.set()
        assert self._may_end.wait(timeout=10)
        return self.native_id

    def begin(self, thread: CourteousThread) -> "Future[int]":
        """Have it begun."""
        future = thread.submit(self)
        assert self._began.wait(timeout=10)
        return future

    def end(self) -> None:
        """Let it end."""
        self._may_end.set()

    @property
    def niceness(self) -> int:
        """Of the thread that it is in."""
        return os.getpriority(os.PRIO_PROCESS, self.native_id)


@pytest.fixture
def thread() -> Iterator[CourteousThread]:
    with CourteousThread("courteous") as thread:
        yield thread


@pytest.fixture
def used_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long whatever is under way has had a processor; the last one counts."""
    used_s = [0.0]
    monkeypatch.setattr(module, "thread_time", lambda: 100.0)
    monkeypatch.setattr(module, "clock_gettime", lambda _: 100.0 + used_s[-1])
    return used_s


@pytest.mark.parametrize(
    ("took_s", "niceness"), [(0.0, OURS), (EAGER_S * 0.9, OURS), (EAGER_S * 1.1, NICENESS), (EAGER_S * 100, NICENESS)]
)
def test_it_lets_others_go_first_once_something_took_long(
    took_s: float, niceness: int, thread: CourteousThread, used_s: list[float]
) -> None:
    work = Work()
    future = work.begin(thread)
    try:
        assert work.niceness == OURS
        used_s.append(took_s)
        thread.look()
        assert work.niceness == niceness
    finally:
        work.end()
    assert future.result() == work.native_id
    assert os.getpriority(os.PRIO_PROCESS, 0) == OURS, "ours stays"


def test_when_nothing_is_under_way_a_look_changes_nothing(thread: CourteousThread, used_s: list[float]) -> None:
    used_s.append(EAGER_S * 100)
    thread.look()
    native_id = thread.submit(threading.get_native_id).result()
    thread.look()
    assert os.getpriority(os.PRIO_PROCESS, native_id) == OURS


def test_what_comes_when_all_is_done_has_an_eager_thread_again(thread: CourteousThread, used_s: list[float]) -> None:
    long, short = Work(), Work()
    done = long.begin(thread)
    used_s.append(EAGER_S * 100)
    thread.look()
    long.end()
    done.result()
    done = short.begin(thread)
    try:
        assert short.native_id != long.native_id
        assert short.niceness == OURS
    finally:
        short.end()
    assert done.result() == short.native_id


def test_what_waits_behind_something_long_is_not_done_beside_it(thread: CourteousThread, used_s: list[float]) -> None:
    """What takes long may take much memory, too."""
    long, behind, last = Work(), Work(), Work()
    long.begin(thread)
    waiting = thread.submit(behind)
    used_s.append(EAGER_S * 100)
    thread.look()
    waits_longer = thread.submit(last)
    for work in (long, behind, last):
        work.end()
    assert {waiting.result(), waits_longer.result()} == {long.native_id}


def test_where_a_sandbox_forbids_it_things_are_done_all_the_same(
    thread: CourteousThread, used_s: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", forbid)
    work = Work()
    future = work.begin(thread)
    used_s.append(EAGER_S * 100)
    thread.look()
    work.end()
    assert future.result() == work.native_id
    assert thread.submit(lambda: 7).result() == 7


def test_what_is_raised_comes_back(thread: CourteousThread) -> None:
    with pytest.raises(ZeroDivisionError):
        thread.submit(divmod, 1, 0).result()

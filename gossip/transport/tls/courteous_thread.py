"""A thread as eager as the loop, until something takes it long: then it lets everybody else go first."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import thread_time
from typing import NamedTuple, ParamSpec, TypeVar

if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
    from time import clock_gettime, pthread_getcpuclockid

EAGER_S = 0.01
"""How long something may have a processor before its thread lets others go first.

On a virtual machine that shares its processors, what takes half a millisecond may seem to have taken more than three.
"""
NICENESS = 19
"""With less, a loop with only one processor waited for 3 to 8 ms at a time until the thread paused."""

P = ParamSpec("P")
R = TypeVar("R")


class CourteousThread(Executor):
    """Does one thing at a time, in order.

    The system lets nobody take niceness back. So once a thread that let others go first has nothing to do, another one
    takes its place: where other programs keep the machine busy, it would not get to what is short for seconds.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = _Thread(name)
        self._has_done_all: Callable[[], bool] = lambda: True

    def submit(self, work: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Have something done behind what was given before."""
        if self._thread.lets_others_go_first and self._has_done_all():
            self._thread.executor.shutdown(wait=False)
            self._thread = _Thread(self._name)
        future = self._thread.executor.submit(self._thread.run, partial(work, *args, **kwargs))
        self._has_done_all = future.done
        return future

    def look(self) -> None:
        """Have it let others go first if what it does takes long; to be called from time to time while it works."""
        self._thread.look()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End, as any executor."""
        self._thread.executor.shutdown(wait, cancel_futures=cancel_futures)


class _UnderWay(NamedTuple):
    native_id: int
    clock: int
    began_at_s: float


class _Thread:
    """One of the system's."""

    def __init__(self, name: str) -> None:
        self.executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self.lets_others_go_first = False
        self._under_way: _UnderWay | None = None

    def run(self, work: Callable[[], R]) -> R:
        """Do something, in the thread."""
        if sys.platform == "linux":
            clock = pthread_getcpuclockid(threading.get_ident())
            self._under_way = _UnderWay(threading.get_native_id(), clock, thread_time())
        try:
            return work()
        finally:
            self._under_way = None

    def look(self) -> None:
        """Let others go first if what is under way has had a processor for long, not if it only began long ago."""
        under_way = self._under_way
        if under_way is None or self.lets_others_go_first:
            return
        used_s = 0.0
        if sys.platform == "linux":
            used_s = clock_gettime(under_way.clock) - under_way.began_at_s
        if used_s > EAGER_S and self._under_way is under_way:
            self.lets_others_go_first = True
            with suppress(OSError):  # a sandbox may forbid it
                os.setpriority(os.PRIO_PROCESS, under_way.native_id, NICENESS)

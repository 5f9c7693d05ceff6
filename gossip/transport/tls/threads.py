"""Threads that take steps of TLS handshakes; addresses take turns in them."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from time import thread_time
from typing import NamedTuple

from gossip.transport.tls.courteous_thread import CourteousThread

LONG_S = 0.003
RESTS = 9
"""How many times as long as a costly step took its address rests: of the time, it gets a tenth.

To free what OpenSSL has read takes a tenth as long as to read it, and stops everybody.
"""


class Step(NamedTuple):
    """What became of a step: what OpenSSL raised, and what it took of a processor."""

    error: ssl.SSLError | None
    took_s: float

    @property
    def is_costly(self) -> bool:
        """Whether it took long, and failed. One that did not fail was another machine's doing."""
        has_failed = self.error is not None and not isinstance(self.error, ssl.SSLWantReadError)
        return has_failed and self.took_s > LONG_S


Done = Callable[[ssl.SSLError | None], None]


def take_step(tls: ssl.SSLObject) -> Step:
    """Go on with a handshake as far as it goes without more of what the peer says."""
    began_at_s = thread_time()
    error: ssl.SSLError | None = None
    try:
        tls.do_handshake()
    except ssl.SSLError as raised:
        error = raised.with_traceback(None)
    return Step(error, thread_time() - began_at_s)


class Waiting:
    """A step that waits for a thread. Whoever gives it up lets go of 100 KB at once, however many wait before it."""

    __slots__ = ("_afterwards", "_done", "_tls")

    def __init__(self, tls: ssl.SSLObject, done: Done) -> None:
        self._tls: ssl.SSLObject | None = tls
        self._done: Done | None = done
        self._afterwards: Callable[[], None] | None = None

    @property
    def is_given_up(self) -> bool:
        """Whether nobody wants it any more."""
        return self._done is None

    def run(self) -> Step:
        """Take it, if nobody gave it up."""
        tls, self._tls = self._tls, None
        return Step(None, 0.0) if tls is None else take_step(tls)

    def tell(self, step: Step) -> None:
        """Say what became of it, if nobody gave it up meanwhile."""
        if self._done is not None:
            self._done(step.error)
        elif self._afterwards is not None:
            self._afterwards()

    def give_up(self, afterwards: Callable[[], None]) -> None:
        """Do not take it; if it is being taken, do something on the loop ``afterwards``."""
        if self._tls is None:
            self._afterwards = afterwards
        self._tls = self._done = None


class Line:
    """Steps of one loop's handshakes that wait for the same thread.

    Each address has one step at a time in the thread, so that it waits for no more than one of each other address;
    after a costly one it rests. What waits behind a good one is taken on the loop, as is what comes later.
    """

    def __init__(
        self,
        thread: CourteousThread,
        may_be_here: Callable[[str | None], bool],
        note: Callable[[Step, str | None], None],
        call_later: Callable[[Callable[[], None]], object],
    ) -> None:
        """Take steps in ``thread``; those that ``may_be_here`` on the loop, by ``call_later``, and ``note`` them."""
        self._thread = thread
        self._may_be_here = may_be_here
        self._note = note
        self._call_later = call_later
        self._behind: dict[str | None, deque[Waiting]] = {}
        """What waits for each address that has one in the thread, or rests."""
        self._in_thread = 0
        self._looks = False

    def add(self, waiting: Waiting, address: str | None) -> None:
        """Take it when it is its turn."""
        behind = self._behind.get(address)
        if behind is not None:
            behind.append(waiting)
            return
        self._take(waiting, address)
        self._behind[address] = deque()

    def _take(self, waiting: Waiting, address: str | None) -> None:
        loop = asyncio.get_running_loop()
        taken = loop.run_in_executor(self._thread, waiting.run)
        taken.add_done_callback(partial(self._taken, waiting, address))
        self._in_thread += 1
        if not self._looks:
            self._looks = True
            loop.call_later(LONG_S, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looks = bool(self._in_thread)
        if self._looks:
            self._thread.look()
            loop.call_later(LONG_S, self._look, loop)

    def _taken(self, waiting: Waiting, address: str | None, taken: "asyncio.Future[Step]") -> None:
        self._in_thread -= 1
        rest_s = 0.0
        try:
            step = taken.result()
            rest_s = RESTS * step.took_s if step.is_costly else 0.0
            waiting.tell(step)
        finally:
            if rest_s:
                taken.get_loop().call_later(rest_s, self._take_next, address)
            else:
                self._take_next(address)

    def _take_next(self, address: str | None) -> None:
        behind = self._behind[address]
        while behind:
            waiting = behind.popleft()
            if waiting.is_given_up:
                continue
            if self._may_be_here(address):
                self._call_later(partial(self._take_here, waiting, address))
            else:
                self._take(waiting, address)
            return
        del self._behind[address]

    def _take_here(self, waiting: Waiting, address: str | None) -> None:
        try:
            step = waiting.run()
            self._note(step, address)
            waiting.tell(step)
        finally:
            self._take_next(address)


@cache
def thread_of(_process: int, server_side: bool, is_small: bool) -> CourteousThread:
    """The one of a kind of step: who is small need not wait for who is large, of which one at a time takes memory.

    Whom we dial has another than those who come in, which strangers can keep busy: nobody could be dialled meanwhile.
    A process that was forked has none of its parent's threads.
    """
    return CourteousThread(f"gossip-tls-{'from' if server_side else 'to'}-{'small' if is_small else 'large'}")

"""Where a step of a TLS handshake runs: on the loop, or in a thread where a certificate may take long to read.

OpenSSL reads every certificate before it looks who signed it. It copies the issuer's name for each of a certificate's
distribution points of CRLs: 8 KB take 0.2 s and 28 MiB. It takes square roots modulo whatever prime a curve of the
certificate's own names: 0.9 KB take 0.2 s. It lets go of the interpreter's lock meanwhile.
"""

import asyncio
import os
import ssl
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from math import inf
from time import perf_counter, thread_time

SMALL_BYTES = 2304
"""An ECDSA certificate fits with its root. A thread costs 0.1 ms."""
NO_CERTIFICATE_BYTES = 256
"""In so few there is no certificate."""
MAX_WARY = 1024
LONG_S = 0.003
WARY_S = 60.0
"""For how long every step with one address is taken in a thread, after one took long on the loop, and failed.

One that did not fail was another machine's doing: what it took from ours counts as our time.
"""

Done = Callable[["ssl.SSLError | None"], None]


class Steps:
    """Takes the steps of one loop's handshakes."""

    def __init__(self) -> None:
        self._wary_until_s: OrderedDict[str, float] = OrderedDict()

    def may_be_here(self, said_bytes: int, address: str | None, *, reads_certificate: bool = True) -> bool:
        """Whether a step may run on the loop when the peer has said so much since we last spoke.

        A certificate is read there only for an address that has shown a good one before, or who has none, being here.
        """
        if said_bytes > SMALL_BYTES:
            return False
        if address is None or not reads_certificate or said_bytes <= NO_CERTIFICATE_BYTES:
            return True
        return perf_counter() >= self._wary_until_s.get(address, inf)

    def stood(self, address: str | None) -> None:
        """Note that somebody there has shown a certificate that we trust."""
        if address is not None:
            self._remember(address, self._wary_until_s.get(address, 0.0))

    def room_for(self, said_bytes: int) -> int:
        """How much more may be said before a step has to be taken in a thread; behind a handshake there may be data."""
        return SMALL_BYTES - said_bytes

    def take(self, tls: ssl.SSLObject, address: str | None = None) -> ssl.SSLError | None:
        """Take a step on the loop, and tell what OpenSSL raised."""
        began_at_s = thread_time()
        error = _step(tls)
        has_failed = error is not None and not isinstance(error, ssl.SSLWantReadError)
        if has_failed and address is not None and thread_time() - began_at_s > LONG_S:
            self._remember(address, perf_counter() + WARY_S)
        return error

    def take_in_thread(self, tls: ssl.SSLObject, said_bytes: int, address: str | None, done: Done) -> "Waiting":
        """Take a step in a thread, while nobody uses ``tls``, and tell ``done``, on the loop, what OpenSSL raised."""
        waiting = Waiting(tls)
        stepped = _line(os.getpid(), tls.server_side, said_bytes <= SMALL_BYTES).add(waiting, address)
        asyncio.wrap_future(stepped).add_done_callback(lambda stepped: done(stepped.result()))
        return waiting

    def _remember(self, address: str, wary_until_s: float) -> None:
        self._wary_until_s[address] = wary_until_s
        self._wary_until_s.move_to_end(address)
        if len(self._wary_until_s) > MAX_WARY:
            self._wary_until_s.popitem(last=False)


class Waiting:
    """A step that waits for a thread. Whoever gives it up lets go of 100 KB at once, however many wait before it."""

    __slots__ = ("_tls",)

    def __init__(self, tls: ssl.SSLObject) -> None:
        self._tls: ssl.SSLObject | None = tls

    def run(self) -> ssl.SSLError | None:
        """Take it, if nobody gave it up."""
        tls, self._tls = self._tls, None
        return None if tls is None else _step(tls)

    def give_up(self) -> None:
        """Do not take it, unless it is being taken."""
        self._tls = None


class _ThisThread(threading.local):
    def __init__(self) -> None:
        self.steps = Steps()


_this_thread = _ThisThread()


def shared_steps() -> Steps:
    """The steps of this thread's loop."""
    return _this_thread.steps


class Line:
    """Steps that wait for a thread of their own. Addresses take turns: nobody waits for more than one of another.

    One thread, so that only one large certificate takes memory at a time.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str | None, deque[tuple[Waiting, Future[ssl.SSLError | None]]]] = OrderedDict()

    def add(self, waiting: Waiting, address: str | None) -> "Future[ssl.SSLError | None]":
        """Take it when it is its turn; what comes of it is what OpenSSL raised."""
        future: Future[ssl.SSLError | None] = Future()
        with self._lock:
            self._waiting.setdefault(address, deque()).append((waiting, future))
        self._thread.submit(self._take_next)
        return future

    def _take_next(self) -> None:
        with self._lock:
            address, of_address = next(iter(self._waiting.items()))
            waiting, future = of_address.popleft()
        try:
            future.set_result(waiting.run())
        except BaseException as error:  # noqa: BLE001  # whoever waits hears of it
            future.set_exception(error)
        with self._lock:
            del self._waiting[address]
            if of_address:
                self._waiting[address] = of_address


@cache
def _line(_process: int, server_side: bool, is_small: bool) -> Line:
    """That of one kind of step: who is small need not wait for who is large.

    Whom we dial has another than those who come in, which strangers can keep busy: nobody could be dialled meanwhile.
    A process that was forked has none of its parent's threads.
    """
    return Line(f"gossip-tls-{'from' if server_side else 'to'}-{'small' if is_small else 'large'}")


def _step(tls: ssl.SSLObject) -> ssl.SSLError | None:
    try:
        tls.do_handshake()
    except ssl.SSLError as error:
        return error.with_traceback(None)
    return None

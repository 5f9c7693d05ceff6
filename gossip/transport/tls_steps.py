"""Where a step of a TLS handshake runs: on the loop, or in a thread where a certificate may take long to read.

OpenSSL reads every certificate before it looks who signed it. It copies the issuer's name for each of a certificate's
distribution points of CRLs: 8 KB take 0.2 s and 28 MiB. It takes square roots modulo whatever prime a curve of the
certificate's own names: 0.9 KB take 0.2 s. It lets go of the interpreter's lock meanwhile.
"""

import asyncio
import os
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import inf
from time import perf_counter, thread_time

SMALL_BYTES = 2304
"""An ECDSA certificate fits with its root. A thread costs 0.1 ms."""
NO_CERTIFICATE_BYTES = 256
"""In so few there is no certificate."""
KEPT = 1024
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

    def take_in_thread(self, tls: ssl.SSLObject, said_bytes: int, done: Done) -> "Waiting":
        """Take a step in a thread, while nobody uses ``tls``, and tell ``done``, on the loop, what OpenSSL raised."""
        pool = _pool(os.getpid(), tls.server_side, said_bytes <= SMALL_BYTES)
        waiting = Waiting(tls)
        future = asyncio.get_running_loop().run_in_executor(pool, waiting.run)
        future.add_done_callback(lambda stepped: done(stepped.result()))
        return waiting

    def _remember(self, address: str, wary_until_s: float) -> None:
        self._wary_until_s[address] = wary_until_s
        self._wary_until_s.move_to_end(address)
        if len(self._wary_until_s) > KEPT:
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


@cache
def _pool(_process: int, server_side: bool, is_small: bool) -> ThreadPoolExecutor:
    """One thread, so that only one large certificate takes memory at a time, and small ones need not wait for it.

    Whom we dial has another than those who come in, which strangers can keep busy: nobody could be dialled meanwhile.
    A process that was forked has none of its parent's threads.
    """
    name = f"gossip-tls-{'from' if server_side else 'to'}-{'small' if is_small else 'large'}"
    return ThreadPoolExecutor(1, thread_name_prefix=name)


def _step(tls: ssl.SSLObject) -> ssl.SSLError | None:
    try:
        tls.do_handshake()
    except ssl.SSLError as error:
        return error.with_traceback(None)
    return None

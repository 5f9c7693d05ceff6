"""Where a step of a TLS handshake runs: on the loop, or in a thread where a certificate may take long to read.

OpenSSL copies the issuer's name for each of a certificate's distribution points of CRLs, unverified:
8 KB of certificate take 0.2 s and 28 MiB. It lets go of the interpreter's lock meanwhile.
"""

import asyncio
import os
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from time import perf_counter, thread_time

SMALL_BYTES = 2304
"""An ECDSA certificate fits with its root; a hostile one takes 10 ms to read. A thread costs 0.1 ms."""
LONG_S = 0.003
WARY_S = 60.0
"""For how long every step is taken in a thread, after one took long on the loop, and failed.

One that did not fail was another machine's doing: what it took from ours counts as our time.
"""

Done = Callable[["ssl.SSLError | None"], None]


class Steps:
    """Takes the steps of one loop's handshakes."""

    def __init__(self) -> None:
        self._wary_until_s = 0.0

    def may_be_here(self, said_bytes: int) -> bool:
        """Whether a step may run on the loop when the peer has said so much since we last spoke."""
        return said_bytes <= SMALL_BYTES and perf_counter() >= self._wary_until_s

    def room_for(self, said_bytes: int) -> int:
        """How much more may be said before a step has to be taken in a thread; behind a handshake there may be data."""
        return SMALL_BYTES - said_bytes

    def take(self, tls: ssl.SSLObject) -> ssl.SSLError | None:
        """Take a step on the loop, and tell what OpenSSL raised."""
        began_at_s = thread_time()
        error = _step(tls)
        has_failed = error is not None and not isinstance(error, ssl.SSLWantReadError)
        if has_failed and thread_time() - began_at_s > LONG_S:
            self._wary_until_s = perf_counter() + WARY_S
        return error

    def take_in_thread(self, tls: ssl.SSLObject, said_bytes: int, done: Done) -> "Waiting":
        """Take a step in a thread, while nobody uses ``tls``, and tell ``done``, on the loop, what OpenSSL raised."""
        pool = _pool(os.getpid(), tls.server_side, said_bytes <= SMALL_BYTES)
        waiting = Waiting(tls)
        future = asyncio.get_running_loop().run_in_executor(pool, waiting.run)
        future.add_done_callback(lambda stepped: done(stepped.result()))
        return waiting


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

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
from concurrent.futures import ThreadPoolExecutor
from math import inf
from time import perf_counter

from gossip.transport.tls_threads import Done, Line, Waiting, take_step, thread_of

SMALL_BYTES = 2304
"""An ECDSA certificate fits with its root. A thread costs 0.1 ms."""
NO_CERTIFICATE_BYTES = 256
"""In so few there is no certificate."""
MAX_WARY = 1024
WARY_S = 60.0
"""For how long every step with one address is taken in a thread, after a costly one on the loop."""


class Steps:
    """Takes the steps of handshakes, in one thread's loops."""

    def __init__(self) -> None:
        self._wary_until_s: OrderedDict[str, float] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lines: dict[ThreadPoolExecutor, Line] = {}

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
        step = take_step(tls)
        if step.is_costly and address is not None:
            self._remember(address, perf_counter() + WARY_S)
        return step.error

    def take_in_thread(self, tls: ssl.SSLObject, said_bytes: int, address: str | None, done: Done) -> Waiting:
        """Take a step in a thread, while nobody uses ``tls``, and tell ``done``, on the loop, what OpenSSL raised."""
        waiting = Waiting(tls, done)
        thread = thread_of(os.getpid(), tls.server_side, said_bytes <= SMALL_BYTES)
        self._line_for(thread).add(waiting, address)
        return waiting

    def _line_for(self, thread: ThreadPoolExecutor) -> Line:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what waited in one that has ended is not told of any more
            self._loop, self._lines = loop, {}
        return self._lines.setdefault(thread, Line(thread))

    def _remember(self, address: str, wary_until_s: float) -> None:
        self._wary_until_s[address] = wary_until_s
        self._wary_until_s.move_to_end(address)
        if len(self._wary_until_s) > MAX_WARY:
            self._wary_until_s.popitem(last=False)


class _ThisThread(threading.local):
    def __init__(self) -> None:
        self.steps = Steps()


_this_thread = _ThisThread()


def shared_steps() -> Steps:
    """The steps of this thread's loops."""
    return _this_thread.steps

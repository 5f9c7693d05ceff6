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
from math import inf
from time import perf_counter

from gossip.transport.tls.courteous_thread import CourteousThread
from gossip.transport.tls.threads import Done, Line, Step, Waiting, take_step, thread_of
from gossip.turns import shared_turns

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
        self._lines: dict[CourteousThread, Line] = {}

    def may_be_here(self, said_bytes: int, address: str | None, *, reads_certificate: bool = True) -> bool:
        """Whether a step may run on the loop when the peer has said so much since we last spoke.

        A certificate is read there only for an address that has shown a good one before, or who has none, being here.
        """
        if said_bytes > SMALL_BYTES:
            return False
        return not reads_certificate or said_bytes <= NO_CERTIFICATE_BYTES or self._is_good(address)

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
        self._note(step, address)
        return step.error

    def take_in_thread(self, tls: ssl.SSLObject, said_bytes: int, address: str | None, done: Done) -> Waiting:
        """Take a step in a thread, while nobody uses ``tls``, and tell ``done``, on the loop, what OpenSSL raised."""
        waiting = Waiting(tls, done)
        self._line_for(server_side=tls.server_side, is_small=said_bytes <= SMALL_BYTES).add(waiting, address)
        return waiting

    def _line_for(self, *, server_side: bool, is_small: bool) -> Line:
        thread = thread_of(os.getpid(), server_side, is_small)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # what waited in one that has ended is not told of any more
            self._loop, self._lines = loop, {}
        if thread not in self._lines:
            call_later = shared_turns().wait if server_side else loop.call_soon  # whom we dial is no stranger
            self._lines[thread] = Line(
                thread, lambda address: is_small and self._is_good(address), self._note, call_later
            )
        return self._lines[thread]

    def _is_good(self, address: str | None) -> bool:
        return address is None or perf_counter() >= self._wary_until_s.get(address, inf)

    def _note(self, step: Step, address: str | None) -> None:
        if step.is_costly and address is not None:
            self._remember(address, perf_counter() + WARY_S)

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

"""Looks up names, in threads that nobody waits for once their answer is not wanted any more.

``asyncio.run`` waits in the end for asyncio's own look-ups: where no name server answers, whoever gave up after 3 s
would hang for 15, and Ctrl-C would change nothing.
"""

import asyncio
import errno
import os
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from socket import SOCK_STREAM, getaddrinfo
from typing import NamedTuple

from gossip.transport.endpoint import is_address

MAX_AT_ONCE = 128
"""How many names are looked up at once, each in a thread of its own; further ones wait."""

PATIENCE_S = 1.0
"""How long an address may take to answer before the next one is tried."""

Addresses = Sequence[tuple[str, int]]


async def look_up(host: str, port: int) -> Addresses:
    """Every address of a host for TCP, in the system's order, each with ``port``; of an address itself.

    Raises:
        OSError: It has none, or could not be looked up.

    Cancellation: the answer is dropped when it comes.
    """
    if is_address(host):
        return [(host, port)]
    loop = asyncio.get_running_loop()
    asker = _Asker(loop, loop.create_future())
    _look_ups(os.getpid()).add(host, asker)
    return [(address, port) for address in await asker.found]


async def connect_to_any(addresses: Addresses) -> socket.socket:
    """A socket that is connected to the first address that takes it.

    One that says nothing is given up for the next after a second, so that a firewall on the way to one of them, as to
    all of IPv6, does not take the time of the others. Go's dialler goes on as well, after 0.3 s or two.

    Raises:
        OSError: None did; the first one's.

    Cancellation: nothing is connected.
    """
    refused: OSError | None = None
    for number, (host, port) in enumerate(addresses, 1):
        try:
            async with asyncio.timeout(PATIENCE_S if number < len(addresses) else None):
                return await _connect(host, port)
        except TimeoutError:
            refused = refused or TimeoutError(errno.ETIMEDOUT, f"no answer within {PATIENCE_S:g} s")
        except OSError as error:
            refused = refused or error
    try:
        raise refused or OSError("no address")
    finally:
        del refused  # it holds this frame


async def _connect(host: str, port: int) -> socket.socket:
    connected = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        await asyncio.get_running_loop().sock_connect(connected, (host, port))
    except BaseException:
        connected.close()
        raise
    return connected


class _Asker(NamedTuple):
    """Who wants a host's addresses, in whatever thread."""

    loop: asyncio.AbstractEventLoop
    found: asyncio.Future[list[str]]

    def tell(self, addresses: list[str]) -> None:
        self._in_its_thread(lambda: self.found.set_result(addresses))

    def tell_failure(self, error: OSError | UnicodeError) -> None:
        # One of their own: it will hold the frames of whoever it is raised in.
        own = type(error)(*error.args) if isinstance(error, OSError) else OSError(errno.EINVAL, str(error))
        self._in_its_thread(lambda: self.found.set_exception(own))

    def _in_its_thread(self, answer: Callable[[], None]) -> None:
        def answer_if_wanted() -> None:
            if not self.found.cancelled():
                answer()

        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(answer_if_wanted)


class _LookUps:
    """Looks each host up once at a time, for whoever asks meanwhile, in threads which end when there is no more.

    Go's resolver shares a look-up as well. A name that hangs takes one thread, however often it is dialled.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._waiting: deque[str] = deque()
        self._askers: dict[str, list[_Asker]] = {}

    def add(self, host: str, asker: _Asker) -> None:
        with self._lock:
            if host in self._askers:
                self._askers[host].append(asker)
                return
            if self._threads < MAX_AT_ONCE:
                try:
                    threading.Thread(target=self._work, name="gossip-look-up", daemon=True).start()
                except RuntimeError as error:
                    raise OSError(errno.EAGAIN, str(error)) from error
                self._threads += 1
            self._askers[host] = [asker]
            self._waiting.append(host)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                host = self._waiting.popleft()
                if all(asker.found.cancelled() for asker in self._askers[host]):
                    del self._askers[host]
                    continue
            self._look_up(host)

    def _look_up(self, host: str) -> None:
        try:
            infos = getaddrinfo(host, None, type=SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # of a name that IDNA cannot write
            for asker in self._take_askers(host):
                asker.tell_failure(error)
        else:
            for asker in self._take_askers(host):
                asker.tell([str(address[0]) for *_, address in infos])

    def _take_askers(self, host: str) -> list[_Asker]:
        with self._lock:
            return self._askers.pop(host)


@cache
def _look_ups(_process: int) -> _LookUps:
    """Those of a process: one that was forked has none of its parent's threads."""
    return _LookUps()

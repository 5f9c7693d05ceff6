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
from functools import cache, partial
from socket import SOCK_STREAM, getaddrinfo

from gossip.transport.endpoint import is_address

MAX_AT_ONCE = 32
"""Each is a thread, for as long as the system looks; more wait for one that ends."""

PATIENCE_S = 1.0
"""With an address that is not the last."""

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
    found: asyncio.Future[Addresses] = loop.create_future()
    _look_ups(os.getpid()).add(partial(_look_up, host, port, loop, found))
    return await found


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


class _LookUps:
    """Does its work in threads, which end when there is no more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._threads < MAX_AT_ONCE:
                try:
                    threading.Thread(target=self._work, name="gossip-look-up", daemon=True).start()
                except RuntimeError as error:
                    raise OSError(errno.EAGAIN, str(error)) from error
                self._threads += 1
            self._waiting.append(work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._threads -= 1
                    return
                work = self._waiting.popleft()
            work()


@cache
def _look_ups(_process: int) -> _LookUps:
    """Those of a process: one that was forked has none of its parent's threads."""
    return _LookUps()


def _look_up(host: str, port: int, loop: asyncio.AbstractEventLoop, found: "asyncio.Future[Addresses]") -> None:
    if found.cancelled():
        return
    try:
        infos = getaddrinfo(host, port, type=SOCK_STREAM)
    except OSError as error:
        answer = partial(found.set_exception, error)
    else:
        answer = partial(found.set_result, [(str(address[0]), port) for *_, address in infos])
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(lambda: found.cancelled() or answer())

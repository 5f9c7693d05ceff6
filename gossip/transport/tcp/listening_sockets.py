"""Listening sockets: connections come in one at a time, in turns with everything else that strangers make us do."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from functools import partial

from gossip.throttle import Throttle
from gossip.transport.endpoint import format_endpoint
from gossip.transport.tcp.departed import has_departed
from gossip.transport.tcp.names import look_up
from gossip.transport.tcp.unacknowledged import limit_unacknowledged
from gossip.turns import shared_turns

BACKLOG = 1024
DEPARTED_AT_ONCE = 16
"""How many who have left are passed over in one turn, at 15 us each."""
UNACKNOWLEDGED_S = 20.0
"""As in Fabric. Without it, a peer that is gone would be noticed after 300 s of silence."""
RETRY_S = 1.0
"""How long nobody is let in when the system has no room for another connection."""

_ALL = ("0.0.0.0", "::")  # noqa: S104 -- it is what a user writes
"""As in Go, each of them, like no host at all, means all addresses of this machine, IPv4 and IPv6."""
_NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
"""What a machine without IPv6 says to ``::1``, which its hosts file may name all the same."""

logger = logging.getLogger("gossip.transport")


class ListeningSockets:
    """Accepts connections at one address, or all that a host name has.

    asyncio's own server makes known peers wait while it accepts whoever comes, which costs 0.3 ms each.
    """

    def __init__(self, make_protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        """Listen nowhere yet; each connection will get a protocol of its own."""
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._turns = shared_turns()
        self._listening: dict[socket.socket, None] = {}
        self._entering: dict[asyncio.Task[None], None] = {}
        self._throttle = Throttle()

    async def open(self, host: str, port: int) -> str:
        """Listen, and tell the endpoint; port 0 takes a free one.

        Raises:
            OSError: The address cannot be listened on; nothing is.

        Cancellation: nothing is listened on.
        """
        addresses = _ALL if host in {"", *_ALL} else [address for address, _ in await look_up(host, port)]
        missing: OSError | None = None
        for address in sorted(dict.fromkeys(addresses), key=lambda each: each != host):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                listening = socket.create_server(_to_bind(address, port), family=family, backlog=BACKLOG)
            except OSError as error:
                if error.errno in _NOT_HERE:
                    missing = error
                    continue
                self.close()
                raise
            listening.setblocking(False)
            self._listening[listening] = None
            port = port or listening.getsockname()[1]
        if missing is not None and not self._listening:
            raise missing
        for listening in self._listening:
            self._watch(listening)
        return format_endpoint(next(iter(self._listening)).getsockname())

    def close(self) -> None:
        """Stop listening, and close connections that are still being accepted. May be called again."""
        for listening in self._listening:
            self._loop.remove_reader(listening.fileno())
            listening.close()
        self._listening.clear()

    async def cleared(self) -> None:
        """Wait until no connection is being accepted any more.

        Cancellation: nothing changes.
        """
        if self._entering:
            await asyncio.wait(tuple(self._entering))

    def _watch(self, listening: socket.socket) -> None:
        if listening in self._listening:
            # By its number: of a socket asyncio would write two names, with calls of the system, for nobody to read.
            self._loop.add_reader(listening.fileno(), self._connections_came, listening)

    def _connections_came(self, listening: socket.socket) -> None:
        if not self._turns.take(partial(self._accept, listening)):
            self._loop.remove_reader(listening.fileno())
            self._turns.wait(partial(self._accept_in_turn, listening))

    def _accept_in_turn(self, listening: socket.socket) -> None:
        self._watch(listening)
        self._accept(listening)

    def _accept(self, listening: socket.socket) -> None:
        """Let the next one in who is still there."""
        if listening not in self._listening:
            return
        for _ in range(DEPARTED_AT_ONCE):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return  # whoever it was is gone
            except OSError as error:
                self._wait_for_room(listening, error)
                return
            if not has_departed(accepted):
                self._let_in(accepted)
                return
            accepted.close()

    def _let_in(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the loop knows TCP by a number that is not set
        limit_unacknowledged(accepted, UNACKNOWLEDGED_S)
        task = self._loop.create_task(self._enter(accepted), name="entering")
        self._entering[task] = None
        task.add_done_callback(self._entering.pop)

    async def _enter(self, accepted: socket.socket) -> None:
        """Make a connection; never cancelled by us, as uvloop's protocols would not hear of the end then."""
        try:
            transport, _ = await self._loop.connect_accepted_socket(self._make_protocol, accepted)
        except OSError as error:
            logger.debug("A connection was lost while it was accepted: %s", error)
            accepted.close()
        except BaseException:
            accepted.close()
            raise
        else:
            if not self._listening:
                transport.abort()

    def _wait_for_room(self, listening: socket.socket, error: OSError) -> None:
        """No file or no memory is left for another connection; those that stand go on."""
        self._loop.remove_reader(listening.fileno())
        self._loop.call_later(RETRY_S, self._watch, listening)
        text = "Connections wait, as none can be accepted: %s"
        self._throttle.log(logger, logging.WARNING, error.errno, self._loop.time(), text, error.strerror)


def _to_bind(address: str, port: int) -> tuple[object, ...]:
    """What a socket is bound to, which knows the zone of an address, as in ``fe80::1%eth0``, by its number."""
    if "%" not in address:
        return address, port
    ((*_, numbered),) = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return numbered

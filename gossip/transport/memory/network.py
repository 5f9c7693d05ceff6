"""A network in memory: many peers in one process, with links that a test cuts, delays and slows.

Nothing here is random: what happens, and in which order, follows from the calls and the event loop's time alone.
"""

import asyncio
import itertools
from math import inf

from gossip.api.options import DialOptions
from gossip.checks import check_number
from gossip.errors import ConfigurationError, DialError, RefusedByPeerError, StreamBrokenError
from gossip.throttle import Throttle
from gossip.transport.base import DialTimes, Link, StreamHandler
from gossip.transport.memory.connection import MemoryChannel, MemoryConnection, MemoryStream
from gossip.transport.memory.pipe import Line
from gossip.transport.verdict import OK, run_handler

FIRST_EPHEMERAL_PORT = 49152


class MemoryNetwork:
    """Where endpoints listen and dial.

    A link is named by its two ends and works alike in both directions. A dialer's end is its ``name``, a listener's its
    endpoint, so a peer that names its dialer after its endpoint has one link with each other peer.
    """

    def __init__(self, *, buffer_bytes: int = 256 * 1024) -> None:
        """Make a network without faults.

        Args:
            buffer_bytes: How much one direction of a stream holds before its writer has to wait.
        """
        self._buffer_bytes = buffer_bytes
        self._listeners: dict[str, MemoryListener] = {}
        self._lines: dict[frozenset[str], Line] = {}
        self._connections: dict[Line, dict[MemoryConnection, None]] = {}
        self._ports = itertools.count(FIRST_EPHEMERAL_PORT)

    def listen(self, endpoint: str, handler: StreamHandler, certificate: bytes | None = None) -> "MemoryListener":
        """Serve ``handler`` at ``endpoint``.

        Args:
            endpoint: ``host:port``; port 0 takes a free one.
            handler: Serves each incoming stream.
            certificate: The leaf in DER that dialers are shown.

        Raises:
            ConfigurationError: Somebody listens there already.
        """
        host, _, port = endpoint.rpartition(":")
        if port == "0":
            endpoint = f"{host}:{next(self._ports)}"
        if endpoint in self._listeners:
            raise ConfigurationError(f"cannot listen on {endpoint}: the address is in use")
        listener = MemoryListener(self, endpoint, handler, certificate)
        self._listeners[endpoint] = listener
        return listener

    def dialer(self, certificate: bytes | None = None, name: str | None = None) -> "MemoryDialer":
        """Make a dialer that presents ``certificate``, a leaf in DER; listeners see ``name`` as its address."""
        return MemoryDialer(self, certificate, name or f"memory:{next(self._ports)}")

    def cut(self, one: str, other: str) -> None:
        """Break every connection of this link, and let each dial fail until :meth:`restore`."""
        line = self._line_between(one, other)
        line.is_cut = True
        for connection in tuple(self._connections.get(line, ())):
            connection.break_off(f"the link between {one} and {other} was cut")

    def delay(self, one: str, other: str, seconds: float) -> None:
        """Let everything on this link arrive ``seconds`` later; a dial and a Ping take twice that.

        Raises:
            ConfigurationError: ``seconds`` is no number, or negative; the link stays as it was.
        """
        check_number("seconds", seconds, may_be_zero=True)
        line = self._line_between(one, other)
        line.delay_s = seconds
        self._judge_anew(line)

    def slow(self, one: str, other: str, bytes_per_s: float) -> None:
        """Let each direction of each stream on this link carry so many bytes in a second; none is lost.

        Raises:
            ConfigurationError: ``bytes_per_s`` is no positive number; the link stays as it was.
        """
        check_number("bytes_per_s", bytes_per_s)
        line = self._line_between(one, other)
        line.bytes_per_s = bytes_per_s
        self._judge_anew(line)

    def restore(self, one: str, other: str) -> None:
        """Take back every fault of this link; what is under way arrives at once."""
        line = self._line_between(one, other)
        line.is_cut = False
        line.delay_s = 0.0
        line.bytes_per_s = inf
        self._judge_anew(line)

    def _line_between(self, one: str, other: str) -> Line:
        """The state of a link; set it through the methods above."""
        return self._lines.setdefault(frozenset((one, other)), Line())

    def _connect(self, dialer: "MemoryDialer", endpoint: str) -> MemoryConnection:
        """Make a connection at once; :meth:`MemoryDialer.dial` is what waits.

        Raises:
            DialError: The link is cut, or nobody listens at ``endpoint``.
        """
        line = self._line_between(dialer.name, endpoint)
        if line.is_cut:
            raise DialError(endpoint, "tcp", "the link is cut")
        listener = self._listeners.get(endpoint)
        if listener is None:
            raise DialError(endpoint, "tcp", "connection refused, nothing listens there")
        connection = listener.connect(dialer, line, self._buffer_bytes)
        self._connections.setdefault(line, {})[connection] = None
        connection.broken.add_done_callback(lambda _: self._connections[line].pop(connection))
        return connection

    def _release(self, listener: "MemoryListener") -> None:
        """Free the endpoint of a listener that closes."""
        if self._listeners.get(listener.endpoint) is listener:
            del self._listeners[listener.endpoint]

    def _judge_anew(self, line: Line) -> None:
        line.changed()
        for connection in tuple(self._connections.get(line, ())):
            connection.line_changed()


class MemoryDialer:
    """Dials the listeners of one network; behaves as :class:`gossip.transport.base.Dialer` says."""

    def __init__(self, network: MemoryNetwork, certificate: bytes | None, name: str) -> None:
        self.own_certificate = certificate
        self.name = name
        self._network = network
        self._options = DialOptions()

    def set_options(self, options: DialOptions) -> None:
        """Use other time-outs and limits; what they say of TLS has no meaning here."""
        self._options = options

    async def dial(self, endpoint: str, greeting: bytes | None = None) -> MemoryChannel:
        """Connect, in the time of a round trip; see base.

        Raises:
            DialError: The link is cut or too slow, or nobody listens at ``endpoint``.

        Cancellation: nothing is left behind.
        """
        options = self._options
        loop = asyncio.get_running_loop()
        dialled_at_s = loop.time()
        try:
            async with asyncio.timeout(options.dial_timeout_s):
                await self._network._line_between(self.name, endpoint).round_trip()
        except TimeoutError:
            raise DialError(endpoint, "tcp", f"no answer within {options.dial_timeout_s:g} s") from None
        connection = self._network._connect(self, endpoint)
        times = DialTimes(tcp_s=loop.time() - dialled_at_s, tls_s=0.0)
        return MemoryChannel(connection, times, options.max_handshake_bytes, greeting)


class MemoryListener:
    """Serves one endpoint and owns its handlers' tasks; behaves as :class:`gossip.transport.base.Listener` says."""

    def __init__(
        self, network: MemoryNetwork, endpoint: str, handler: StreamHandler, certificate: bytes | None
    ) -> None:
        self.endpoint = endpoint
        self.certificate = certificate
        self._network = network
        self._handler = handler
        self._connections: dict[MemoryConnection, None] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._is_closing = False
        self._throttle = Throttle()

    def connect(self, dialer: MemoryDialer, line: Line, buffer_bytes: int) -> MemoryConnection:
        """Take a connection from ``dialer``."""
        seen_by_dialer = Link(self.endpoint, self.certificate, dialer.own_certificate)
        seen_by_listener = Link(dialer.name, dialer.own_certificate, self.certificate)
        connection = MemoryConnection(line, (seen_by_dialer, seen_by_listener), self._start, buffer_bytes)
        self._connections[connection] = None
        connection.broken.add_done_callback(lambda _: self._connections.pop(connection))
        return connection

    def stop_accepting(self) -> None:
        """Free the endpoint and take no more streams; see base."""
        self._is_closing = True
        self._network._release(self)

    async def close(self) -> None:
        """Stop accepting, and cut what is open; see base."""
        self.stop_accepting()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        for connection in tuple(self._connections):
            connection.break_off("the other side was closed")
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, stream: MemoryStream) -> None:
        if self._is_closing:
            raise StreamBrokenError("the other side is closing")
        task = asyncio.create_task(self._serve(stream), name=f"stream from {stream.link.remote} at {self.endpoint}")
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)

    async def _serve(self, stream: MemoryStream) -> None:
        verdict = await run_handler(self._handler, stream, self._throttle)
        refusal = None if verdict == OK else RefusedByPeerError(grpc_status=verdict.status, reason=verdict.reason)
        stream.finish(refusal)

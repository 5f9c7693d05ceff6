"""The listening side of gRPC."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from grpclib.const import Status

from gossip.api.options import TlsFiles
from gossip.errors import ConfigurationError
from gossip.throttle import Throttle
from gossip.transport.base import StreamHandler
from gossip.transport.endpoint import format_endpoint, parse_endpoint
from gossip.transport.gate import Gate, Offence, Progress, Visitor
from gossip.transport.grpc.server_protocol import ServerProtocol
from gossip.transport.grpc.server_stream import ServerStream
from gossip.transport.limits import ServerLimits
from gossip.transport.tcp.listening_sockets import ListeningSockets
from gossip.transport.tcp.plain_transport import PlainTransport
from gossip.transport.tls.contexts import TlsSide, server_side
from gossip.transport.tls.errors import describe
from gossip.transport.tls.transport import TlsTransport
from gossip.transport.verdict import run_handler
from gossip.turns import shared_turns

SWEEP_S = 0.25
LAST_WORD_S = 1.0
"""How long known peers may take to close: if we did it, TCP would drop what they have not read yet."""

logger = logging.getLogger("gossip.transport")


class GrpcListener:
    """Serves one endpoint; behaves as :class:`gossip.transport.base.Listener` says. Made by :func:`listen`.

    ``cut`` counts the connections that were cut, by offence.
    """

    def __init__(
        self,
        handler: StreamHandler,
        side: TlsSide | None,
        limits: ServerLimits,
        on_cut: Callable[[Offence], None] | None,
    ) -> None:
        self.endpoint = ""
        self.cut: Counter[Offence] = Counter()
        self.gate = Gate(limits)
        self.limits = limits
        self.connection_limits = replace(limits.connection, max_header_bytes=limits.max_request_header_bytes)
        self._handler = handler
        self._side = side
        self._on_cut = on_cut
        self._throttle = Throttle()
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._connections: dict[ServerProtocol, None] = {}
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self._loop = asyncio.get_running_loop()
        self._turns = shared_turns()
        self._sockets = ListeningSockets(self._layers)
        self._sweeping: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen.

        Raises:
            ConfigurationError: The address cannot be listened on.

        Cancellation: nothing listens.
        """
        try:
            self.endpoint = await self._sockets.open(host, port)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {format_endpoint((host, port))}: {describe(error)}") from error

    def use_tls(self, side: TlsSide) -> None:
        """Use other TLS material for connections that come from now on; those that stand keep theirs."""
        self._side = side

    def stop_accepting(self) -> None:
        """Take no more connections or streams; see base."""
        self._sockets.close()
        for connection in tuple(self._connections):
            connection.go_away()

    async def close(self) -> None:
        """Take nothing more, and cut what known peers do not close; see base."""
        self.stop_accepting()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        for connection in tuple(self._connections):
            if not connection.is_trusted:
                connection.cut("closed by us")
        try:
            async with asyncio.timeout(LAST_WORD_S):
                await self._all_closed.wait()
        except TimeoutError:
            pass  # they do not read, or do not close
        finally:
            for connection in tuple(self._connections):
                connection.cut("closed by us")
        await self._sockets.cleared()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._all_closed.wait()

    # -- its connections call these

    def entered(self, connection: ServerProtocol) -> None:
        """A TCP connection was accepted."""
        self._connections[connection] = None
        self._all_closed.clear()
        self.gate.enter(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(SWEEP_S, self._sweep)

    def left(self, connection: ServerProtocol) -> None:
        """It is closed."""
        self.gate.leave(connection)
        self._connections.pop(connection, None)
        if not self._connections:
            self._all_closed.set()
            if self._sweeping is not None:
                self._sweeping.cancel()
                self._sweeping = None

    def offended(self, offence: Offence, text: str) -> None:
        """One was cut, or never came to speak TLS; said once in a while, counted always."""
        self.cut[offence] += 1
        if self._on_cut is not None:
            self._on_cut(offence)
        self._throttle.log(logger, logging.WARNING, offence, self._loop.time(), "%s", text)

    def serve(self, stream: ServerStream) -> None:
        """Run the handler for a stream."""
        task = self._loop.create_task(self._serve(stream), name=f"stream from {stream.link.remote} at {self.endpoint}")
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)

    # --

    async def _serve(self, stream: ServerStream) -> None:
        verdict = await run_handler(self._handler, stream, self._throttle)
        stream.finish(Status[verdict.status], verdict.reason)

    def _layers(self) -> asyncio.BaseProtocol:
        """What reads a new connection, with the TLS material of this moment."""
        protocol = ServerProtocol(self, self._side)
        if self._side is None:
            return PlainTransport(protocol)
        limit = self.limits.max_tls_bytes
        return TlsTransport(self._side, protocol, server_side=True, max_handshake_bytes=limit)

    def _sweep(self) -> None:
        self._sweeping = self._loop.call_later(SWEEP_S, self._sweep)
        now_s = time.monotonic()
        for connection in self.gate.quiet(now_s):
            connection.ask_whether_alive()
        for connection, reason in self.gate.overdue(now_s).items():
            self._turns.wait(partial(_cut, connection, connection.progress, reason))  # each takes 0.1 ms


def _cut(connection: Visitor, was_at: Progress, reason: str) -> None:
    """Cut a connection whose time was up, unless it has got on while it waited for this turn."""
    if connection.progress is was_at:
        connection.punish(Offence.SLOW, reason)


async def listen(
    endpoint: str,
    handler: StreamHandler,
    *,
    tls: TlsFiles | None,
    limits: ServerLimits | None = None,
    require_client_certificate: bool = False,
    on_cut: Callable[[Offence], None] | None = None,
) -> GrpcListener:
    """Serve ``handler`` for every GossipStream that comes in, and answer every Ping.

    Args:
        endpoint: ``host:port``; port 0 takes a free one, no host or ``*`` every address of the machine.
        handler: Serves one stream; see :data:`gossip.transport.base.StreamHandler`.
        tls: Our certificate and whom we trust; None listens without TLS, where nothing binds an identity.
        limits: What connections may cost; the defaults are for a port that strangers can reach.
        require_client_certificate: Refuse clients without a valid certificate in TLS already.
        on_cut: Told of each connection that was cut off for an offence.

    Raises:
        ConfigurationError: The endpoint, or a TLS file, which is named, cannot be used.

    Cancellation: nothing is left behind.
    Mirrors: internal/pkg/comm/server.go, NewGRPCServer.
    """
    try:
        host, port = parse_endpoint(f"*{endpoint}" if endpoint.startswith(":") else endpoint, lowest_port=0)
    except ValueError as error:
        raise ConfigurationError(f"cannot listen on {endpoint}: {error}") from error
    side = server_side(tls, require_client_certificate=require_client_certificate) if tls is not None else None
    listener = GrpcListener(handler, side, limits or ServerLimits(), on_cut)
    await listener.start("" if host == "*" else host, port)
    return listener

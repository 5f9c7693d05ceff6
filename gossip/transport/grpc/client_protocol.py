"""An outgoing connection on its way to HTTP/2, and kept alive from then on."""

import asyncio
import socket
import time
from collections.abc import Callable

from grpclib.client import Handler
from h2.exceptions import ProtocolError, TooManyStreamsError

from gossip.api.options import DialOptions
from gossip.errors import DialError, StreamBrokenError
from gossip.flag import Flag
from gossip.transport.endpoint import certified_name, parse_endpoint
from gossip.transport.gate import Offence
from gossip.transport.grpc.client_stream import ClientStream
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.dial_places import Place
from gossip.transport.grpc.errors import address_error, dial_error
from gossip.transport.grpc.framing import EMPTY_MESSAGE
from gossip.transport.grpc.headers import GOSSIP_STREAM, PING, request_headers
from gossip.transport.grpc.protocol import GrpcProtocol
from gossip.transport.http2.connection import http2_configuration
from gossip.transport.limits import ConnectionLimits
from gossip.transport.tcp.names import Addresses, connect_to_any, look_up
from gossip.transport.tcp.plain_transport import PlainTransport
from gossip.transport.tcp.unacknowledged import limit_unacknowledged
from gossip.transport.tls.contexts import TlsSide
from gossip.transport.tls.transport import TlsTransport

_CONFIGURATION = http2_configuration(client_side=True)
_LIMITS = ConnectionLimits()
FIRST_PING_FRESH_S = 1.0


class ClientProtocol(GrpcProtocol):
    """One connection that we dial."""

    def __init__(
        self,
        endpoint: str,
        side: TlsSide | None,
        options: DialOptions,
        greeting: bytes | None,
        on_offence: Callable[[str, str], None],
    ) -> None:
        own_certificate = side.own_certificate if side is not None else None
        super().__init__(Handler(), _CONFIGURATION, _LIMITS, own_certificate)
        self.endpoint = endpoint
        self.stage = "address"
        self.stage_ended_at_s: dict[str, float] = {}
        self.closed = Flag()
        self._spoke_http2 = self._loop.create_future()
        self._side = side
        self._options = options
        self._first_ping: ClientStream | None = None
        self._greeting = greeting
        self._on_offence = on_offence
        self._greeted: ClientStream | None = None
        self._opened_at_s = 0.0
        self._alive_check: asyncio.TimerHandle | None = None

    async def connect(self, place: Place) -> None:
        """Return when the peer has spoken HTTP/2.

        Raises:
            DialError: It did not come to that; the stage says how far it came.

        Cancellation: the connection may be half made; cut it.
        """
        addresses = await self._resolve()
        self._enter("tcp")
        try:
            connected = await connect_to_any(addresses)
            place.connected()
            limit_unacknowledged(connected, self._options.keepalive_timeout_s)
            await self._enter_loop(connected)
        except OSError as refused:
            raise dial_error(self.endpoint, "tcp", None, refused, self._side) from refused
        try:
            await self._spoke_http2
        except DialError:
            self._spoke_http2 = self._loop.create_future()  # the error holds this frame, and it the error
            raise

    async def _enter_loop(self, connected: socket.socket) -> None:
        entering = self._loop.create_connection(self._layers, sock=connected)
        if isinstance(self._loop, asyncio.BaseEventLoop):
            await entering
        else:  # uvloop closes a connection whose entering is cancelled, and tells nobody
            await asyncio.shield(entering)

    def begin(self, path: bytes) -> ClientStream:
        """Call ``path``; written with the next bytes that leave.

        Raises:
            StreamBrokenError: The connection takes no more calls.
        """
        self.connection.check_usable()
        if self.connection.is_draining:
            raise StreamBrokenError(f"{self.remote} is closing and takes no more calls", was_taken=False)
        http2 = self.connection.http2
        stream_id = http2.get_next_available_stream_id()
        scheme = b"http" if self._side is None else b"https"
        try:
            http2.send_block(stream_id, request_headers(path, self.endpoint, scheme))
        except TooManyStreamsError as error:
            raise StreamBrokenError(f"{self.remote} allows no more calls at once") from error
        stream = ClientStream(self.connection, stream_id, self._options.max_handshake_bytes)
        self.processor.register(stream)
        self._first_ping = None
        self.connection.flush_soon()
        return stream

    def take_first_ping(self) -> ClientStream | None:
        """The Ping that left with the connection's first bytes, for a caller who pings right after the dial."""
        ping, self._first_ping = self._first_ping, None
        is_fresh = self._loop.time() - self._opened_at_s < FIRST_PING_FRESH_S
        return ping if is_fresh else None

    async def take_greeted(self) -> ClientStream | None:
        """The call that left with the connection's first bytes, if there was a greeting, and it was not taken before.

        Raises:
            StreamBrokenError: It ended before a greeting that is long had left.

        Cancellation: it is cut with the connection.
        """
        stream, self._greeted = self._greeted, None
        if stream is not None and self._greeting is not None:
            await stream.send([self._greeting])
        return stream

    # -- GrpcProtocol's hooks

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """TLS begins, unless the dial was given up meanwhile."""
        super().tcp_connected(transport)
        self._enter("tls")
        if self.failure is not None:
            # Not at once: uvloop would close the socket while its owner, who waits for us, still has it to close.
            self._loop.call_soon(transport.abort)

    def make_stream(self, connection: GrpcConnection, stream_id: int) -> ClientStream:
        """Refuse: a server makes no calls.

        Raises:
            ProtocolError: Always.
        """
        raise ProtocolError(f"{connection.link.remote}, a server, opens stream {stream_id}")

    def opened(self) -> None:
        """HTTP/2 begins."""
        self._enter("http2")
        self._opened_at_s = self._loop.time()
        ping = self.begin(PING)
        ping.ask_nowait(EMPTY_MESSAGE)
        if self._greeting is not None:
            self._greeted = self.begin(GOSSIP_STREAM)
            if self._greeted.send_nowait(self._greeting):
                self._greeting = None
        self._first_ping = ping
        self.connection.flush()
        self._alive_check = self._loop.call_later(self._options.keepalive_interval_s, self._check_alive)

    def settings_came(self) -> None:
        """The dial succeeded."""
        if not self._spoke_http2.done():
            self._spoke_http2.set_result(None)

    def offended(self, offence: Offence, reason: str) -> None:  # noqa: ARG002  # see base
        """Say it; whoever waits for the connection hears no more than that it is gone."""
        self._on_offence(self.endpoint, reason)

    def lost(self, reason: str | None, cause: BaseException | None) -> None:
        """The dial failed, if it was not over."""
        if self._alive_check is not None:
            self._alive_check.cancel()
        if not self._spoke_http2.done():
            self._spoke_http2.set_exception(dial_error(self.endpoint, self.stage, reason, cause, self._side))
            self._spoke_http2.exception()  # nobody may be waiting

    def connection_lost(self, exc: BaseException | None) -> None:
        """Everything is closed."""
        super().connection_lost(exc)
        self.closed.set()

    # --

    def _enter(self, stage: str) -> None:
        self.stage_ended_at_s[self.stage] = time.perf_counter()  # uvloop's own clock counts milliseconds
        self.stage = stage

    async def _resolve(self) -> Addresses:
        try:
            self._host, port = parse_endpoint(self.endpoint)
            return await look_up(self._host, port)
        except (ValueError, OSError) as error:
            raise address_error(self.endpoint, error) from error

    def _layers(self) -> asyncio.BaseProtocol:
        if self._side is None:
            return PlainTransport(self)
        return TlsTransport(self._side, self, server_side=False, server_hostname=certified_name(self._host))

    def _check_alive(self) -> None:
        quiet_s = time.monotonic() - self.last_received_at_s  # by uvloop's own clock a peer would be pinged early
        rest_s = self._options.keepalive_interval_s - quiet_s
        if rest_s > 0:
            self._alive_check = self._loop.call_later(rest_s, self._check_alive)
            return
        self.ping()
        self._alive_check = self._loop.call_later(
            self._options.keepalive_timeout_s, self._check_answer, time.monotonic()
        )

    def _check_answer(self, asked_at_s: float) -> None:
        if self.last_received_at_s < asked_at_s:
            self.cut(f"no answer to a keepalive PING within {self._options.keepalive_timeout_s:g} s")
        else:
            self._check_alive()

"""An incoming connection, from the first byte to who serves its requests."""

import asyncio
import math
import ssl
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from grpclib.protocol import AbstractHandler, Stream
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame

from gossip.transport.gate import Offence, Progress
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.headers import NO_COMPRESSION, PING, TOO_MANY_HANDSHAKES, find_refusal, is_malformed
from gossip.transport.grpc.protocol import GrpcProtocol
from gossip.transport.grpc.server_stream import ServerStream
from gossip.transport.http2.connection import http2_configuration
from gossip.transport.tls.contexts import TlsSide
from gossip.transport.tls.errors import describe_refusal

if TYPE_CHECKING:
    from gossip.transport.grpc.server import GrpcListener

_CONFIGURATION = http2_configuration(client_side=False)


class ServerProtocol(GrpcProtocol, AbstractHandler):
    """One connection that came in; it handles its own requests."""

    def __init__(self, listener: "GrpcListener", side: TlsSide | None) -> None:
        own_certificate = side.own_certificate if side is not None else None
        super().__init__(self, _CONFIGURATION, listener.connection_limits, own_certificate)
        self.address = ""
        self.arrived_at_s = time.monotonic()
        self.progress = Progress.TCP
        self._listener = listener
        self._side = side
        self._asked_at_s = -math.inf
        self._was_told_to_go = False

    def go_away(self) -> None:
        """Send GOAWAY: no more streams are taken, and the client closes once those that are open have ended."""
        if self.failure is not None:
            return
        if self._tcp is None or not self._is_prepared:
            self.cut("closed by us")
            return
        if self.connection.is_draining:
            return
        frame = GoAwayFrame(0, last_stream_id=self.connection.http2.highest_inbound_stream_id)
        self.connection.flush()
        self.connection.transport.write(frame.serialize())
        self.connection.is_draining = True
        self._was_told_to_go = True

    def ask_whether_alive(self) -> None:
        """Send a PING, one for each time that the peer falls silent: a dialler may not ping us for long."""
        if self.failure is None and self._asked_at_s < self.last_received_at_s:
            self._asked_at_s = time.monotonic()
            self.ping()

    # -- grpclib's handler of requests

    def accept(self, stream: Stream, headers: Any, release_stream: Any) -> None:  # noqa: ARG002  # grpclib's signature
        """Serve a request, or say why not."""
        assert isinstance(stream, ServerStream)  # see make_stream
        fields: dict[bytes, bytes] = dict(headers)
        refusal = find_refusal(fields)
        if fields.get(b"grpc-encoding", NO_COMPRESSION) != NO_COMPRESSION:
            stream.is_encoded = True
        if self.connection.is_draining or len(self.processor.streams) > self.limits.max_streams:
            stream.leave(ErrorCodes.REFUSED_STREAM)
        elif is_malformed(headers):
            stream.leave(ErrorCodes.PROTOCOL_ERROR)
        elif refusal is not None:
            stream.refuse(refusal)
        elif fields[b":path"] == PING:
            stream.serve_ping()
        elif not self.is_trusted and self._handshakes >= self._listener.limits.max_handshakes:
            stream.refuse(TOO_MANY_HANDSHAKES)
        else:
            self.progress = max(self.progress, Progress.STREAM)
            stream.serve_gossip()
            self._listener.serve(stream)

    def cancel(self, stream: Stream) -> None:
        """Do nothing: a handler hears of a reset when it next sends or receives."""

    # -- GrpcProtocol's hooks

    @property
    def is_trusted(self) -> bool:
        """Whether the peer is authenticated."""
        return self.progress is Progress.AUTHENTICATED

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """TCP stands; the listener may refuse it at once."""
        super().tcp_connected(transport)
        peername = transport.get_extra_info("peername")
        self.address = str(peername[0]) if peername else self.remote
        self._listener.entered(self)

    def make_stream(self, connection: GrpcConnection, stream_id: int) -> ServerStream:
        """A call that the client makes."""
        return ServerStream(connection, stream_id, self._listener.limits.max_handshake_bytes, self._authenticated)

    def opened(self) -> None:
        """TLS stands."""
        self.progress = Progress.TLS

    def tls_failed(self, error: ssl.SSLError) -> None:
        """Say why, which the peer learns only in part, and let nobody wait for what cannot come any more."""
        self._listener.offended(Offence.TLS, f"TLS with {self.remote} failed: {describe_refusal(error, self._side)}")
        self._end(None, error)

    def offended(self, offence: Offence, reason: str) -> None:
        """Count it."""
        self._listener.offended(offence, f"cut off {self.remote}: {reason}")

    def drain(self) -> None:
        """A stream has ended; without an authenticated one, the connection counts as a stranger's again."""
        if self._was_told_to_go:
            return
        super().drain()
        if self.is_trusted and self.failure is None and not any(stream.is_authenticated for stream in self._streams):
            self._listener.gate.estrange(self, time.monotonic())

    def connection_lost(self, exc: BaseException | None) -> None:
        """Everything is closed."""
        super().connection_lost(exc)
        self._listener.left(self)

    @property
    def _streams(self) -> Iterable[ServerStream]:
        return cast("Iterable[ServerStream]", self.processor.streams.values())  # see make_stream

    @property
    def _handshakes(self) -> int:
        return sum(stream.awaits_trust for stream in self._streams)

    def _authenticated(self) -> None:
        self._listener.gate.authenticate(self)

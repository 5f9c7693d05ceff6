"""One HTTP/2 connection that carries gRPC calls: grpclib's protocol with limits, and a short way for DATA."""

import asyncio
import ssl
from struct import Struct
from typing import cast

from grpclib.protocol import AbstractHandler, H2Protocol
from h2.config import H2Configuration
from h2.connection import ConnectionState
from h2.exceptions import FrameDataMissingError, FrameTooLargeError, ProtocolError

from gossip.errors import StreamBrokenError
from gossip.transport.base import Link
from gossip.transport.endpoint import format_endpoint
from gossip.transport.gate import Offence
from gossip.transport.grpc_connection import CONFIGURATION, GrpcConnection, StreamMaker
from gossip.transport.grpc_errors import connection_broken, error_code_name
from gossip.transport.grpc_events import GrpcEvents
from gossip.transport.grpc_stream import GrpcStream
from gossip.transport.guard import KIND_OF_FRAME, FrameGuard, Kind
from gossip.transport.http2 import DATA, FRAME_HEADER, FRAME_HEADER_BYTES, Http2Connection
from gossip.transport.limits import ConnectionLimits
from gossip.transport.tls import ALPN

HEADERS, SETTINGS, PUSH_PROMISE, GOAWAY, CONTINUATION = 0x1, 0x4, 0x5, 0x7, 0x9
END_STREAM = 0x1
END_HEADERS = 0x4
GOAWAY_BODY = Struct(">II")
FRAGMENT_BYTES = 256
WHOLE_BYTES = 4096
DEFAULT_FRAME_BYTES = 16 * 1024
PREFACE_BYTES = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

_parse_frame_header = FRAME_HEADER.unpack_from


class GrpcProtocol(H2Protocol):
    """The frames of one connection: DATA straight to its stream, everything else through the guard to h2."""

    connection: GrpcConnection
    processor: GrpcEvents

    def __init__(
        self,
        handler: AbstractHandler,
        h2_config: H2Configuration,
        limits: ConnectionLimits,
        make_stream: StreamMaker,
        own_certificate: bytes | None,
    ) -> None:
        super().__init__(handler, CONFIGURATION, h2_config)
        self.limits = limits
        self.remote = "unknown"
        self.failure: StreamBrokenError | None = None
        self.last_received_at_s = 0.0
        self._make_stream = make_stream
        self._own_certificate = own_certificate
        self._loop = asyncio.get_running_loop()
        self._tcp: asyncio.Transport | None = None
        self._held = b""
        self._preface_bytes = 0 if h2_config.client_side else PREFACE_BYTES
        self._settings_came = False
        self._in_header_block = False
        self._data_stream: GrpcStream | None = None
        self._data_missing = 0
        self._frame_bytes = DEFAULT_FRAME_BYTES

    # -- hooks for the two sides

    def opened(self) -> None:
        """TLS stands, or TCP where there is none; the peer has said nothing yet."""

    def settings_came(self) -> None:
        """The peer speaks HTTP/2."""

    def lost(self, reason: str | None, cause: BaseException | None) -> None:
        """The end of the connection, told once: our own reason, or what went wrong, or neither."""

    def offended(self, offence: Offence, reason: str) -> None:
        """The connection is about to be cut for this."""

    # -- the transport calls these

    def tls_failed(self, error: ssl.SSLError) -> None:
        """TLS will not stand, or does not any more."""

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """The TCP connection stands."""
        self._tcp = transport
        self.remote = format_endpoint(transport.get_extra_info("peername"))
        self.last_received_at_s = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin HTTP/2."""
        if self._tcp is None:
            self.tcp_connected(cast("asyncio.Transport", transport))
        if self.failure is not None:
            return
        http2 = Http2Connection(self.h2_config, self.limits)
        http2.initiate_connection()
        self.connection = GrpcConnection(
            http2,
            cast("asyncio.Transport", transport),
            self._link(transport),
            FrameGuard(self.limits.frames, self._loop.time),
            self.limits,
            self._make_stream,
        )
        self.processor = GrpcEvents(self.handler, self.connection)
        self.connection.stream_forgotten = self.drain
        self.connection.flushed = self._check_unsent
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != ALPN:
            self.punish(Offence.BREACH, "the peer does not offer HTTP/2 in TLS (no ALPN h2)")
            return
        self.connection.flush_soon()
        self.opened()

    def data_received(self, data: bytes) -> None:
        """Take what the peer sent."""
        if self.failure is not None:
            return
        self.last_received_at_s = self._loop.time()
        try:
            self._take(data)
        except ProtocolError as error:
            self._complain(error)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone."""
        self._end(None, exc)
        if hasattr(self, "connection"):
            self.connection.close()

    # --

    def cut(self, reason: str, cause: BaseException | None = None) -> None:
        """Cut the connection off at once."""
        if self._tcp is not None:
            self._tcp.abort()
        self._end(reason, cause)

    def punish(self, offence: Offence, reason: str, cause: BaseException | None = None) -> None:
        """Cut the connection of a peer that costs too much or breaks the rules."""
        if self.failure is None:
            self.offended(offence, reason)
            self.cut(reason, cause)

    def close(self, reason: str = "closed by us") -> None:
        """Close once everything is written; whoever owns the connection cuts it where that takes too long."""
        if not hasattr(self, "connection"):
            self.cut(reason)
        elif self.failure is None:
            self.connection.flush()
            self.connection.transport.close()
            self._end(reason, None)

    def drain(self) -> None:
        """Close, if the connection is to be closed and no stream is left."""
        if self.failure is None and self.connection.is_draining and not self.processor.streams:
            self.close("both sides are done")

    def _end(self, reason: str | None, cause: BaseException | None) -> None:
        if self.failure is not None:
            return
        self.failure = connection_broken(self.remote, cause, reason)
        self._data_stream = None
        self._held = b""
        if hasattr(self, "connection"):
            self.connection.failure = self.failure
            self.processor.close_with(self.failure)
        self.lost(reason, cause)

    def _take(self, data: bytes) -> None:
        position = 0
        if self._data_missing:
            position = min(self._data_missing, len(data))
            self._data_missing -= position
            self._data_came(data, 0, position, position)
        if self._preface_bytes:
            position = min(self._preface_bytes, len(data))
            self._preface_bytes -= position
            self.connection.feed(data[:position])
        if self._held:
            data = self._held + data[position:]
            self._held = b""
            position = 0
        end = len(data)
        while self.failure is None and end - position >= FRAME_HEADER_BYTES:
            word, flags, stream_id = _parse_frame_header(data, position)
            body = position + FRAME_HEADER_BYTES
            stop = body + (word >> 8)
            if not word & 0xFF and not flags and not self._in_header_block:
                stream = self.connection.reading.get(stream_id)
                if stream is not None and stop - body <= self._frame_bytes:
                    self._begin_data(stream, stop - body)
                    position = min(stop, end)
                    self._data_missing = stop - position
                    self._data_came(data, body, position, position - body)
                    continue
            self._check_frame(word & 0xFF, stop - body, data)
            if stop > end:
                break
            self._control(word & 0xFF, flags, data[position:stop])
            position = stop
        if position < end and self.failure is None:
            self._held = data[position:]

    def _begin_data(self, stream: GrpcStream, size: int) -> None:
        self.connection.http2.count_received(stream.http2_stream, size)
        self._data_stream = stream
        if size < FRAGMENT_BYTES:
            self._count(Kind.FRAGMENT)
        elif size >= WHOLE_BYTES:
            self.connection.guard.forgive_fragments(1)

    def _data_came(self, data: bytes, start: int, end: int, window_bytes: int) -> None:
        """DATA past h2. A stream that ended meanwhile still has to hand its window back."""
        stream = self._data_stream
        if stream is None:
            return
        completed = stream.data_came(data, start, end, window_bytes)
        if completed:
            self.connection.guard.forgive_fragments(completed)

    def _check_frame(self, kind: int, size: int, data: bytes) -> None:
        if not self._settings_came and kind != SETTINGS:
            raise ProtocolError(f"it begins with {data[:24]!r}")
        if size > self._frame_bytes:
            raise FrameTooLargeError(f"a frame of {size} bytes")

    def _control(self, kind: int, flags: int, frame: bytes) -> None:
        """A frame that is not on the short way."""
        counted = KIND_OF_FRAME.get(kind, Kind.UNKNOWN)
        if kind == DATA:
            if len(frame) - FRAME_HEADER_BYTES < FRAGMENT_BYTES and not flags & END_STREAM:
                self._count(Kind.FRAGMENT)
        else:
            self._count(counted)
        if self.failure is not None:
            return
        if kind == GOAWAY:
            self._goaway(frame)
        elif kind in KIND_OF_FRAME or kind == DATA or self._in_header_block:
            if kind in (HEADERS, PUSH_PROMISE, CONTINUATION):
                self._in_header_block = not flags & END_HEADERS
            for event in self.connection.feed(frame):
                self.processor.process(event)
            self.connection.flush_soon()
            if kind == SETTINGS and not self._settings_came:
                self._settings_came = True
                self.settings_came()

    def _count(self, kind: Kind) -> None:
        reason = self.connection.guard.count(kind)
        if reason is not None:
            self.punish(Offence.FLOOD, reason)

    def _check_unsent(self) -> None:
        limit = self.limits.max_unsent_bytes
        if self.connection.transport.get_write_buffer_size() > limit:
            self.punish(Offence.UNREAD, f"more than {limit} bytes wait for a peer that does not read")

    def _goaway(self, frame: bytes) -> None:
        """Streams that the peer has seen go on, unless it complains; h2 would end them all."""
        if len(frame) < FRAME_HEADER_BYTES + GOAWAY_BODY.size:
            raise FrameDataMissingError("a GOAWAY that is too short")
        last_stream_id, code = GOAWAY_BODY.unpack_from(frame, FRAME_HEADER_BYTES)
        if code:
            told = frame[FRAME_HEADER_BYTES + GOAWAY_BODY.size :][:100].decode("ascii", "replace")
            self.cut(f"the peer ended it with {error_code_name(code)} {told}".rstrip())
            return
        self.connection.is_draining = True
        for stream_id, stream in tuple(self.processor.streams.items()):
            if stream_id > last_stream_id and self.h2_config.client_side:
                stream.fail(StreamBrokenError(f"{self.remote} closes and did not take the stream"))
        self.drain()

    def _complain(self, error: ProtocolError) -> None:
        """The peer broke HTTP/2's rules: say so to it, if it listens, and cut."""
        if self.failure is not None:
            return
        http2 = self.connection.http2
        if http2.state_machine.state is not ConnectionState.CLOSED:
            http2.close_connection(error.error_code)
        self.connection.flush()
        self.punish(Offence.BREACH, f"the peer breaks the rules of HTTP/2: {error}", error)

    def _link(self, transport: asyncio.BaseTransport) -> Link:
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is None:
            return Link(self.remote, None, None)
        cipher = tls.cipher()
        return Link(self.remote, tls.getpeercert(True), self._own_certificate, tls.version(), cipher and cipher[0])

"""One HTTP/2 connection that carries gRPC calls: grpclib's protocol, with limits and endings of its own."""

import asyncio
import ssl
import time
from abc import abstractmethod
from typing import cast

from grpclib.protocol import AbstractHandler, H2Protocol, Stream
from h2.config import H2Configuration
from h2.connection import ConnectionState
from h2.exceptions import FrameDataMissingError, ProtocolError

from gossip.errors import StreamBrokenError, without_traces
from gossip.shown import shown_text
from gossip.transport.base import Link
from gossip.transport.endpoint import format_endpoint
from gossip.transport.gate import Offence
from gossip.transport.grpc.connection import CONFIGURATION, GrpcConnection
from gossip.transport.grpc.errors import connection_broken, describe_breach, error_code_name
from gossip.transport.grpc.events import GrpcEvents
from gossip.transport.grpc.frame_reader import FrameReader
from gossip.transport.http2.connection import Http2Connection
from gossip.transport.http2.frame import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEADER,
    FRAME_HEADER_BYTES,
    GOAWAY,
    GOAWAY_BODY,
    HEADERS,
    PING_PAYLOAD,
    RESET,
    RESET_BYTES,
    SETTINGS,
    SETTINGS_ACK,
    STREAM_ID_BITS,
)
from gossip.transport.http2.guard import FrameGuard, Kind
from gossip.transport.limits import ConnectionLimits
from gossip.transport.tls.contexts import ALPN
from gossip.turns import shared_turns


class GrpcProtocol(H2Protocol):
    """From TCP to the streams of one connection: how it begins, what its frames do, and how it ends."""

    connection: GrpcConnection
    processor: GrpcEvents

    def __init__(
        self,
        handler: AbstractHandler,
        h2_config: H2Configuration,
        limits: ConnectionLimits,
        own_certificate: bytes | None,
    ) -> None:
        super().__init__(handler, CONFIGURATION, h2_config)
        self.limits = limits
        self.remote = "unknown"
        self.failure: StreamBrokenError | None = None
        self.last_received_at_s = 0.0
        self._own_certificate = own_certificate
        self._loop = asyncio.get_running_loop()
        self._turns = shared_turns()
        self._tcp: asyncio.Transport | None = None
        self._is_prepared = False
        """Whether there are ``connection`` and ``processor``."""

    # -- hooks for the two sides

    @property
    def is_trusted(self) -> bool:
        """Whether we know who the peer is; whom we dialled has proved its host name in TLS."""
        return True

    def opened(self) -> None:
        """TLS stands, or TCP where there is none; the peer has said nothing yet."""

    def settings_came(self) -> None:
        """The peer speaks HTTP/2; called again when it changes its settings."""

    def lost(self, reason: str | None, cause: BaseException | None) -> None:
        """The end of the connection, told once: our own reason, or what went wrong, or neither."""

    def offended(self, offence: Offence, reason: str) -> None:
        """The connection is about to be cut for this."""

    @abstractmethod
    def make_stream(self, connection: GrpcConnection, stream_id: int) -> Stream:
        """Make the stream of a request that came in."""

    # -- the connection calls these, and make_stream

    def drain(self) -> None:
        """Close, if the connection is to be closed and no stream is left."""
        if self.failure is None and self.connection.is_draining and not self.processor.streams:
            self.close("both sides are done")

    def flushed(self) -> None:
        """Cut a peer that lets too much wait."""
        limit = self.limits.max_unsent_bytes
        if self.connection.transport.get_write_buffer_size() > limit:
            self.punish(Offence.UNREAD, f"more than {limit} bytes wait for a peer that does not read")

    def unread(self) -> None:
        """Cut a peer that does not read."""
        limit_s = self.limits.unread_timeout_s
        self.punish(Offence.UNREAD, f"the peer did not read waiting messages for {limit_s:g} s")

    def flooded(self, reason: str) -> None:
        """Cut a peer that costs too much."""
        self.punish(Offence.FLOOD, reason)

    # -- the transport calls these

    def tls_failed(self, error: ssl.SSLError) -> None:
        """TLS will not stand, or does not any more."""

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """The TCP connection stands."""
        self._tcp = transport
        self.remote = format_endpoint(transport.get_extra_info("peername"))
        self.last_received_at_s = time.monotonic()

    def tls_begun(self, transport: asyncio.Transport) -> None:
        """Prepare HTTP/2 while the peer is at work."""
        if self.failure is None:
            self._prepare(transport)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin HTTP/2."""
        if self.failure is not None:
            return
        self._prepare(cast("asyncio.Transport", transport))
        self.connection.link = self._link(transport)
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != ALPN:
            self.punish(Offence.BREACH, "the peer does not offer HTTP/2 in TLS (no ALPN h2)")
            return
        self.opened()

    def data_received(self, data: bytes) -> None:
        """Take what the peer sent."""
        if self.failure is not None:
            return
        self.last_received_at_s = time.monotonic()
        try:
            self._reader.take(data)
        except ProtocolError as error:
            self._complain(error)
        if self._reader.has_more and self.failure is None:
            self.connection.transport.pause_reading()
            self._turns.wait(self._go_on)

    def empty_records_came(self, count: int) -> None:
        """Count them, while there is a connection, and see whether OpenSSL's answers leave."""
        if self.failure is not None:
            return
        for _ in range(count):
            reason = self.connection.guard.count(Kind.EMPTY_RECORD)
            if reason is not None:
                self.flooded(reason)
                return
        self.flushed()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone."""
        self._tcp = None  # asyncio's fails when it is aborted after a close that had to wait for the last bytes
        self._end(None, exc)
        if self._is_prepared:
            self.connection.close()
        self._drop_references()

    # --

    def cut(self, reason: str, cause: BaseException | None = None) -> None:
        """Cut the connection off at once."""
        if self._tcp is not None:
            self._tcp.abort()
        self._end(reason, cause)

    def punish(self, offence: Offence, reason: str, cause: BaseException | None = None) -> None:
        """Cut the connection of a peer that costs too much or breaks the rules; that its TLS failed has been said."""
        if self.failure is None:
            self.offended(offence, reason)
        self.cut(reason, cause)

    def close(self, reason: str = "closed by us") -> None:
        """Close once everything is written; whoever owns the connection cuts it where that takes too long."""
        if not self._is_prepared:
            self.cut(reason)
        elif self.failure is None:
            self.connection.flush()
            self.connection.transport.close()
            self._end(reason, None)

    def ping(self) -> None:
        """Ask the peer whether it is there."""
        self.connection.http2.ping(PING_PAYLOAD)
        self.connection.flush()

    def _prepare(self, transport: asyncio.Transport) -> None:
        if self._is_prepared:
            return
        self._is_prepared = True
        http2 = Http2Connection(self.h2_config, self.limits)
        http2.initiate_connection()
        self.connection = GrpcConnection(
            http2,
            transport,
            FrameGuard(self.limits.frames, self._loop.time),
            self.limits,
            self,
        )
        self.processor = GrpcEvents(self.handler, self.connection)
        expects_preface = not self.h2_config.client_side
        self._reader = FrameReader(self.connection, self._take_frame, expects_preface=expects_preface)

    def _drop_references(self) -> None:
        """Break the circles of references, so that no garbage collector has to look for them, which stops everybody."""
        del self.handler
        if self._is_prepared:
            self.processor.drop_references()
            self.connection.drop_references()
            del self._reader

    def _go_on(self) -> None:
        self.data_received(b"")
        if self.failure is None and not self._reader.has_more:
            self.connection.transport.resume_reading()

    def _end(self, reason: str | None, cause: BaseException | None) -> None:
        if self.failure is not None:
            return
        self.failure = connection_broken(self.remote, cause and without_traces(cause), reason)
        if self._is_prepared:
            self.connection.failure = self.failure
            self.processor.close_with(self.failure)
        self.lost(reason, cause)

    def _take_frame(self, kind: int, frame: bytes) -> None:
        if kind == GOAWAY:
            self._goaway(frame)
            return
        if self._is_taken(kind, frame):
            return
        for event in self.connection.feed(frame):
            self.processor.process(event)
        self.connection.flush_soon()
        if kind == SETTINGS:
            self.settings_came()

    def _is_taken(self, kind: int, frame: bytes) -> bool:
        """Whether the frame is one that h2 need not see; each handshake has several."""
        _, flags, stream_id = FRAME_HEADER.unpack_from(frame)
        stream_id &= STREAM_ID_BITS
        if kind == HEADERS:
            return self._is_block_taken(flags, stream_id, frame)
        if kind == DATA:
            return self._is_end_taken(flags, stream_id, frame)
        if kind == RESET:
            return len(frame) == RESET_BYTES and self.connection.http2.take_reset(stream_id)
        return kind == SETTINGS and self._are_settings_taken(frame)

    def _are_settings_taken(self, frame: bytes) -> bool:
        """Whether they were the peer's first, or acknowledge ours, which never change."""
        if frame == SETTINGS_ACK:
            return True
        is_taken = self.connection.http2.take_settings(frame)
        if is_taken:
            self.connection.flush_soon()
            self.settings_came()
        return is_taken

    def _is_end_taken(self, flags: int, stream_id: int, frame: bytes) -> bool:
        """Whether it was the last DATA of a request."""
        data = frame[FRAME_HEADER_BYTES:]
        is_taken = flags == END_STREAM and self.connection.http2.take_end(stream_id, len(data))
        if is_taken:
            self.processor.process_end(stream_id, data)
        return is_taken

    def _is_block_taken(self, flags: int, stream_id: int, frame: bytes) -> bool:
        """Whether it held a header block that is known."""
        ends = bool(flags & END_STREAM)
        if flags & ~END_STREAM != END_HEADERS:
            return False
        fields = self.connection.http2.take_block(stream_id, frame[FRAME_HEADER_BYTES:], end_stream=ends)
        if fields:
            self.processor.process_block(stream_id, fields, end_stream=ends)
        return bool(fields)

    def _goaway(self, frame: bytes) -> None:
        """Streams that the peer has seen go on, unless it complains; h2 would end them all."""
        if len(frame) < FRAME_HEADER_BYTES + GOAWAY_BODY.size:
            raise FrameDataMissingError("a GOAWAY that is too short")
        if FRAME_HEADER.unpack_from(frame)[2] & STREAM_ID_BITS:
            raise ProtocolError("a GOAWAY for a stream")
        last_stream_id, code = GOAWAY_BODY.unpack_from(frame, FRAME_HEADER_BYTES)
        last_stream_id &= STREAM_ID_BITS
        if code:
            told = frame[FRAME_HEADER_BYTES + GOAWAY_BODY.size :][:100].decode("ascii", "replace")
            self.cut(f"the peer ended it with {error_code_name(code)} {shown_text(told)}".rstrip())
            return
        self.connection.is_draining = True
        for stream_id, stream in tuple(self.processor.streams.items()):
            if stream_id > last_stream_id and self.h2_config.client_side:
                stream.fail(StreamBrokenError(f"{self.remote} closes and did not take the stream", was_taken=False))
        self.drain()

    def _complain(self, error: ProtocolError) -> None:
        """The peer broke HTTP/2's rules: say so to it, if it listens, and cut."""
        if self.failure is not None:
            return
        http2 = self.connection.http2
        if http2.state_machine.state is not ConnectionState.CLOSED:
            http2.close_connection(error.error_code)
        self.connection.flush()
        self.punish(Offence.BREACH, f"the peer breaks the rules of HTTP/2: {describe_breach(error)}", error)

    def _link(self, transport: asyncio.BaseTransport) -> Link:
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if tls is None:
            return Link(self.remote, None, None)
        cipher = tls.cipher()
        return Link(self.remote, tls.getpeercert(True), self._own_certificate, tls.version(), cipher and cipher[0])

"""What the streams of one HTTP/2 connection share: windows, back-pressure, limits, and how it ended."""

from asyncio import Transport, get_running_loop
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from grpclib.config import Configuration
from grpclib.protocol import Connection, Stream
from grpclib.utils import Wrapper
from h2.events import Event
from h2.exceptions import ProtocolError

from gossip.errors import StreamBrokenError
from gossip.transport.base import Link
from gossip.transport.grpc.errors import again
from gossip.transport.grpc.framing import PREFIX_BYTES, Inbox
from gossip.transport.http2.connection import Http2Connection
from gossip.transport.http2.frame import RECORD_DATA_BYTES, WINDOW_BYTES
from gossip.transport.http2.guard import FrameGuard
from gossip.transport.limits import ConnectionLimits

if TYPE_CHECKING:
    from gossip.transport.grpc.stream import GrpcStream

CONFIGURATION = Configuration()
JOINED_BYTES = 8 * RECORD_DATA_BYTES
"""Messages are joined to pieces of so much, which fill whole records and frames: 3 % more messages of 64 KiB."""
BURST_BYTES = 2 * JOINED_BYTES
"""How much of a long message is written before looking whether the socket's buffer is full."""


class Owner(Protocol):
    """Decides what becomes of a connection, which tells it what happens there."""

    def make_stream(self, connection: "GrpcConnection", stream_id: int) -> Stream:
        """Make the stream of a request that came in."""
        ...

    def drain(self) -> None:
        """Close a connection that is to be closed, if that was its last stream."""
        ...

    def flushed(self) -> None:
        """What h2 had to send was handed to the transport."""
        ...

    def unread(self) -> None:
        """The peer took longer to read than ``unread_timeout_s`` allows."""
        ...

    def flooded(self, reason: str) -> None:
        """The peer sends more than it may."""
        ...


class GrpcConnection(Connection):
    """grpclib's connection, with our streams and limits; ``link`` is set when TLS stands, before anything is sent."""

    link: Link

    def __init__(
        self,
        http2: Http2Connection,
        transport: Transport,
        guard: FrameGuard,
        limits: ConnectionLimits,
        owner: Owner,
    ) -> None:
        super().__init__(http2, transport, config=CONFIGURATION)
        self.http2 = http2
        self.transport = transport
        self.limits = limits
        self.guard = guard
        self.failure: StreamBrokenError | None = None
        self.is_draining = False
        self.reading: dict[int, GrpcStream] = {}
        """Streams whose DATA needs no look from h2."""
        self.open_streams: Mapping[int, GrpcStream] = {}
        """All streams by number, those in ``reading`` among them."""
        self.return_bytes = WINDOW_BYTES // (2 * limits.max_streams)
        """What a stranger's stream keeps of the windows before it gives it back; all of them keep less than half."""
        self.owner = owner
        self.is_known = False
        """Whether the other side may have more under way than a stranger's window."""
        self._loop = get_running_loop()
        self._flushes_soon = False

    def create_stream(self, *, stream_id: int | None = None, wrapper: Wrapper | None = None) -> Stream:  # noqa: ARG002  # grpclib's signature
        """The stream of a request that came in."""
        assert stream_id is not None
        return self.owner.make_stream(self, stream_id)

    def check_usable(self) -> None:
        """Raise if the connection is gone.

        Raises:
            StreamBrokenError: It is; the text says why.
        """
        if self.failure is not None:
            raise again(self.failure)

    async def write_messages(self, stream: "GrpcStream", body: bytes | memoryview) -> None:
        """Write ``body`` as the windows and the socket allow.

        Raises:
            StreamBrokenError: The stream ended before all of it was written.

        Cancellation: a part may have been written.
        """
        view = memoryview(body)
        for start in range(0, len(view), BURST_BYTES):
            burst = view[start : start + BURST_BYTES]
            sent = self._write_some(stream, burst)
            if sent < len(burst):
                await self._write_patiently(stream, burst[sent:])

    async def _write_patiently(self, stream: "GrpcStream", burst: memoryview) -> None:
        """Write it all; a peer that takes a byte now and then has no more time than one that takes nothing."""
        self.flush()  # the header fields of an answer, say, which need no window
        too_late = self._loop.call_later(self.limits.unread_timeout_s, self.owner.unread)
        try:
            while burst:
                if not self.write_ready.is_set():
                    await self.write_ready.wait()
                elif not self.http2.sendable_bytes(stream.http2_stream):
                    stream.window_updated.clear()
                    await stream.window_updated.wait()
                burst = burst[self._write_some(stream, burst) :]
        finally:
            too_late.cancel()

    def _write_some(self, stream: "GrpcStream", burst: memoryview) -> int:
        """Write what the windows and the socket allow now, and return how many bytes of it."""
        stream.check_sendable()
        allowed = min(self.http2.sendable_bytes(stream.http2_stream), len(burst)) if self.write_ready.is_set() else 0
        if allowed:
            frames = self.http2.frame_data(stream.http2_stream, burst[:allowed])
            self.transport.writelines(frames)
            self.guard.sent_data(len(frames))
        return allowed

    def write_nowait(self, stream: "GrpcStream", body: bytes) -> bool:
        """Write ``body`` as one DATA frame, if the windows and the socket take it.

        Returns:
            Whether it was written.
        """
        room = min(self.http2.sendable_bytes(stream.http2_stream), RECORD_DATA_BYTES)
        if len(body) > room or not self.write_ready.is_set():
            return False
        frames = self.http2.frame_data(stream.http2_stream, memoryview(body))
        self.transport.writelines(frames)
        self.guard.sent_data(len(frames))
        return True

    def widen_window(self, stream_id: int) -> int:
        """Let an authenticated peer send more before we have read it.

        Returns:
            What this stream may keep of its window from now on.
        """
        self.is_known = True
        self.http2.widen_window(stream_id, self.limits.window_bytes)
        self.flush_soon()
        return self.limits.window_bytes // max(2, self.limits.max_streams)

    def admit_unfinished(self, stream: "GrpcStream", inbox: Inbox) -> None:
        """Let a stranger's message under way through, with room for one such message on all streams together.

        Were the windows given back in mid-message, a stranger could make us hold as much on every stream.
        """
        http2_stream = stream.http2_stream
        for each in tuple(self.open_streams.values()):
            each.return_window_of_read()  # any of them may need all that a stranger has
        if not http2_stream.open or inbox.missing_bytes <= self.http2.receivable_bytes(http2_stream):
            return
        self.http2.admit_unfinished(http2_stream, inbox.missing_bytes, PREFIX_BYTES + inbox.limit_bytes)
        self.flush_soon()

    def check_unfinished(self) -> None:
        """Cut a peer whose messages, on several streams together, are longer than one may be.

        Those count that are under way, and long ones that wait for whoever they were delivered to.
        """
        streams = self.open_streams.values()
        if len(streams) > 1:
            limit_bytes = max(stream.max_frame_bytes for stream in streams)
            if sum(stream.unfinished_bytes for stream in streams) > limit_bytes:
                self.owner.flooded(f"more than {limit_bytes} bytes of messages that are incomplete or were not read")

    def ack(self, stream_id: int, size: int) -> None:
        """Give ``size`` bytes of the windows back."""
        if size:
            self.http2.acknowledge_received_data(size, stream_id)
            self.flush_soon()

    def flush_soon(self) -> None:
        """Write what h2 has to send, together with what is sent meanwhile, before the loop waits again."""
        if not self._flushes_soon:
            self._flushes_soon = True
            self._loop.call_soon(self._flush_now)

    def drop_references(self) -> None:
        """Let go of what refers back to this, once the connection is gone."""
        del self.owner

    def feed(self, data: bytes) -> list[Event]:
        """Give frames to h2.

        Raises:
            ProtocolError: They break the rules; h2, hyperframe and hpack raise all sorts of things for that.
        """
        try:
            return super().feed(data)
        except ProtocolError:
            raise
        except Exception as error:
            raise ProtocolError(f"unreadable frame: {error!r}") from error

    def _flush_now(self) -> None:
        self._flushes_soon = False
        if self.failure is None:
            self.flush()
            self.owner.flushed()

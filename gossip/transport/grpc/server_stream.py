"""A call that was made to us."""

from collections.abc import Callable, Sequence

from grpclib.const import Status
from h2.errors import ErrorCodes

from gossip.errors import StreamBrokenError
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.errors import again
from gossip.transport.grpc.framing import EMPTY_MESSAGE
from gossip.transport.grpc.headers import ACCEPTS_NO_COMPRESSION, RESPONSE, Headers, Refusal, trailers
from gossip.transport.grpc.ping import MAX_PING_BYTES, find_fault_of_ping
from gossip.transport.grpc.stream import GrpcStream


class ServerStream(GrpcStream):
    """A call that a client makes; behaves as :class:`gossip.transport.base.FrameStream` says."""

    is_encoded = False
    """Whether its messages may be compressed, as the client says."""

    def __init__(
        self,
        connection: GrpcConnection,
        stream_id: int,
        max_frame_bytes: int,
        handler_authenticated: Callable[[], None],
    ) -> None:
        super().__init__(connection, stream_id, max_frame_bytes)
        self._handler_authenticated = handler_authenticated
        self.awaits_trust = False
        """Whether its handler is at work, and has not said yet who the peer is."""
        self.is_authenticated = False
        self._is_ping = False
        self._pings = 0
        self._began = False

    async def send(self, frames: Sequence[bytes]) -> None:
        """Send the header fields of the answer before the first message; see base."""
        self.check_sendable()
        self._begin()
        await super().send(frames)

    def send_nowait(self, frame: bytes) -> bool:
        """Send behind what was sent before; see base."""
        return self._began and super().send_nowait(frame)

    async def end(self) -> None:
        """Do nothing: a server's half ends when its handler returns."""

    def serve_ping(self) -> None:
        """Answer with an empty message as soon as the request is whole."""
        self._is_ping = True
        self._inbox.limit_bytes = MAX_PING_BYTES

    def serve_gossip(self) -> None:
        """Let messages come in."""
        self.awaits_trust = True
        if self.connection.http2.receives_data(self.id) is not None:
            self.connection.reading[self.id] = self

    def refuse(self, refusal: Refusal) -> None:
        """Answer without looking at the messages."""
        self._begin_with(((b":status", refusal.http_status), *RESPONSE[1:]))
        self.finish(refusal.status, refusal.reason)

    def finish(self, status: Status, reason: str = "") -> None:
        """End the call with a status, unless it is over already; what a message was refused for comes first."""
        if self.connection.failure is not None:
            return
        if self.closable:
            fault = self._fault()
            headers = trailers(fault or status, reason)
            if fault is Status.UNIMPLEMENTED:
                headers = (*headers, ACCEPTS_NO_COMPRESSION)
            if not self._began:
                headers = (*RESPONSE, *headers)
            self.connection.http2.send_block(self.id, headers, end_stream=True)
            self.connection.flush_soon()
        self.leave()
        self._return_window()  # the connection's other streams need it

    def authenticated(self) -> None:
        """The connection may stay."""
        self.awaits_trust = False
        self.is_authenticated = True
        self._handler_authenticated()

    def check_sendable(self) -> None:
        """Raise StreamBrokenError if the call is over."""
        if self._failure is not None:
            raise again(self._failure)
        if self.has_left:
            raise StreamBrokenError(f"the stream with {self.link.remote} was ended by us")

    def check_ending(self) -> None:
        """A client that ends its half does no more than that."""

    def hand_over(self, completed: int) -> None:
        """Hand messages over; of a Ping no more than one, or it would be a place to keep a window's worth of them."""
        super().hand_over(completed)
        self._pings += completed
        if self._is_ping and not self.has_left and (self._pings > 1 or self._inbox.is_stopped):
            self.finish(Status.INTERNAL, "a Ping is one message, and a short one")

    def __ended__(self) -> None:
        super().__ended__()
        if self._is_ping and not self.has_left:
            self._answer_ping()

    def _answer_ping(self) -> None:
        http2 = self.connection.http2
        messages = self._inbox.take()
        self._return_window()
        if len(messages) != 1 or not self._inbox.is_between_messages:
            part = "" if self._inbox.is_between_messages else " and a part"
            self.finish(Status.INTERNAL, f"a Ping is one message, not {len(messages)}{part}")
        elif (fault := find_fault_of_ping(messages[0])) is not None:
            self.finish(Status.INTERNAL, f"not a Ping: {fault}")
        elif http2.local_flow_control_window(self.id) < len(EMPTY_MESSAGE):
            self.leave(ErrorCodes.REFUSED_STREAM)
        else:
            self._begin()
            http2.send_short(self.http2_stream, EMPTY_MESSAGE)
            self.finish(Status.OK)

    def _fault(self) -> Status | None:
        """The status that gRPC has for what is wrong with the messages.

        Spec: grpc/doc/compression.md.
        """
        if self._inbox.is_compressed:
            return Status.UNIMPLEMENTED if self.is_encoded else Status.INTERNAL
        if self._inbox.is_stopped:
            return Status.RESOURCE_EXHAUSTED
        if self._peer_ended and not self._inbox.is_between_messages:
            return Status.INTERNAL
        return None

    def _begin(self) -> None:
        if not self._began:
            self._begin_with(RESPONSE)

    def _begin_with(self, headers: Headers) -> None:
        self._began = True
        self.connection.http2.send_block(self.id, headers)

"""One gRPC call as a stream of whole messages; what both sides have in common."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence

from grpclib.protocol import Connection, Stream
from h2.errors import ErrorCodes
from h2.stream import H2Stream

from gossip.errors import FrameTooLargeError, StreamBrokenError
from gossip.flag import Flag
from gossip.transport.base import Link, Taker
from gossip.transport.grpc.connection import JOINED_BYTES, GrpcConnection
from gossip.transport.grpc.errors import again
from gossip.transport.grpc.framing import LONG_BYTES, PREFIX_BYTES, Inbox, encode_message, encode_messages
from gossip.turns import free_in_turns


class GrpcStream(Stream):
    """grpclib's stream, with messages cut as their bytes come in, and an end that loses none of them."""

    connection: GrpcConnection
    http2_stream: H2Stream
    id: int

    def __init__(self, connection: GrpcConnection, stream_id: int, max_frame_bytes: int) -> None:
        self._inbox = Inbox(max_frame_bytes)
        self._waiter: asyncio.Future[None] | None = None
        self._unreturned_bytes = 0
        self._return_bytes = connection.return_bytes
        self._long_bytes = 0
        self.has_left = False
        self._peer_ended = False
        self._failure: StreamBrokenError | None = None
        self._taker: Taker | None = None
        self.forget: Callable[[], None] | None = None
        super().__init__(connection, connection.http2, connection.transport, stream_id=stream_id)
        self.window_updated = Flag()  # type: ignore[assignment]  # grpclib's is an Event, of which only set is called
        del self.headers_received, self.trailers_received

    def init_stream(self, stream_id: int, connection: Connection) -> None:  # noqa: ARG002  # grpclib's signature
        """Learn the stream's number."""
        self.id = stream_id
        self.http2_stream = self.connection.http2.streams[stream_id]

    # -- what base.FrameStream promises

    @property
    def link(self) -> Link:
        """The connection that carries this stream."""
        return self.connection.link

    @property
    def max_frame_bytes(self) -> int:
        """The longest message taken; setting it says that the peer is authenticated, and widens the windows."""
        return self._inbox.limit_bytes

    @max_frame_bytes.setter
    def max_frame_bytes(self, limit: int) -> None:
        self._inbox.limit_bytes = limit
        self._inbox.resume()
        if not self.has_left:
            self._return_bytes = self.connection.widen_window(self.id)
            self.authenticated()

    async def send(self, frames: Sequence[bytes]) -> None:
        """Join ``frames`` into as few writes as flow control and the socket allow; see base."""
        self.check_sendable()
        self.connection.guard.sent_messages(len(frames))
        for body in encode_messages(frames, JOINED_BYTES):
            await self.connection.write_messages(self, body)

    def send_nowait(self, frame: bytes) -> bool:
        """Write one message that fits into a DATA frame, if the windows and the socket take it; see base."""
        try:
            self.check_sendable()
        except StreamBrokenError:
            return False
        return self.connection.write_nowait(self, encode_message(frame))

    async def receive(self) -> Sequence[bytes]:
        """Return everything that is there, waiting for something; see base."""
        self._long_bytes = 0
        while not (messages := self._inbox.take()):
            if self._inbox.missing_bytes:
                self._admit_rest_of_message()
            if self._is_over():
                return []
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._inbox.has_long:
            self._inbox.has_long = False
            self._long_bytes = sum(len(message) for message in messages if len(message) >= LONG_BYTES)
        self._return_window()
        return messages

    def offer_to(self, taker: Taker) -> None:
        """Offer a lone message to ``taker`` first: more of them are better taken together; see base."""
        self._taker = taker

    def abort(self) -> None:
        """Reset the stream, if it has not ended; what was not received is dropped."""
        self.leave(ErrorCodes.CANCEL)
        self._inbox.clear()
        self._return_window()
        self.fail(StreamBrokenError(f"the stream with {self.link.remote} was aborted by us"))

    @property
    def is_receiving(self) -> bool:
        """Whether a message is under way, or was not received yet; see base."""
        return not (self._inbox.is_read and self._inbox.is_between_messages)

    @property
    def unfinished_bytes(self) -> int:
        """How much has come of a message that is not whole, or of a long one that its reader is not done with."""
        return self._inbox.unfinished_bytes + self._long_bytes

    # -- what the connection tells

    def data_came(self, data: bytes, start: int, end: int, window_bytes: int) -> int:
        """Take ``data[start:end]``, which cost ``window_bytes`` of the windows; :meth:`hand_over` what came in one go.

        Returns:
            How many messages it completed.
        """
        self._unreturned_bytes += window_bytes
        if self.has_left:
            self._return_window()
            return 0
        return self._inbox.feed(data, start, end)

    def hand_over(self, completed: int) -> None:
        """Let whoever waits have the messages that came."""
        if self._waiter is None or self.has_left:
            return
        if completed or self._inbox.is_stopped:
            if not (self._taker is not None and completed == 1 and self._is_taken_by(self._taker)):
                self._wake()
        else:
            self._admit_rest_of_message()

    def headers_came(self, fields: Sequence[tuple[bytes, bytes]], *, ends: bool) -> None:
        """Take the header fields of an answer, or of its end; ``ends`` says that nothing follows them."""

    def fail(self, failure: StreamBrokenError) -> None:
        """Nothing more will come or go; what came before can still be received."""
        if self._failure is None:
            self._failure = failure
        self.leave()
        self._return_window()  # the connection's other streams need it, whether somebody still reads this one or not
        self._wake()

    def __ended__(self) -> None:
        self._peer_ended = True
        self.connection.reading.pop(self.id, None)
        self._wake()

    # -- for the two sides

    def authenticated(self) -> None:
        """The handler takes long messages now, so the peer is who it says."""

    @abstractmethod
    def check_sendable(self) -> None:
        """Raise StreamBrokenError if nothing can be sent any more."""

    @abstractmethod
    def check_ending(self) -> None:
        """Raise what the peer's ending of the stream means; return when all is well."""

    def leave(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Let the connection forget the stream, resetting it where it is not closed; messages can still be received."""
        self.connection.reading.pop(self.id, None)
        self.has_left = True
        self.window_updated.set()  # whoever waits to send hears of nothing any more
        self._taker = None  # which refers back to this
        if (memory := self._inbox.give_up_unfinished()) is not None:
            free_in_turns(memory)
        if self.connection.failure is None:
            if self.closable:
                self.connection.http2.reset_stream(self.id, code)
                self.connection.flush_soon()
            self.connection.http2.forget_closed_streams()
        forget, self.forget = self.forget, None
        if forget is not None:
            forget()

    def _is_over(self) -> bool:
        """Whether the peer ended the stream and all is well."""
        if self._inbox.is_compressed:
            raise StreamBrokenError(
                f"{self.link.remote} sent a compressed message, though compression was not negotiated"
            )
        if self._inbox.is_stopped:
            raise FrameTooLargeError(self._inbox.oversized_bytes, self._inbox.limit_bytes)
        if self._peer_ended:
            self.check_ending()
            if not self._inbox.is_between_messages:
                raise StreamBrokenError(f"{self.link.remote} ended the stream in the middle of a message")
            return True
        if self._failure is not None:
            raise again(self._failure)
        return False

    def _is_taken_by(self, taker: Taker) -> bool:
        """Whether all that is there has been taken, so that nobody has to be woken."""
        messages = self._inbox.take()
        taken = taker(messages)
        if taken < len(messages):
            self._inbox.put_back(messages[taken:])
            return False
        if self._inbox.is_stopped:
            return False
        self._return_window()
        return True

    def _admit_rest_of_message(self) -> None:
        """Open the window for the rest of a message that somebody waits for: it could not come otherwise."""
        if self.connection.failure is not None:
            return
        if self.connection.is_known:
            self.connection.check_unfinished()
            self._return_window()
        else:
            self.connection.admit_unfinished(self, self._inbox)

    def return_window_of_read(self) -> None:
        """Give back what whole messages cost, where they have been read, and not the one under way."""
        if not self._inbox.is_read:
            return
        whole_bytes = self._unreturned_bytes
        if not self._inbox.is_between_messages:
            whole_bytes -= PREFIX_BYTES + self._inbox.unfinished_bytes
        if whole_bytes > 0:
            self._unreturned_bytes -= whole_bytes
            self.connection.ack(self.id, whole_bytes)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _return_window(self) -> None:
        least = 1 if self.has_left else self._return_bytes
        if self._unreturned_bytes >= least and self.connection.failure is None:
            size, self._unreturned_bytes = self._unreturned_bytes, 0
            self.connection.ack(self.id, size)

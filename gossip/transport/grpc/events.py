"""h2's events, told to the streams they are about."""

from collections.abc import Callable, Sequence

from grpclib.protocol import AbstractHandler, EventsProcessor, Stream
from h2.events import (
    DataReceived,
    Event,
    InformationalResponseReceived,
    RequestReceived,
    ResponseReceived,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from gossip.errors import StreamBrokenError
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.errors import stream_reset
from gossip.transport.grpc.headers import is_malformed_end
from gossip.transport.grpc.stream import GrpcStream

MAX_INFORMATIONAL = 8
"""Answers with a status of 1xx, on one connection: gRPC has none, a proxy in between may."""


class GrpcEvents(EventsProcessor):
    """grpclib's dispatcher, but events that it does not know are ignored, and the end of a stream loses no message."""

    connection: GrpcConnection
    streams: dict[int, GrpcStream]  # type: ignore[assignment]  # all of them are ours, see register

    def __init__(self, handler: AbstractHandler, connection: GrpcConnection) -> None:
        super().__init__(handler, connection)
        connection.open_streams = self.streams
        self.processors[InformationalResponseReceived] = self.process_informational_response_received
        self._informational = 0

    def process(self, event: Event) -> None:
        """Tell the stream.

        Raises:
            ProtocolError: A server goes on to say that its answer is to come.
        """
        if event.__class__ in self.processors:
            super().process(event)

    def register(self, stream: Stream) -> Callable[[], None]:
        """Let a stream hear of its events until the returned function is called, which is its ``forget``."""
        assert isinstance(stream, GrpcStream)
        stream_id = stream.id
        self.streams[stream_id] = stream

        def forget() -> None:
            del self.streams[stream_id]
            self.connection.stream_close_waiter.set()
            if self.connection.failure is None:
                self.connection.owner.drain()

        stream.forget = forget
        return forget

    def process_data_received(self, event: DataReceived) -> None:
        """DATA that h2 had to look at: with padding, say."""
        self._data_came(event.stream_id, event.data or b"", event.flow_controlled_length or 0)

    def process_end(self, stream_id: int, data: bytes) -> None:
        """The DATA that ends a request, which h2 need not see."""
        self._data_came(stream_id, data, len(data))
        self._ended(stream_id)

    def process_block(self, stream_id: int, fields: Sequence[tuple[bytes, bytes]], *, end_stream: bool) -> None:
        """Header fields that h2 need not see: a request, or the beginning or the end of an answer."""
        if self.connection.http2.config.client_side:
            self._answer(stream_id, fields, ends=end_stream)
        else:
            self.process_request_received(RequestReceived(stream_id=stream_id, headers=list(fields)))
        if end_stream:
            self._ended(stream_id)

    def process_informational_response_received(self, _event: InformationalResponseReceived) -> None:
        """An answer of 1xx, which announces the real one.

        Raises:
            ProtocolError: That was said too often.
        """
        self._informational += 1
        if self._informational > MAX_INFORMATIONAL:
            raise ProtocolError(f"more than {MAX_INFORMATIONAL} informational answers")

    def process_response_received(self, event: ResponseReceived) -> None:
        """The answer begins."""
        self._answer(event.stream_id, event.headers or (), ends=event.stream_ended is not None)

    def process_trailers_received(self, event: TrailersReceived) -> None:
        """The answer ends, or a request, though gRPC's have nothing to say in the end.

        Raises:
            ProtocolError: They are no header fields of a request's end.
        """
        fields = event.headers or ()
        if not self.connection.http2.config.client_side and is_malformed_end(fields):
            raise ProtocolError("a request that ends with malformed header fields")
        self._answer(event.stream_id, fields, ends=True)

    def process_stream_reset(self, event: StreamReset) -> None:
        """The peer, or h2 on a breach of the protocol, ended a stream at once."""
        stream = self.streams.get(event.stream_id)
        if stream is not None:
            stream.fail(stream_reset(self.connection.link.remote, int(event.error_code or 0)))

    def close_with(self, failure: StreamBrokenError) -> None:
        """The connection is gone, and so is every stream."""
        for stream in tuple(self.streams.values()):
            stream.fail(failure)
        self.connection.reading.clear()
        self.connection.write_ready.set()
        self.connection.stream_close_waiter.set()

    def drop_references(self) -> None:
        """Let go of what refers back to this, once nothing comes any more."""
        del self.processors, self.handler

    def _data_came(self, stream_id: int, data: bytes, window_bytes: int) -> None:
        stream = self.streams.get(stream_id)
        if stream is None:
            self.connection.ack(stream_id, window_bytes)
        else:
            stream.hand_over(stream.data_came(data, 0, len(data), window_bytes))

    def _ended(self, stream_id: int) -> None:
        stream = self.streams.get(stream_id)
        if stream is not None:
            stream.__ended__()

    def _answer(self, stream_id: int, fields: Sequence[tuple[bytes, bytes]], *, ends: bool) -> None:
        stream = self.streams.get(stream_id)
        if stream is not None:
            stream.headers_came(fields, ends=ends)

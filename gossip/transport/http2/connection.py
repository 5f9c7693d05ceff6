"""h2's connection, with what it spends too much on replaced: DATA frames and header blocks.

Everything that touches private members of h2 is in this file.
"""

from copy import deepcopy

from h2.config import H2Configuration
from h2.connection import AllowedStreamIDs, ConnectionInputs, H2Connection
from h2.events import Event
from h2.exceptions import (
    FlowControlError,
    NoSuchStreamError,
    StreamClosedError,
    TooManyStreamsError,
)
from h2.stream import H2Stream, StreamClosedBy, StreamInputs, StreamState
from h2.windows import WindowManager
from hpack import HeaderTuple
from hyperframe.frame import DataFrame, Frame, RstStreamFrame

from gossip.transport.http2.frame import (
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEADER,
    FRAME_HEADER_BYTES,
    HEADERS,
    MAX_FRAME_BYTES,
    SETTINGS_ACK,
)
from gossip.transport.http2.header_compression import ENCODER, ReportingDecoder, encode_block
from gossip.transport.http2.settings_frame import is_plain
from gossip.transport.http2.shared_settings import local_settings, peer_settings
from gossip.transport.limits import ConnectionLimits
from gossip.transport.record_size import RECORD_BYTES

_frame_header = FRAME_HEADER.pack


def http2_configuration(*, client_side: bool) -> H2Configuration:
    """h2's settings for one side: header fields as bytes, and checked by us."""
    return H2Configuration(
        client_side=client_side,
        header_encoding=None,
        validate_inbound_headers=False,
        validate_outbound_headers=False,
        normalize_inbound_headers=False,
        normalize_outbound_headers=False,
    )


class Http2Connection(H2Connection):
    """One HTTP/2 connection.

    DATA frames go past h2, through :meth:`count_received` and :meth:`frame_data`: for a frame of 16 KiB h2 spends 19 µs
    on receiving, of which 12 on a text for a log that nobody reads. The windows are kept in h2's own objects, so that
    they hold whichever way a frame takes.
    """

    MAX_CLOSED_STREAMS = 1024  # h2 remembers 65,536 of them, 10 MB that a peer can fill by opening streams

    def __init__(self, config: H2Configuration, limits: ConnectionLimits) -> None:
        super().__init__(config)
        self.local_settings, self._first_words = local_settings(
            bool(config.client_side), limits.max_streams, limits.max_header_bytes
        )
        self.max_inbound_frame_size = MAX_FRAME_BYTES
        self.decoder = self._decoder = ReportingDecoder(limits.max_header_bytes)
        self.encoder = ENCODER
        self._settings_came = False

    def initiate_connection(self) -> None:
        """Announce our settings."""
        self.state_machine.process_input(ConnectionInputs.SEND_SETTINGS)
        self._data_to_send += self._first_words

    def send_block(self, stream_id: int, headers: tuple[tuple[bytes, bytes], ...], *, end_stream: bool = False) -> None:
        """Send header fields that fit into a frame, and open the stream if it is new.

        h2 takes three times as long, most of it to look for mistakes in them.

        Raises:
            TooManyStreamsError: The peer allows no more streams.
            ProtocolError: The stream takes no header fields any more.
        """
        stream = self.streams.get(stream_id)
        if stream is None:
            allowed = self.remote_settings.max_concurrent_streams
            if self.open_outbound_streams >= allowed:
                raise TooManyStreamsError(f"{allowed} streams are open, which is all that the peer allows")
            stream = self._begin_new_stream(stream_id, AllowedStreamIDs(self.config.client_side))
        self.state_machine.process_input(ConnectionInputs.SEND_HEADERS)
        stream.state_machine.process_input(StreamInputs.SEND_HEADERS)
        if end_stream:
            stream.state_machine.process_input(StreamInputs.SEND_END_STREAM)
        block = encode_block(headers)
        flags = END_HEADERS | END_STREAM if end_stream else END_HEADERS
        self._data_to_send += _frame_header(len(block) << 8 | HEADERS, flags, stream_id) + block

    def send_short(self, stream: H2Stream, body: bytes, *, end_stream: bool = False) -> None:
        """Send what fits into a frame and into :meth:`sendable_bytes`, on a stream that takes it.

        Raises:
            ProtocolError: The stream has ended.
        """
        if end_stream:
            stream.state_machine.process_input(StreamInputs.SEND_END_STREAM)
        size = len(body)
        self.outbound_flow_control_window -= size
        stream.outbound_flow_control_window -= size
        header = _frame_header(size << 8 | DATA, END_STREAM if end_stream else 0, stream.stream_id)
        self._data_to_send += header + body

    def take_settings(self, frame: bytes) -> bool:
        """Take the first settings that the peer announces; later ones are for h2, on an object that it may change.

        Nobody waits to hear of them: who has no window left then needs more of the connection's, too.

        Raises:
            ProtocolError: A value is not allowed.
        """
        is_first, self._settings_came = not self._settings_came, True
        if not is_first or not is_plain(frame):
            self.remote_settings = deepcopy(self.remote_settings)
            return False
        settings = peer_settings(frame[FRAME_HEADER_BYTES:], from_client=not self.config.client_side)
        former, self.remote_settings = self.remote_settings, settings
        self.state_machine.process_input(ConnectionInputs.RECV_SETTINGS)
        self.state_machine.process_input(ConnectionInputs.SEND_SETTINGS)
        self._flow_control_change_from_settings(former.initial_window_size, settings.initial_window_size)
        self.max_outbound_frame_size = settings.max_frame_size
        for stream in self.streams.values():
            stream.max_outbound_frame_size = settings.max_frame_size
        self._data_to_send += SETTINGS_ACK
        return True

    def take_end(self, stream_id: int, size_bytes: int) -> bool:
        """Take the DATA frame that ends a request, if h2 need not see it.

        Raises:
            FlowControlError: The peer sent more than it may.
        """
        stream = None if self.config.client_side else self.receives_data(stream_id)
        if stream is None:
            return False
        self.count_received(stream, size_bytes)
        stream.state_machine.process_input(StreamInputs.RECV_END_STREAM)
        return True

    def _handle_data_on_closed_stream(
        self, events: list[Event], exc: StreamClosedError, frame: DataFrame
    ) -> tuple[list[Frame], list[Event]]:
        """Give the window back; h2 would reset once more what we have reset, and so answer all that was under way.

        Spec: RFC 9113 section 5.1, closed.
        """
        was_reset = not exc._events and self._stream_closed_by(frame.stream_id) is StreamClosedBy.SEND_RST_STREAM
        frames, events = super()._handle_data_on_closed_stream(events, exc, frame)
        return [answer for answer in frames if not (was_reset and isinstance(answer, RstStreamFrame))], events

    def take_reset(self, stream_id: int) -> bool:
        """Take a reset, if the stream is closed already.

        Raises:
            NoSuchStreamError: There never was such a stream, which h2 does not mind.
        """
        is_ours = stream_id % 2 == bool(self.config.client_side)
        if stream_id > (self.highest_outbound_stream_id if is_ours else self.highest_inbound_stream_id):
            raise NoSuchStreamError(stream_id)
        stream = self.streams.get(stream_id)
        return stream_id > 0 and (stream is None or stream.closed)

    def take_block(self, stream_id: int, block: bytes, *, end_stream: bool) -> tuple[HeaderTuple, ...]:
        """Take a header block that is known, and right where it comes; h2 takes four times as long.

        Returns:
            Its fields; none when it is for h2 to judge, and was not taken.
        """
        stream = self.streams.get(stream_id)
        fits = self._may_open(stream_id) if stream is None else self._may_answer(stream, end_stream)
        fields = self._decoder.recall(block) if fits else ()
        if not fields:
            return ()
        self.state_machine.process_input(ConnectionInputs.RECV_HEADERS)
        if stream is None:
            stream = self._begin_new_stream(stream_id, AllowedStreamIDs.ODD)
        stream.state_machine.process_input(StreamInputs.RECV_HEADERS)
        if end_stream:
            stream.state_machine.process_input(StreamInputs.RECV_END_STREAM)
        return fields

    def _may_open(self, stream_id: int) -> bool:
        """Whether the peer is a client, and this number is for its next stream; one too many is refused later."""
        return not self.config.client_side and stream_id % 2 == 1 and stream_id > self.highest_inbound_stream_id

    def _may_answer(self, stream: H2Stream, end_stream: bool) -> bool:
        """Whether an answer may begin, or end, on this stream of ours."""
        machine = stream.state_machine
        is_open = machine.state in (StreamState.OPEN, StreamState.HALF_CLOSED_LOCAL)
        return bool(self.config.client_side) and is_open and (end_stream or not machine.headers_received)

    def receives_data(self, stream_id: int) -> H2Stream | None:
        """h2's stream, if DATA for it needs no more than its window counted from now on."""
        stream = self.streams.get(stream_id)
        if stream is None or stream._expected_content_length is not None:
            return None
        return stream if stream.state_machine.state in (StreamState.OPEN, StreamState.HALF_CLOSED_LOCAL) else None

    def count_received(self, stream: H2Stream, size_bytes: int) -> None:
        """Take a DATA frame's length from both windows.

        Raises:
            FlowControlError: The peer sent more than it may.
        """
        for window in (self._inbound_flow_control_window_manager, stream._inbound_window_manager):
            window.current_window_size -= size_bytes
            if window.current_window_size < 0:
                raise FlowControlError("more DATA than its window allows")

    def sendable_bytes(self, stream: H2Stream) -> int:
        """How much the peer's windows for this stream and for all of them allow; never negative."""
        return max(0, min(self.outbound_flow_control_window, stream.outbound_flow_control_window))

    def frame_data(self, stream: H2Stream, body: memoryview) -> list[bytes]:
        """Cut ``body``, of at most :meth:`sendable_bytes`, into DATA frames, behind what h2 has to send.

        Each but the last is a whole number of TLS records, as many as the peer allows.
        """
        size = len(body)
        self.outbound_flow_control_window -= size
        stream.outbound_flow_control_window -= size
        longest = min(self.max_outbound_frame_size + FRAME_HEADER_BYTES, MAX_FRAME_BYTES)
        frame_bytes = longest - longest % RECORD_BYTES - FRAME_HEADER_BYTES
        stream_id = stream.stream_id
        pending = self.data_to_send() or b""
        frames = []
        for start in range(0, size, frame_bytes):
            part = body[start : start + frame_bytes]
            frames.append(b"".join((pending, _frame_header(len(part) << 8 | DATA, 0, stream_id), part)))
            pending = b""
        return frames

    def widen_window(self, stream_id: int, window_bytes: int) -> None:
        """Let the peer send more on a stream, and on the connection enough for other streams beside it."""
        stream = self.streams.get(stream_id)
        if stream is not None and stream.open:
            self._widen(stream._inbound_window_manager, window_bytes, stream_id)
        self._widen(self._inbound_flow_control_window_manager, 2 * window_bytes, None)

    def _widen(self, manager: WindowManager, window_bytes: int, stream_id: int | None) -> None:
        """Make a window so wide, by what h2 knows too: it would leave out what has come and was not given back."""
        increment = window_bytes - manager.max_window_size
        if increment > 0:
            manager.max_window_size = window_bytes
            self.increment_flow_control_window(increment, stream_id)

    def receivable_bytes(self, stream: H2Stream) -> int:
        """How much our windows for this stream and for all of them allow the peer."""
        return min(
            self._inbound_flow_control_window_manager.current_window_size,
            stream._inbound_window_manager.current_window_size,
        )

    def admit_unfinished(self, stream: H2Stream, missing_bytes: int, longest_bytes: int) -> None:
        """Open a stream's window for the rest of a message, and the connection's so far that the longest one fits.

        What was taken before is given back first: h2 keeps up to half a window of it to itself.
        """
        increment = missing_bytes - stream._inbound_window_manager.current_window_size
        if increment > 0:
            self.increment_flow_control_window(increment, stream.stream_id)
        shared = self._inbound_flow_control_window_manager
        taken = min(shared._bytes_processed, shared.max_window_size - shared.current_window_size)
        if taken > 0:
            shared._bytes_processed = 0
            self.increment_flow_control_window(taken)
        self._widen(shared, longest_bytes, None)

    def forget_closed_streams(self) -> None:
        """Free the streams that ended, which h2 otherwise does when the next one begins."""
        _ = self.open_inbound_streams  # reading it is what frees them

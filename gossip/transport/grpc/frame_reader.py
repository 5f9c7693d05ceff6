"""Cuts what a peer sends into HTTP/2 frames: DATA straight to its stream, everything else counted and handed on.

Spec: RFC 9113 sections 3.4, 4.1 and 6.
"""

from collections.abc import Callable
from time import perf_counter

from h2.exceptions import DenialOfServiceError, FrameTooLargeError, ProtocolError

from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.stream import GrpcStream
from gossip.transport.http2.frame import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FRAME_HEADER,
    FRAME_HEADER_BYTES,
    HEADERS,
    MAX_FRAME_BYTES,
    PADDED,
    PREFACE,
    PUSH_PROMISE,
    SETTINGS,
    STREAM_ID_BITS,
)
from gossip.transport.http2.guard import KIND_OF_FRAME, Kind
from gossip.transport.http2.settings_frame import known_settings
from gossip.turns import shared_turns

FRAGMENT_BYTES = 256
HEADERS_BYTES = 256
"""So much of a header block counts as one more: 4 KiB take hpack 0.7 ms, and 16 KiB 3 ms."""
OTHERS_AT_ONCE = 8
OTHERS_AT_ONCE_S = 0.001
FRAGMENTS_AT_ONCE = 64
WHOLE_BYTES = 4096

_parse_frame_header = FRAME_HEADER.unpack_from


class FrameReader:
    """The receiving side of one connection, below h2.

    DATA without flags for a stream that :attr:`GrpcConnection.reading` lists is passed on as it comes, also in parts,
    so that nothing is put together twice; every other frame is handed on whole, or ignored if its type is unknown.

    After so many of the latter, or so long, it stops, and ``has_more`` says that something is left to be taken, by and
    by: each can cost a hundred times what a DATA frame costs. It does so after small DATA frames, too, but many more:
    each may hold a message. Large ones may hold thousands. What comes for one stream in a row is handed over together,
    as Go sends each message in a frame of its own.
    """

    def __init__(
        self,
        connection: GrpcConnection,
        take_frame: Callable[[int, bytes], None],
        *,
        expects_preface: bool,
    ) -> None:
        self.has_more = False
        self._connection = connection
        self._turns = shared_turns()
        self._take_frame = take_frame
        self._preface_bytes = len(PREFACE) if expects_preface else 0
        self._settings_came = False
        self._in_header_block = False
        self._header_block_bytes = 0
        self._held = b""
        self._data_stream: GrpcStream | None = None
        self._data_missing = 0
        self._completed = 0
        self._has_fed = False

    def take(self, data: bytes) -> None:
        """Take what came; nothing more once the connection has failed, and not all of it where ``has_more`` says so.

        Raises:
            ProtocolError: It breaks the rules of HTTP/2.
        """
        position, size = 0, len(data)
        if self._data_missing and self._data_stream is not None:
            position = min(self._data_missing, len(data))
            self._data_missing -= position
            self._connection.guard.forgive_fragments(self._data_came(self._data_stream, data, 0, position))
        if self._preface_bytes:
            position = min(self._preface_bytes, len(data))
            self._preface_bytes -= position
            self._connection.feed(data[:position])
        if self._held:
            data = self._held + data[position:]
            self._held = b""
            position = 0
        position = self._take_frames(data, position)
        self._hand_over()
        if position < len(data) and self._connection.failure is None:
            self._held = data[position:]
        if 0 < size < FRAGMENT_BYTES and self._is_in_mid_frame:
            self._count(Kind.FRAGMENT)

    @property
    def _is_in_mid_frame(self) -> bool:
        return bool(self._data_missing or (self._held and not self.has_more))

    def _take_frames(self, data: bytes, position: int) -> int:
        """Take the frames that begin at ``position``; returns where the first one begins that was not taken."""
        reading = self._connection.reading
        end = len(data)
        others = fragments = 0
        began_at_s = perf_counter()
        turn_ends_at_s = began_at_s + self._turns.length_s
        self.has_more = False
        while self._connection.failure is None and end - position >= FRAME_HEADER_BYTES:
            word, flags, stream_id = _parse_frame_header(data, position)
            kind, size = word & 0xFF, word >> 8
            body = position + FRAME_HEADER_BYTES
            stop = body + size
            if kind == DATA and not flags and stream_id in reading and not self._in_header_block:
                self._check_size(size)
                stream = reading[stream_id]
                self._connection.http2.count_received(stream.http2_stream, size)
                position = min(stop, end)
                self._data_missing = stop - position
                completed = self._data_came(stream, data, body, position)
                is_small = size < FRAGMENT_BYTES
                if completed != 1 or not is_small:
                    self._count_data(size, completed)
                fragments += is_small
                if position < end and (fragments >= FRAGMENTS_AT_ONCE or perf_counter() > turn_ends_at_s):
                    self.has_more = True
                    break
                continue
            if not self._settings_came and kind != SETTINGS:
                raise ProtocolError(f"it begins with {data[:24]!r}")
            self._check_size(size)
            if stop > end:
                break
            self._hand_over()
            self._other_came(kind, flags, data[position:stop])
            position = stop
            others += 1
            if position < end and (others == OTHERS_AT_ONCE or perf_counter() - began_at_s > OTHERS_AT_ONCE_S):
                self.has_more = True
                break
        return position

    @staticmethod
    def _check_size(size: int) -> None:
        if size > MAX_FRAME_BYTES:
            raise FrameTooLargeError(f"a frame of {size} bytes")

    def _count_data(self, size: int, completed: int) -> None:
        """Weigh a DATA frame: of a small one that completes one message, as those of Go, nothing would be left."""
        if size < FRAGMENT_BYTES:
            self._count(Kind.FRAGMENT)
        self._connection.guard.forgive_fragments(completed + (size >= WHOLE_BYTES))

    def _data_came(self, stream: GrpcStream, data: bytes, start: int, end: int) -> int:
        """Hand on a part of a DATA frame, also to a stream that ended meanwhile: it has its window to give back."""
        if stream is not self._data_stream:
            self._hand_over()
            self._data_stream = stream
        completed = stream.data_came(data, start, end, end - start)
        self._completed += completed
        self._has_fed = True
        return completed

    def _hand_over(self) -> None:
        if self._has_fed and self._data_stream is not None:
            self._has_fed = False
            completed, self._completed = self._completed, 0
            self._data_stream.hand_over(completed)

    def _other_came(self, kind: int, flags: int, frame: bytes) -> None:
        if kind in (HEADERS, PUSH_PROMISE, CONTINUATION):
            self._count(Kind.HEADERS, 1 + len(frame) // HEADERS_BYTES)
        elif kind != DATA:
            self._count(KIND_OF_FRAME.get(kind, Kind.UNKNOWN))
        elif self._is_for_nobody(frame) or (_data_bytes(flags, frame) < FRAGMENT_BYTES and not flags & END_STREAM):
            self._count(Kind.FRAGMENT)
        if self._connection.failure is not None:
            return
        if self._in_header_block and kind != CONTINUATION:
            raise ProtocolError("another frame in the middle of a header block")  # h2 does not see each
        if kind == SETTINGS:
            frame = known_settings(frame)
        if kind in KIND_OF_FRAME or kind == DATA:
            if kind in (HEADERS, PUSH_PROMISE, CONTINUATION):
                self._header_block_goes_on(flags, len(frame))
            self._take_frame(kind, frame)
            self._settings_came = True

    def _is_for_nobody(self, frame: bytes) -> bool:
        """Whether the stream is closed, so that h2 resets it once more."""
        stream = self._connection.http2.streams.get(int.from_bytes(frame[5:9]) & STREAM_ID_BITS)
        return stream is None or stream.closed

    def _header_block_goes_on(self, flags: int, size_bytes: int) -> None:
        """h2 holds a block until it is whole, and would take a megabyte."""
        self._header_block_bytes += size_bytes
        limit = self._connection.limits.max_header_bytes
        if self._header_block_bytes > limit:
            raise DenialOfServiceError(f"a header block of more than {limit} bytes")
        self._in_header_block = not flags & END_HEADERS
        if not self._in_header_block:
            self._header_block_bytes = 0

    def _count(self, kind: Kind, times: int = 1) -> None:
        reason = self._connection.guard.count(kind, times)
        if reason is not None:
            self._connection.owner.flooded(reason)


def _data_bytes(flags: int, frame: bytes) -> int:
    """What a DATA frame holds beside padding, which is no more than its first byte says."""
    size = len(frame) - FRAME_HEADER_BYTES
    return size - 1 - frame[FRAME_HEADER_BYTES] if flags & PADDED and size else size

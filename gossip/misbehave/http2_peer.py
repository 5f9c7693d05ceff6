"""One end of an HTTP/2 connection that sends what it is told to, and keeps account of what comes back."""

import struct
from collections import defaultdict

from hpack import Decoder, Encoder, HPACKError

from gossip.misbehave import frames
from gossip.misbehave.conversation import Conversation
from gossip.misbehave.ending import End, Ending
from gossip.misbehave.frames import Fields
from gossip.transport.grpc_errors import error_code_name
from gossip.transport.grpc_headers import CallStatus, parse_trailers

PREFIX_BYTES = 5
DATA_BYTES = 16_000
INITIAL_WINDOW_BYTES = 65_535
GRANT_BYTES = 32 * 1024
MAX_SAID_BYTES = 16 * 1024 * 1024
"""On one connection; acknowledgements for a hundred thousand messages are a third of that."""
MAX_MESSAGES = 1000
"""Kept of one call; more are counted as received, and dropped."""


class Http2Peer(Conversation):
    """A client without scruples."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.goaway_code: int | None = None
        self.resets: dict[int, int] = {}
        self.statuses: dict[int, CallStatus] = {}
        self.messages: defaultdict[int, list[bytes]] = defaultdict(list)
        self._said_bytes = 0
        self._is_greeted = False
        self._decoder = Decoder()
        self._bodies: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._granted: defaultdict[int, int] = defaultdict(int)
        self._initial_window = INITIAL_WINDOW_BYTES
        self._windows: dict[int, int] = {0: INITIAL_WINDOW_BYTES}

    # -- what we say

    def begin(self, wanted: dict[int, int] | None = None) -> None:
        """Say the preface, and what we want."""
        self.write(frames.PREFACE + frames.settings(wanted))

    def open(self, stream_id: int = 1, fields: Fields | None = None) -> None:
        """Begin a call."""
        self._windows[stream_id] = self._initial_window
        self.write(frames.headers(stream_id, self.block(fields)))

    def block(self, fields: Fields | None = None) -> bytes:
        """A header block; that of a GossipStream without fields."""
        return bytes(self.encoder.encode(fields or frames.request()))

    def call_ping(self, stream_id: int) -> None:
        """Call Ping."""
        self.open(stream_id, frames.request(frames.PING_CALL))
        self.say(stream_id, frames.message(b""), ends=True)

    def say(self, stream_id: int, body: bytes, *, ends: bool = False) -> None:
        """Send one DATA frame, whatever the windows allow; they are kept account of."""
        for key in (0, stream_id):
            self._windows[key] = self._windows.get(key, self._initial_window) - len(body)
        self.write(frames.data(stream_id, body, ends=ends))

    async def send(self, stream_id: int, body: bytes, patience_s: float) -> int:
        """Send DATA as the other side's windows allow.

        Returns:
            How many bytes left before it ended the call, or gave no room for ``patience_s`` seconds.

        Cancellation: a part was sent.
        """
        sent = 0
        while sent < len(body):
            if not await self.until(lambda: self.room(stream_id) > 0 or self.is_over(stream_id), patience_s):
                break
            if self.is_over(stream_id):
                break
            part = body[sent : sent + min(self.room(stream_id), DATA_BYTES)]
            self.say(stream_id, part)
            await self.drain()
            sent += len(part)
        return sent

    def room(self, stream_id: int) -> int:
        """How many bytes the other side's windows allow on a stream."""
        return min(self._windows[0], self._windows.get(stream_id, self._initial_window))

    # -- what came of it

    def is_over(self, stream_id: int) -> bool:
        """Whether a call, or the connection, has ended."""
        is_gone = self.is_closed or bool(self.breach or self.goaway_code)
        return is_gone or stream_id in self.statuses or stream_id in self.resets

    async def greeted(self, patience_s: float) -> None:
        """Wait until the other side has said what it wants, which we acknowledge.

        Cancellation: nothing changes.
        """
        await self.until(lambda: self._is_greeted or self.is_over(0), patience_s)

    async def ending(self, patience_s: float, stream_id: int = 1) -> Ending:
        """Wait for the end of a call, or of the connection; stream 0 stands for the latter.

        Cancellation: nothing changes.
        """
        await self.until(lambda: self.is_over(stream_id), patience_s)
        if self.breach:
            return self.last_word()
        if self.goaway_code:
            await self.until(lambda: self.is_closed, patience_s)
            return Ending(End.GOAWAY, error_code_name(self.goaway_code))
        if stream_id in self.statuses:
            return Ending(End.STATUS, self.statuses[stream_id].status, self.statuses[stream_id].reason)
        if stream_id in self.resets:
            return Ending(End.RESET, error_code_name(self.resets[stream_id]))
        return self.last_word() if self.is_closed else Ending(End.NOTHING)

    def forget(self, stream_id: int) -> None:
        """Drop what was noted of a call that is over."""
        for noted in (self.statuses, self.resets, self.messages, self._bodies, self._windows, self._granted):
            noted.pop(stream_id, None)

    # -- what the other side says

    def data_received(self, data: bytes) -> None:
        """Take account of each frame that is whole."""
        self._said_bytes += len(data)
        if self._said_bytes > MAX_SAID_BYTES:
            self.break_off(f"says more than {MAX_SAID_BYTES} bytes")
            return
        try:
            self._take_frames(data)
        except struct.error as error:
            self.break_off(f"a frame cannot be read: {error}")
        except HPACKError as error:
            self.break_off(f"a frame cannot be read: HEADERS that are not HPACK, {type(error).__name__}")
        self.change()

    def _take_frames(self, data: bytes) -> None:
        self.received += data
        while len(self.received) >= frames.HEADER.size:
            word, flags, stream_id = frames.HEADER.unpack_from(self.received)
            end = frames.HEADER.size + (word >> 8)
            if len(self.received) < end:
                break
            body = bytes(self.received[frames.HEADER.size : end])
            del self.received[:end]
            self._frame_came(word & 0xFF, flags, stream_id, body)

    def _frame_came(self, kind: int, flags: int, stream_id: int, body: bytes) -> None:
        match kind:
            case frames.DATA:
                self._data_came(stream_id, body)
            case frames.HEADERS:
                fields = {bytes(name): bytes(value) for name, value in self._decoder.decode(body, raw=True)}
                if b"grpc-status" in fields:
                    self.statuses[stream_id] = parse_trailers(fields)
            case frames.RST_STREAM:
                self.resets[stream_id] = frames.UINT32.unpack(body)[0]
            case frames.GOAWAY:
                self.goaway_code = frames.UINT32.unpack_from(body, 4)[0]
            case frames.WINDOW_UPDATE:
                if stream_id in self._windows:
                    self._windows[stream_id] += frames.UINT32.unpack(body)[0]
            case frames.SETTINGS if not flags & frames.ACK:
                self._settings_came(body)
            case frames.PING if not flags & frames.ACK:
                self.write(frames.ping(body, answers=True))

    def _data_came(self, stream_id: int, body: bytes) -> None:
        held = self._bodies[stream_id]
        held += body
        while len(held) >= PREFIX_BYTES:
            end = PREFIX_BYTES + frames.UINT32.unpack_from(held, 1)[0]
            if len(held) < end:
                break
            if len(self.messages[stream_id]) < MAX_MESSAGES:
                self.messages[stream_id].append(bytes(held[PREFIX_BYTES:end]))
            del held[:end]
        for key in (0, stream_id):
            self._granted[key] += len(body)
            if self._granted[key] >= GRANT_BYTES:
                self.write(frames.window_update(key, self._granted.pop(key)))

    def _settings_came(self, body: bytes) -> None:
        for start in range(0, len(body) - 5, 6):
            if int.from_bytes(body[start : start + 2], "big") == frames.INITIAL_WINDOW_SIZE:
                wanted = frames.UINT32.unpack_from(body, start + 2)[0]
                for stream_id in self._windows.keys() - {0}:
                    self._windows[stream_id] += wanted - self._initial_window
                self._initial_window = wanted
        self._is_greeted = True
        self.write(frames.settings_ack())

"""One end of an HTTP/2 connection that sends what it is told to, and keeps account of what comes back."""

import asyncio
import struct

from hpack import Decoder, Encoder, HPACKError

from gossip.misbehave import frames
from gossip.misbehave.conversation import Conversation
from gossip.misbehave.ending import SERVED, End, Ending
from gossip.misbehave.frames import Fields
from gossip.misbehave.heard import Heard, TooMuchError
from gossip.transport.grpc.errors import error_code_name
from gossip.transport.grpc.headers import parse_trailers

DATA_BYTES = 16_000
INITIAL_WINDOW_BYTES = 65_535
GRANT_BYTES = 32 * 1024
MAX_SAID_BYTES = 16 * 1024 * 1024
"""On one connection; acknowledgements for a hundred thousand messages are a third of that."""
MAX_FRAME_BYTES = 16 * 1024
"""As in HTTP/2 where nobody asks for more."""


class Http2Peer(Conversation):
    """A client without scruples."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.goaway_code: int | None = None
        self._heard = Heard()
        self._said_bytes = 0
        self._is_greeted = False
        self._is_ping_answered = False
        self._decoder = Decoder()
        self._ungranted_bytes: dict[int, int] = {}
        self._initial_window = INITIAL_WINDOW_BYTES
        self._used_bytes = {0: 0}
        self._highest_stream_id = 0

    # -- what we say

    def begin(self, wanted: dict[int, int] | None = None) -> None:
        """Say the preface, and what we want."""
        self.write(frames.PREFACE + frames.settings(wanted))

    def open(self, stream_id: int = 1, fields: Fields | None = None) -> None:
        """Begin a call."""
        self._highest_stream_id = max(self._highest_stream_id, stream_id)
        self._used_bytes[stream_id] = 0
        self.write(frames.headers(stream_id, self.block(fields)))

    def new_stream_id(self) -> int:
        """The lowest number that a client may open now."""
        return (self._highest_stream_id + 1) | 1

    def block(self, fields: Fields | None = None) -> bytes:
        """A header block; that of a GossipStream without fields."""
        # Huffman's coding takes hpack a time that grows with the square: attackers would wait for each other.
        return bytes(self.encoder.encode(fields or frames.request(), huffman=False))

    def call_ping(self, stream_id: int) -> None:
        """Call Ping."""
        self.open(stream_id, frames.request(frames.PING_CALL))
        self.say(stream_id, frames.message(b""), ends=True)

    def say(self, stream_id: int, body: bytes, *, ends: bool = False) -> None:
        """Send one DATA frame, whatever the windows allow; they are kept account of."""
        for key in (0, stream_id):
            self._used_bytes[key] = self._used_bytes.get(key, 0) + len(body)
        self.write(frames.data(stream_id, body, ends=ends))

    async def send(self, stream_id: int, body: bytes, patience_s: float) -> int:
        """Send DATA as the other side's windows allow.

        Returns:
            How many bytes left before it ended the call, or gave no room or took nothing for ``patience_s`` seconds.

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
            sent += len(part)
            if not await self.drain(patience_s):
                break
        return sent

    def room(self, stream_id: int) -> int:
        """How many bytes the other side's windows allow on a stream."""
        on_connection = INITIAL_WINDOW_BYTES - self._used_bytes[0]
        return min(on_connection, self._initial_window - self._used_bytes.get(stream_id, 0))

    # -- what came of it

    def is_over(self, stream_id: int) -> bool:
        """Whether a call, or the connection, has ended."""
        is_gone = self.is_closed or bool(self.breach or self.goaway_code)
        return is_gone or self._heard.of(stream_id).is_over

    def messages(self, stream_id: int) -> list[bytes]:
        """The messages of a call that nobody has taken; the first :data:`~gossip.misbehave.heard.MAX_MESSAGES`."""
        return self._heard.of(stream_id).messages.copy()

    def take_messages(self, stream_id: int) -> list[bytes]:
        """The same, which are not kept any longer."""
        return self._heard.take_messages(stream_id)

    async def greeted(self, patience_s: float) -> None:
        """Wait until the other side has said what it wants, which we acknowledge.

        Cancellation: nothing changes.
        """
        await self.until(lambda: self._is_greeted or self.is_over(0), patience_s)

    async def ending(self, patience_s: float, stream_id: int = 1) -> Ending:
        """Wait for the end of a call, or of the connection; stream 0 stands for the latter.

        Cancellation: nothing changes.
        """
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + patience_s
        await self.until(lambda: self.is_over(stream_id), patience_s)
        if self.breach:
            return self.last_word()
        if self.goaway_code:
            await self.until(lambda: self.is_closed, max(0.0, ends_at_s - loop.time()))
            return Ending(End.GOAWAY, error_code_name(self.goaway_code))
        call = self._heard.of(stream_id)
        if call.status is not None:
            return Ending(End.STATUS, call.status.status, call.status.reason)
        if call.reset_code is not None:
            return Ending(End.RESET, error_code_name(call.reset_code))
        return self.last_word() if self.is_closed else Ending(End.NOTHING)

    async def stands(self, patience_s: float) -> Ending:
        """Send a PING, and tell whether it is answered: served, or how the connection ended.

        Cancellation: it was sent.
        """
        self._is_ping_answered = False
        self.write(frames.ping())
        await self.until(lambda: self._is_ping_answered or self.is_over(0), patience_s)
        return SERVED if self._is_ping_answered else await self.ending(0.0, 0)

    def forget(self, stream_id: int) -> None:
        """Drop what was noted of a call that is over."""
        self._heard.forget(stream_id)
        self._used_bytes.pop(stream_id, None)
        self._ungranted_bytes.pop(stream_id, None)

    # -- what the other side says

    def data_received(self, data: bytes) -> None:
        """Take account of each frame that is whole."""
        self._said_bytes += len(data)
        if self._said_bytes > MAX_SAID_BYTES:
            self.break_off(f"says more than {MAX_SAID_BYTES} bytes")
            return
        try:
            self._take_frames(data)
        except TooMuchError as error:
            self.break_off(str(error))
        except struct.error as error:
            self.break_off(f"a frame cannot be read: {error}")
        except HPACKError as error:
            self.break_off(f"a frame cannot be read: HEADERS that are not HPACK, {type(error).__name__}")
        self.change()

    def _take_frames(self, data: bytes) -> None:
        self.received += data
        while len(self.received) >= frames.HEADER.size:
            word, flags, stream_id = frames.HEADER.unpack_from(self.received)
            if word >> 8 > MAX_FRAME_BYTES:
                raise TooMuchError(f"a frame of {word >> 8} bytes, of which {MAX_FRAME_BYTES} are allowed")
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
                    self._heard.status_came(stream_id, parse_trailers(fields))
            case frames.RST_STREAM:
                self._heard.reset_came(stream_id, frames.UINT32.unpack(body)[0])
            case frames.GOAWAY:
                self.goaway_code = frames.UINT32.unpack_from(body, 4)[0]
            case frames.WINDOW_UPDATE:
                if stream_id in self._used_bytes:
                    self._used_bytes[stream_id] -= frames.UINT32.unpack(body)[0]
            case frames.SETTINGS if not flags & frames.ACK:
                self._settings_came(body)
            case frames.PING:
                self._ping_came(flags, body)

    def _data_came(self, stream_id: int, body: bytes) -> None:
        self._heard.data_came(stream_id, body)
        for key in (0, stream_id):
            ungranted = self._ungranted_bytes.get(key, 0) + len(body)
            if ungranted >= GRANT_BYTES:
                self.write(frames.window_update(key, ungranted))
                ungranted = 0
            self._ungranted_bytes[key] = ungranted

    def _ping_came(self, flags: int, body: bytes) -> None:
        if flags & frames.ACK:
            self._is_ping_answered = True
        else:
            self.write(frames.ping(body, answers=True))

    def _settings_came(self, body: bytes) -> None:
        for start in range(0, len(body) - 5, 6):
            if int.from_bytes(body[start : start + 2], "big") == frames.INITIAL_WINDOW_SIZE:
                self._initial_window = frames.UINT32.unpack_from(body, start + 2)[0]
        self._is_greeted = True
        self.write(frames.settings_ack())

"""A connection of ours as bytes: no rules are kept, and the other side's every end is seen."""

import asyncio
import ssl
from collections.abc import Callable, Iterable

from gossip.misbehave.ending import ALERT, CUT, End, Ending
from gossip.transport.tls.alerts import alert_name, reason_of
from gossip.transport.tls.errors import describe

ALERT_RECORD = b"\x15"
UNREAD_AT_THE_END = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY"
"""OpenSSL's word for what we had not taken yet when the other side closed TLS."""
MAX_UNREAD_BYTES = 64 * 1024
"""More than a server says in TLS, or before it is asked something."""


class Conversation(asyncio.Protocol):
    """Keeps what came in, wakes who waits for something, and notices the end."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.is_closed = False
        self.failure: Exception | None = None
        self.breach = ""
        self._unsaid: list[bytes] = []
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what the other side said."""
        self.received += data
        if len(self.received) > MAX_UNREAD_BYTES:
            self.break_off(f"says more than {MAX_UNREAD_BYTES} bytes")
        self.change()

    def pause_writing(self) -> None:
        """The socket takes no more."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The socket takes more."""
        self._writable.set()
        self.change()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, whatever for."""
        self.is_closed = True
        self.failure = exc
        self._writable.set()
        self.change()

    def break_off(self, breach: str) -> None:
        """Leave, since the other side breaks the rules: nobody could tell what became of a fault."""
        self.breach = self.breach or breach
        self.received.clear()
        self.abort()

    def change(self) -> None:
        """Let those who wait look again."""
        self._changed.set()

    def write(self, data: bytes) -> None:
        """Say something, unless it is closed; what is said in one go leaves in one go."""
        if not self._unsaid:
            asyncio.get_running_loop().call_soon(self._flush)
        self._unsaid.append(data)

    async def drain(self, patience_s: float) -> bool:
        """Wait until the socket takes more, or is closed, and tell whether that came within ``patience_s`` seconds.

        Cancellation: nothing changes.
        """
        self._flush()
        return await self.until(self._writable.is_set, patience_s)

    async def drip(
        self, parts: Iterable[bytes], pace_s: float, patience_s: float, is_over: Callable[[], bool] | None = None
    ) -> float:
        """Say one part after the other, with ``pace_s`` seconds between, until the other side ends it.

        Args:
            parts: What is said.
            pace_s: Between two parts.
            patience_s: How long at most.
            is_over: Whether the other side has ended it; by closing, where nothing is given.

        Returns:
            How many of the seconds are left to wait for the outcome.

        Cancellation: a part was said.
        """
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + patience_s
        for part in parts:
            self.write(part)
            left_s = max(0.0, ends_at_s - loop.time())
            if await self.until(is_over or (lambda: self.is_closed), min(pace_s, left_s)) or not left_s:
                break
        return max(0.0, ends_at_s - loop.time())

    async def until(self, holds: Callable[[], bool], patience_s: float) -> bool:
        """Wait until something holds, and tell whether it does, after ``patience_s`` seconds at most.

        Cancellation: nothing changes.
        """
        try:
            async with asyncio.timeout(patience_s):
                await self.changed(holds)
        except TimeoutError:
            return holds()
        return True

    async def changed(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds.

        Cancellation: nothing changes.
        """
        while not holds():
            self._changed.clear()
            await self._changed.wait()

    def last_word(self) -> Ending:
        """How a connection that is closed was closed: for a breach, or with an alert of TLS, or without."""
        if self.breach:
            return Ending(End.BREACH, words=self.breach)
        if isinstance(self.failure, ssl.SSLError):
            return _end_in_tls(self.failure)
        return ALERT if self.received[:1] == ALERT_RECORD else CUT

    def stop_reading(self) -> None:
        """Let what the other side says wait in its socket."""
        if self._transport is not None:
            self._transport.pause_reading()

    def go_on_reading(self) -> None:
        """Take what waited there."""
        if self._transport is not None and not self.is_closed:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Leave without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        unsaid, self._unsaid = self._unsaid, []
        if unsaid and self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(unsaid))


def _end_in_tls(failure: ssl.SSLError) -> Ending:
    reason = reason_of(failure)
    if alert_name(reason) is not None:
        return ALERT
    if reason == UNREAD_AT_THE_END or isinstance(failure, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return CUT
    return Ending(End.BREACH, words=f"its TLS cannot be read: {describe(failure)}")


def one_by_one(data: bytes) -> Iterable[bytes]:
    """Each byte by itself."""
    return (data[index : index + 1] for index in range(len(data)))

"""Reads a connection in turns with all others."""

import asyncio
import threading
from abc import abstractmethod
from functools import cached_property
from time import perf_counter

from gossip.transport.record_size import BYTES_AT_ONCE
from gossip.transport.tcp.application import Application
from gossip.turns import shared_turns

READ_BYTES = 2 * BYTES_AT_ONCE
"""Which can be ten thousand messages: a turn ends by the clock. With 256 KiB, 64 KiB come in 3 % slower."""
STRANGERS_READ_BYTES = 16 * 1024
SHORT_READ_BYTES = 4 * 1024


class _ThisThread(threading.local):
    @cached_property
    def read_buffer(self) -> memoryview:
        """What a loop reads into it is taken out before the loop reads again."""
        return memoryview(bytearray(READ_BYTES))


_this_thread = _ThisThread()


class TurnTransport(asyncio.Transport, asyncio.BufferedProtocol):
    """To the TCP transport a protocol, to the application a transport.

    A stranger's bytes, and long reads of anybody, are work that is done in turns, so that short messages of known peers
    get through whatever else comes in. The read buffer is shared among all connections of a thread.
    """

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._application = application
        self._read_buffer = _this_thread.read_buffer
        self._tcp: asyncio.Transport | None = None
        self._turns = shared_turns()
        self._rest = b""
        self._waits_for_turn = False
        self._turn_ends_at_s = 0.0
        self._has_ended = False
        self._is_paused = False

    # -- what lies between the two

    @abstractmethod
    def _take(self, data: memoryview) -> None:
        """Hand on what came, until the turn ends or reading is paused; the rest is held back."""

    def _has_finished(self) -> bool:
        """Hand on what was taken before, and is no rest; whether there was time for all of it."""
        return True

    # -- the TCP transport calls these

    def get_buffer(self, _sizehint: int) -> memoryview:
        """Where the next bytes go; only a few behind those that wait for their turn."""
        may_be_long = self._application.is_trusted and not self._waits_for_turn
        return self._read_buffer if may_be_long else self._read_buffer[:STRANGERS_READ_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that were read, now or when it is this connection's turn."""
        data = self._read_buffer[:nbytes]
        self._turn_ends_at_s = perf_counter() + self._turns.length_s
        if self._waits_for_turn:
            self._hold(self._rest + data)
        elif nbytes <= SHORT_READ_BYTES and self._application.is_trusted:
            self._turns.hold_back()
            self._take(data)
        elif not self._turns.take(lambda: self._take(data)):
            self._rest = bytes(data)  # the buffer is shared
            self._wait_for_next_turn()  # which mostly ends before more comes, so that reading need not pause

    def eof_received(self) -> bool:
        """Let the connection be closed, when what came before has had its turn; a stranger's in a turn of its own.

        Strangers may leave by the hundred at once, and the end of each takes 25 us.
        """
        self._has_ended = True
        if not self._waits_for_turn and not self._application.is_trusted:
            self._wait_for_next_turn()
        return self._waits_for_turn

    # -- the application calls these

    def pause_reading(self) -> None:
        """Hand on nothing more."""
        self._is_paused = True
        if self._tcp is not None and not self._tcp.is_closing():
            self._tcp.pause_reading()

    def resume_reading(self) -> None:
        """Hand on what was held back, and go on reading."""
        self._is_paused = False
        self._go_on()

    def get_write_buffer_size(self) -> int:
        """How many bytes wait for the socket."""
        return self._tcp.get_write_buffer_size() if self._tcp is not None else 0

    def is_closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._tcp is None or self._tcp.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """What the TCP transport knows."""
        return self._tcp.get_extra_info(name, default) if self._tcp is not None else default

    # --

    def _wait_for_turn(self, rest: memoryview) -> None:
        self._hold(bytes(rest))  # the buffer is shared
        self._wait_for_next_turn()

    def _wait_for_next_turn(self) -> None:
        self._waits_for_turn = True
        self._turns.wait(self._take_turn)

    def _hold(self, rest: bytes) -> None:
        """Keep what was read, and read no more where it is much: a pause costs 30 us."""
        self._rest = rest
        if len(rest) >= STRANGERS_READ_BYTES and self._tcp is not None:
            self._tcp.pause_reading()

    def _take_turn(self) -> None:
        self._waits_for_turn = False
        self._go_on()

    def _go_on(self) -> None:
        self._turn_ends_at_s = perf_counter() + self._turns.length_s
        if self._may_go_on():
            if not self._has_finished() or (self._rest and not self._has_time()):
                self._wait_for_next_turn()
                return
            rest, self._rest = self._rest, b""
            self._take(memoryview(rest))
        if self._tcp is None or self._is_paused or not self._may_go_on():
            return
        if self._has_ended:
            self._tcp.close()
        else:
            self._tcp.resume_reading()

    def _has_time(self) -> bool:
        return perf_counter() < self._turn_ends_at_s

    def _may_go_on(self) -> bool:
        return self._tcp is not None and not self._tcp.is_closing() and not self._waits_for_turn

"""TCP without TLS, read in turns.

asyncio hands on 256 KiB in one go, which can be ten thousand messages, and what came from everybody in the same round.
"""

import asyncio
from collections.abc import Iterable
from typing import cast

from gossip.transport.tcp.turn_transport import TurnTransport

PIECE_BYTES = 64 * 1024
"""How much is handed on at once; each cut goes through a frame, which takes 2 us."""


class PlainTransport(TurnTransport):
    """To the TCP transport a protocol, to the application a transport; bytes pass as they are."""

    # -- the TCP transport calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._tcp = cast("asyncio.Transport", transport)  # asyncio promises a transport that writes
        self._application.tcp_connected(self._tcp)
        self._application.connection_made(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hand on the end."""
        self._application.connection_lost(exc)
        del self._application  # which refers back to this

    def pause_writing(self) -> None:
        """Hand on the back-pressure."""
        self._application.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that it ended."""
        self._application.resume_writing()

    # -- the application calls these

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write at once; what the connection cannot take any more is dropped."""
        if self._tcp is not None:
            self._tcp.write(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Write them together at once; what the connection cannot take any more is dropped."""
        # The writelines of asyncio has no back-pressure in Python 3.12.0 to 3.12.8, 3.13.0 and 3.13.1: CVE-2024-12254.
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        """Close once everything is written."""
        if self._tcp is not None:
            self._tcp.close()

    # --

    def _take(self, data: memoryview) -> None:
        for start in range(0, len(data), PIECE_BYTES):
            if self._is_paused:
                self._rest = bytes(data[start:])
                return
            if start and not self._has_time():
                self._wait_for_turn(data[start:])
                return
            self._application.data_received(bytes(data[start : start + PIECE_BYTES]))

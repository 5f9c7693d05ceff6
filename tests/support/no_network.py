"""The lower end of a connection that leads nowhere."""

import asyncio


class Socket(asyncio.Transport):
    """A transport whose buffer is as full as the test says."""

    def __init__(self, unsent_bytes: int = 0) -> None:
        super().__init__(extra={"peername": ("192.0.2.1", 7051)})
        self.unsent_bytes = unsent_bytes
        self.written = b""
        self.was_aborted = False
        self.is_read = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def can_write_eof(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self.was_aborted

    def abort(self) -> None:
        self.was_aborted = True

    def close(self) -> None:
        self.was_aborted = True

"""Standard error, which need not be read: what it does not take is lost, and ends no command."""

from contextlib import suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Unread(FileIO):
    """A file whose disk may be full, or a pipe whose reader may be gone, or paused where it does not block."""

    def __init__(self, stream: TextIOWrapper) -> None:
        super().__init__(stream.fileno(), "w", closefd=False)
        self._stream = stream  # which closes the file once nobody holds it

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write what can be written."""
        with suppress(OSError):
            written: int | None = super().write(data)
            if written is not None:
                return written
        return memoryview(data).nbytes


def make_unread(stream: TextIOWrapper) -> TextIOWrapper:
    """The same file as ``stream``, without its errors."""
    return TextIOWrapper(BufferedWriter(_Unread(stream)), stream.encoding, stream.errors, line_buffering=True)

"""What stands above a connection that is read in turns."""

import asyncio
from typing import Protocol


class Application(Protocol):
    """An :class:`asyncio.Protocol` that also hears of TCP, and says whether it knows its peer."""

    @property
    def is_trusted(self) -> bool:
        """Whether we know who the peer is; a stranger has to wait its turn with everything."""
        ...

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """The TCP connection stands. It may be aborted."""
        ...

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, TLS included where there is TLS."""
        ...

    def data_received(self, data: bytes) -> None:
        """A piece of what the peer said; with TLS at most one record's plain text."""
        ...

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        ...

    def resume_writing(self) -> None:
        """The socket's buffer has room again."""
        ...

    def connection_lost(self, exc: BaseException | None) -> None:
        """The end, also of a connection that never stood; ``exc`` is why, if that is known."""
        ...

"""What stands above TLS."""

import asyncio
import ssl
from typing import Protocol


class TlsApplication(Protocol):
    """The protocol above TLS: an :class:`asyncio.Protocol` that also hears of TLS itself."""

    @property
    def is_trusted(self) -> bool:
        """Whether we know who the peer is; a stranger has to wait its turn with everything."""
        ...

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """The TCP connection stands; TLS begins. It may be aborted."""
        ...

    def tls_begun(self, transport: asyncio.Transport) -> None:
        """What we say first in TLS has left: there is time until the peer has done its part, to prepare what follows.

        It may be told twice.
        """
        ...

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS stands."""
        ...

    def tls_failed(self, error: ssl.SSLError) -> None:
        """TLS will not stand, or does not any more; :meth:`connection_lost` follows."""
        ...

    def data_received(self, data: bytes) -> None:
        """At most one record's plain text."""
        ...

    def empty_records_came(self, count: int) -> None:
        """So many records came in which there was nothing for the application, or OpenSSL answered something itself."""
        ...

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        ...

    def resume_writing(self) -> None:
        """The socket's buffer has room again."""
        ...

    def connection_lost(self, exc: BaseException | None) -> None:
        """The end, also of a connection on which TLS never stood; ``exc`` is why, if that is known."""
        ...

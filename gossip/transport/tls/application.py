"""What stands above TLS."""

import asyncio
import ssl
from typing import Protocol

from gossip.transport.tcp.application import Application


class TlsApplication(Application, Protocol):
    """An application that also hears of TLS itself, which begins when TCP stands."""

    def tls_begun(self, transport: asyncio.Transport) -> None:
        """What we say first in TLS has left: there is time until the peer has done its part, to prepare what follows.

        It may be told twice.
        """
        ...

    def tls_failed(self, error: ssl.SSLError) -> None:
        """TLS will not stand, or does not any more; :meth:`connection_lost` follows."""
        ...

    def empty_records_came(self, count: int) -> None:
        """Records came that held nothing for the application; OpenSSL may have answered some of them itself."""
        ...

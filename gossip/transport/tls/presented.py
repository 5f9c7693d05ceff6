"""Looks at the certificates that a server presents, where a real connection has refused them: for diagnosis alone.

The one place where TLS is spoken without verification. What verification refused can only be explained by who can see
it, so this connection shakes hands, reads the presented chain and is cut. It presents no certificate, sends not one
byte of application data, and gives its caller no stream to send any on; nothing that it saw is trusted. Connections
that peers talk on are made in grpc/client_protocol, which cannot be told to leave verification out. The server may say
as little here as there, and what it says takes no longer to read.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Protocol, cast

from gossip.errors import DialError
from gossip.transport.endpoint import certified_name, parse_endpoint
from gossip.transport.tcp.names import connect_to_any, look_up
from gossip.transport.tls.contexts import ALPN, NO_CERTIFICATE_COMPRESSION, TlsSide
from gossip.transport.tls.errors import describe
from gossip.transport.tls.transport import TlsTransport


class _EncodableCertificate(Protocol):
    def public_bytes(self, encoding: int) -> bytes: ...


class _ChainHolder(Protocol):
    """The object below ``ssl.SSLObject``: before Python 3.13 the presented chain can be asked for only there."""

    def get_unverified_chain(self) -> list[_EncodableCertificate] | None: ...


_ENCODING_DER = 2
"""``_ssl.ENCODING_DER``."""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a server shows to anybody: its chain in DER, the leaf first, and what it chose to speak."""

    chain: tuple[bytes, ...]
    tls_version: str | None
    cipher: str | None
    alpn: str | None


async def look_at_server(endpoint: str, timeout_s: float) -> Presented:
    """Shake hands in TLS, take note and cut the connection.

    Raises:
        DialError: There is no TLS server, or it does not finish without a certificate of ours.

    Cancellation: the connection is cut.
    """
    try:
        host, port = parse_endpoint(endpoint)
    except ValueError as error:
        raise DialError(endpoint, "address", str(error)) from error
    look = _Look()
    side = TlsSide(_blind_context(), b"", ())
    name = certified_name(host)
    try:
        async with asyncio.timeout(timeout_s):
            connected = await connect_to_any(await look_up(host, port))
            await asyncio.get_running_loop().create_connection(
                lambda: TlsTransport(side, look, server_side=False, server_hostname=name), sock=connected
            )
            return await look.seen
    except OSError as error:  # as errors of TLS and time-outs are
        raise DialError(endpoint, "tls", describe(error) if str(error) else "no answer in time") from error
    finally:
        look.end()


class _Look:
    """What stands above TLS: takes note when it stands, and no more."""

    is_trusted = False

    def __init__(self) -> None:
        self.seen: asyncio.Future[Presented] = asyncio.get_running_loop().create_future()
        self._tcp: asyncio.Transport | None = None

    def end(self) -> None:
        """Cut the connection, if there is one."""
        self.seen.cancel()
        if self._tcp is not None:
            self._tcp.abort()

    # -- TlsTransport calls these

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        """TLS begins."""
        self._tcp = transport

    def tls_begun(self, transport: asyncio.Transport) -> None:
        """There is nothing to prepare."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note."""
        if not self.seen.done():
            self.seen.set_result(_note(transport.get_extra_info("ssl_object")))

    def tls_failed(self, error: ssl.SSLError) -> None:
        """There is nothing to be seen."""
        self._fail(error)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Whoever has not seen anything will not."""
        self._tcp = None  # asyncio's fails when it is aborted after a close that had to wait for the last bytes
        self._fail(exc or ConnectionResetError("the server closed it"))

    def data_received(self, data: bytes) -> None:
        """Nobody wants it."""

    def empty_records_came(self, count: int) -> None:
        """Nobody counts them: the connection ends at once."""

    def pause_writing(self) -> None:
        """Nothing is written."""

    def resume_writing(self) -> None:
        """Nothing is written."""

    def _fail(self, error: BaseException) -> None:
        if not self.seen.done():
            self.seen.set_exception(error)


def _blind_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= NO_CERTIFICATE_COMPRESSION
    context.set_alpn_protocols([ALPN])
    return context


def _note(tls: ssl.SSLObject) -> Presented:
    holder = cast("_ChainHolder", tls._sslobj)  # type: ignore[attr-defined]  # the stubs leave it out
    chain = holder.get_unverified_chain() or []
    cipher = tls.cipher()
    return Presented(
        chain=tuple(certificate.public_bytes(_ENCODING_DER) for certificate in chain),
        tls_version=tls.version(),
        cipher=cipher[0] if cipher is not None else None,
        alpn=tls.selected_alpn_protocol(),
    )

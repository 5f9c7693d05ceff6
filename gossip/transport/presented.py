"""Looks at the certificates that a server presents, where a real connection has refused them: for diagnosis alone.

The one place where TLS is spoken without verification. What verification refused can only be explained by who can see
it, so this connection shakes hands, reads the presented chain and is cut. It presents no certificate, sends not one
byte of application data, and gives its caller no stream to send any on; nothing that it saw is trusted. It is no
switch: connections that peers talk on are made in grpc_client, which has no such mode.
"""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Protocol, cast

from gossip.errors import DialError
from gossip.transport.endpoint import certified_name, parse_endpoint
from gossip.transport.grpc_errors import describe
from gossip.transport.tls import ALPN


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
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(
                host, port, ssl=_blind_context(), server_hostname=certified_name(host)
            )
    except (OSError, TimeoutError) as error:  # TLS errors are OSErrors too
        raise DialError(endpoint, "tls", describe(error) if str(error) else "no answer in time") from error
    try:
        return _note(writer)
    finally:
        writer.transport.abort()


def _blind_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ALPN])
    return context


def _note(writer: asyncio.StreamWriter) -> Presented:
    tls = cast("ssl.SSLObject", writer.get_extra_info("ssl_object"))  # always there behind TLS
    holder = cast("_ChainHolder", tls._sslobj)  # type: ignore[attr-defined]  # the stubs leave it out
    chain = holder.get_unverified_chain() or []
    cipher = tls.cipher()
    return Presented(
        chain=tuple(certificate.public_bytes(_ENCODING_DER) for certificate in chain),
        tls_version=tls.version(),
        cipher=cipher[0] if cipher is not None else None,
        alpn=tls.selected_alpn_protocol(),
    )

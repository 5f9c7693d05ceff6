"""The dialling side of gRPC."""

import asyncio
import time
from typing import cast

from gossip.api.options import DialOptions
from gossip.errors import ConfigurationError, DialError, StreamBrokenError
from gossip.transport import tls
from gossip.transport.base import DialTimes, Link
from gossip.transport.grpc_call import ClientStream
from gossip.transport.grpc_dial import ClientProtocol
from gossip.transport.grpc_frame import EMPTY_MESSAGE
from gossip.transport.grpc_headers import GOSSIP_STREAM, PING, request_headers

CLOSE_TIMEOUT_S = 1.0


class GrpcChannel:
    """One outgoing connection; behaves as :class:`gossip.transport.base.Channel` says."""

    def __init__(self, protocol: ClientProtocol, times: DialTimes, options: DialOptions) -> None:
        scheme = b"http" if options.tls is None else b"https"
        self.times = times
        self._protocol = protocol
        self._options = options
        self._requests = {path: request_headers(path, protocol.endpoint, scheme) for path in (PING, GOSSIP_STREAM)}

    @property
    def link(self) -> Link:
        """The connection itself."""
        return self._protocol.connection.link

    async def ping(self) -> None:
        """Call Ping and wait for the answer; see base."""
        stream = await self._request(PING)
        try:
            await stream.send_data(EMPTY_MESSAGE, end_stream=True)
            answers = 0
            while messages := await stream.receive():
                answers += len(messages)
            if answers != 1:
                raise StreamBrokenError(f"{self.link.remote} answered Ping with {answers} messages")
        finally:
            stream.abort()

    async def open_stream(self) -> ClientStream:
        """Call GossipStream; see base."""
        return await self._request(GOSSIP_STREAM)

    async def close(self) -> None:
        """Close once everything is written, or after a second; see base."""
        self._protocol.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await asyncio.shield(self._protocol.closed)
        except TimeoutError:
            pass  # the peer does not take what was written
        finally:
            self._protocol.cut("closed by us")

    def abort(self) -> None:
        """Cut the connection at once."""
        self._protocol.cut("cut by us")

    async def _request(self, path: bytes) -> ClientStream:
        connection = self._protocol.connection
        connection.check_usable()
        if connection.is_draining:
            raise StreamBrokenError(f"{self.link.remote} is closing and takes no more streams")
        stream = ClientStream(connection, None, self._options.max_handshake_bytes)
        headers = cast("list[tuple[str, str]]", self._requests[path])  # grpclib hands them to h2, which takes bytes
        await stream.send_request(headers, _processor=self._protocol.processor)
        connection.check_usable()
        return stream


class GrpcDialer:
    """Dials gRPC servers; behaves as :class:`gossip.transport.base.Dialer` says."""

    def __init__(self, options: DialOptions) -> None:
        """Read the TLS files.

        Raises:
            ConfigurationError: The options cannot be used; a file that is at fault is named.
        """
        self.set_options(options)

    def set_options(self, options: DialOptions) -> None:
        """Read the TLS files anew and dial with these options from now on; see base."""
        for name in ("dial_timeout_s", "keepalive_interval_s", "keepalive_timeout_s"):
            if getattr(options, name) <= 0:
                raise ConfigurationError(f"{name} must be positive, not {getattr(options, name):g}")
        self._side = tls.client_side(options.tls) if options.tls is not None else None
        self._options = options

    async def dial(self, endpoint: str) -> GrpcChannel:
        """Connect over TCP, then TLS, and wait until the peer speaks HTTP/2; see base."""
        options = self._options
        protocol = ClientProtocol(endpoint, self._side, options)
        started_at_s = time.perf_counter()
        try:
            async with asyncio.timeout(options.dial_timeout_s):
                await protocol.connect()
        except BaseException as error:
            protocol.cut("given up")
            if isinstance(error, TimeoutError):
                raise DialError(endpoint, protocol.stage, f"no answer within {options.dial_timeout_s:g} s") from error
            raise
        ended_at_s = protocol.stage_ended_at_s
        times = DialTimes(tcp_s=ended_at_s["tcp"] - started_at_s, tls_s=ended_at_s["tls"] - ended_at_s["tcp"])
        return GrpcChannel(protocol, times, options)

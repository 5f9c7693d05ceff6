"""The dialling side of gRPC."""

import asyncio
import logging
import time
from dataclasses import replace

from gossip.api.options import DialOptions, TlsFiles
from gossip.errors import DialError, StreamBrokenError
from gossip.throttle import Throttle
from gossip.transport.base import DialTimes, Link
from gossip.transport.grpc.client_protocol import ClientProtocol
from gossip.transport.grpc.client_stream import ClientStream
from gossip.transport.grpc.dial_places import DialPlaces, Place
from gossip.transport.grpc.framing import EMPTY_MESSAGE
from gossip.transport.grpc.headers import GOSSIP_STREAM, PING
from gossip.transport.grpc.ping import find_fault_of_ping
from gossip.transport.tls.contexts import TlsSide, client_side

logger = logging.getLogger("gossip.transport")

CLOSE_TIMEOUT_S = 1.0


class GrpcChannel:
    """One outgoing connection; behaves as :class:`gossip.transport.base.Channel` says."""

    def __init__(self, protocol: ClientProtocol, times: DialTimes, place: Place) -> None:
        self.times = times
        self._protocol = protocol
        self._place = place

    @property
    def link(self) -> Link:
        """The connection itself."""
        return self._protocol.connection.link

    async def ping(self) -> None:
        """Call Ping and wait for the answer; see base."""
        stream = self._protocol.take_first_ping() or self._protocol.begin(PING)
        try:
            await stream.ask(EMPTY_MESSAGE)
            answers, answer = 0, b""
            while messages := await stream.receive():
                answers += len(messages)
                answer = messages[0]
            if answers != 1:
                raise StreamBrokenError(f"{self.link.remote} answered Ping with {answers} messages")
            if (fault := find_fault_of_ping(answer)) is not None:
                raise StreamBrokenError(f"{self.link.remote} answered Ping with no message: {fault}")
        finally:
            stream.abort()
            self._place.leave()

    async def open_stream(self) -> ClientStream:
        """Call GossipStream, or take the call that the greeting began; see base."""
        return await self._protocol.take_greeted() or self._protocol.begin(GOSSIP_STREAM)

    async def close(self) -> None:
        """Close once everything is written, or after a second; see base."""
        self._place.leave()
        self._protocol.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._protocol.closed.wait()
        except TimeoutError:
            pass  # the peer does not take what was written
        finally:
            self._protocol.cut("closed by us")

    def abort(self) -> None:
        """Cut the connection at once."""
        self._place.leave()
        self._protocol.cut("cut by us")


class GrpcDialer:
    """Dials gRPC servers; behaves as :class:`gossip.transport.base.Dialer` says."""

    def __init__(self, options: DialOptions) -> None:
        """Read the TLS files.

        Raises:
            ConfigurationError: The options cannot be used; a file that is at fault is named.
        """
        self._options = options
        self._side: TlsSide | None = None
        self._throttle = Throttle()
        self._places = DialPlaces()
        self.set_options(options)

    def set_options(self, options: DialOptions) -> None:
        """Dial with these options, and with what their TLS files hold now, from now on; see base."""
        if options.tls is None:
            options = replace(options, tls=self._options.tls)
        else:
            self._side = client_side(options.tls)
        self._options = options

    @property
    def tls_files(self) -> TlsFiles | None:
        """What the TLS material was made of."""
        return self._options.tls

    def use_tls(self, side: TlsSide) -> None:
        """Use other TLS material for dials from now on."""
        self._side = side

    @property
    def own_certificate(self) -> bytes | None:
        """What connections present; see base."""
        return self._side.own_certificate if self._side is not None else None

    async def dial(self, endpoint: str, greeting: bytes | None = None) -> GrpcChannel:
        """Connect over TCP, then TLS, and wait until the peer speaks HTTP/2; see base."""
        options = self._options
        protocol = ClientProtocol(endpoint, self._side, options, greeting, self._cut_off)
        place: Place | None = None
        try:
            async with asyncio.timeout(options.dial_timeout_s) as limit:
                place = await self._places.take(limit)
                started_at_s = time.perf_counter()
                await protocol.connect(place)
        except BaseException as error:
            if place is not None:
                place.leave()
            protocol.cut("given up")
            if isinstance(error, TimeoutError):
                raise DialError(endpoint, protocol.stage, f"no answer within {options.dial_timeout_s:g} s") from error
            raise
        ended_at_s = protocol.stage_ended_at_s
        times = DialTimes(tcp_s=ended_at_s["tcp"] - started_at_s, tls_s=ended_at_s["tls"] - ended_at_s["tcp"])
        return GrpcChannel(protocol, times, place)

    def _cut_off(self, endpoint: str, reason: str) -> None:
        now_s = asyncio.get_running_loop().time()
        self._throttle.log(logger, logging.WARNING, endpoint, now_s, "cut off %s: %s", endpoint, reason)

"""Reaches other peers: dial, Ping, stream, handshake."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from gossip.api.options import DialOptions
from gossip.api.peer import ConnectionInfo, RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.handshake.exchange import Exchanged, await_verdict, exchange
from gossip.comm.handshake.machine import Expectation, Handshake, State
from gossip.comm.handshake.patience import within
from gossip.comm.handshake.trust import Trust
from gossip.comm.stages import Stage, Stages
from gossip.errors import HandshakeError, StreamBrokenError
from gossip.transport.base import Channel, Dialer, FrameStream, Link
from gossip.types import PkiId

T = TypeVar("T")

OPEN_TIMEOUT_S = 10.0
"""Fabric's handshakeTimeout. To open a stream waits only until the peer has room for our greeting."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An authenticated outgoing connection, not yet in use.

    ``switched_from`` is the PKI-ID that was asked for when another one of its organisation answered.
    """

    channel: Channel
    stream: FrameStream
    exchanged: Exchanged
    switched_from: PkiId | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """Both sides accepted each other, over this connection, which is closed."""

    info: ConnectionInfo
    link: Link


class Initiator:
    """The dialling side of every handshake.

    Mirrors: gossip/comm/comm_impl.go, commImpl.createConnection, Probe and Handshake.
    """

    def __init__(self, dialer: Dialer, trust: Trust, config: CommConfig) -> None:
        self._dialer = dialer
        self._trust = trust
        self._config = config
        self.options = DialOptions()

    def set_options(self, options: DialOptions) -> None:
        """Dial with these options from now on.

        Raises:
            ConfigurationError: They cannot be used; the old ones stay.
        """
        self._dialer.set_options(options)
        self.options = options

    async def probe(self, endpoint: str, stages: Stages) -> Link:
        """Dial and Ping.

        Raises:
            TransportError: The endpoint does not answer.
            RefusedByPeerError: It answers, with an error.

        Cancellation: the connection is cut.
        """
        return await _once_more_if_not_taken(lambda: self._probe(endpoint, stages), stages)

    async def handshake(self, peer: RemotePeer, stages: Stages) -> Accepted:
        """Authenticate the peer, and wait until it says whether it accepts us.

        Raises:
            GossipError: As :meth:`gossip.api.comm.Comm.handshake` says; ``stages`` tells where.

        Cancellation: the connection is cut.
        """
        return await _once_more_if_not_taken(lambda: self._handshake(peer, stages), stages)

    async def connect(self, peer: RemotePeer) -> Reached:
        """Make a connection to send on; the caller owns it.

        Raises:
            GossipError: As :meth:`gossip.api.comm.Comm.handshake` says, but the peer's own verdict is not known yet.

        Cancellation: the connection is cut.
        """
        stages = Stages()
        return await _once_more_if_not_taken(lambda: self._connect(peer, stages), stages)

    async def _probe(self, endpoint: str, stages: Stages) -> Link:
        async with self._channel(endpoint, stages) as channel:
            stages.end()
            await channel.close()
            return channel.link

    async def _handshake(self, peer: RemotePeer, stages: Stages) -> Accepted:
        conn_establish = self._trust.conn_establish(self._dialer.own_certificate, probe=True)
        async with self._channel(peer.endpoint, stages, conn_establish) as channel:
            stream = await self._open(channel, stages)
            expected = Expectation(peer.pki_id) if peer.pki_id else None
            exchanged = await self._exchange(stream, self._trust.handshake(channel.link, conn_establish, expected))
            stages.enter(Stage.VERDICT)
            if exchanged.early:
                raise HandshakeError(f"{channel.link.remote} answered a probe with messages")
            await await_verdict(stream, self._config.conn_timeout_s)
            stages.end()
            await channel.close()
            return Accepted(exchanged.info, channel.link)

    async def _connect(self, peer: RemotePeer, stages: Stages) -> Reached:
        conn_establish = self._trust.conn_establish(self._dialer.own_certificate)
        async with self._channel(peer.endpoint, stages, conn_establish) as channel:
            stream = await self._open(channel, stages)
            expected = self._trust.or_of_same_organization(peer.pki_id) if peer.pki_id else None
            exchanged = await self._exchange(stream, self._trust.handshake(channel.link, conn_establish, expected))
            stream.max_frame_bytes = self.options.max_message_bytes
            is_switch = expected is not None and expected.pki_id != exchanged.info.pki_id
            return Reached(channel, stream, exchanged, peer.pki_id if is_switch else None)

    @asynccontextmanager
    async def _channel(
        self, endpoint: str, stages: Stages, conn_establish: bytes | None = None
    ) -> AsyncIterator[Channel]:
        """A connection whose Ping was answered and on which ``conn_establish`` was sent; cut if the rest fails."""
        channel = await self._dialer.dial(endpoint, conn_establish)
        try:
            stages.enter(Stage.PING)
            stages.took_s |= {Stage.TCP: channel.times.tcp_s, Stage.TLS: channel.times.tls_s}
            await within(self.options.ping_timeout_s, channel.ping(), "Ping", channel.link.remote)
            yield channel
        except BaseException:
            channel.abort()
            raise

    async def _open(self, channel: Channel, stages: Stages) -> FrameStream:
        stages.enter(Stage.EXCHANGE)
        return await within(OPEN_TIMEOUT_S, channel.open_stream(), "stream", channel.link.remote)

    async def _exchange(self, stream: FrameStream, handshake: Handshake) -> Exchanged:
        exchanged = await exchange(stream, handshake, self._trust.clock, self._config.conn_timeout_s, is_greeted=True)
        if handshake.state is State.PROBED:
            raise HandshakeError(f"{stream.link.remote} answered with a probe")
        self._trust.admit(exchanged.info)
        return exchanged


async def _once_more_if_not_taken(attempt: Callable[[], Awaitable[T]], stages: Stages) -> T:
    """Dial once more where the peer closes without having taken the call, as gRPC does: another may be there by now."""
    try:
        return await attempt()
    except StreamBrokenError as error:
        if error.was_taken:
            raise
    stages.enter(Stage.DIAL)
    return await attempt()

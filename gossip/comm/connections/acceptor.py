"""The serving side of every handshake."""

import asyncio
import logging

from gossip.comm.config import CommConfig
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.live_connections import LiveConnections
from gossip.comm.handshake.exchange import exchange
from gossip.comm.handshake.machine import State
from gossip.comm.handshake.outcome import outcome_of
from gossip.comm.handshake.trust import Trust
from gossip.comm.observer import Observer
from gossip.errors import GossipError
from gossip.metrics import Metrics, Outcome
from gossip.throttle import LINES_AT_ONCE, Throttle
from gossip.transport.base import FrameStream
from gossip.turns import shared_turns

logger = logging.getLogger("gossip.comm")


class Acceptor:
    """Serves incoming streams.

    Mirrors: gossip/comm/comm_impl.go, commImpl.GossipStream.
    """

    def __init__(
        self, trust: Trust, connections: LiveConnections, config: CommConfig, metrics: Metrics, observer: Observer
    ) -> None:
        self._trust = trust
        self._connections = connections
        self._config = config
        self._metrics = metrics
        self._observer = observer
        self._throttle = Throttle(most=LINES_AT_ONCE)

    async def serve(self, stream: FrameStream) -> None:
        """Authenticate whoever opened a stream, and run the connection to its end.

        Implements :data:`gossip.transport.base.StreamHandler`: a probe that is accepted ends with status OK, a refused
        peer learns the reason from the status, and nothing of either stays.

        Raises:
            GossipError: The peer was refused, or its connection broke.

        Cancellation: the connection is closed.
        """
        connection = await self._authenticate(stream)
        if connection is not None:
            await self._connections.run(*connection)

    async def _authenticate(self, stream: FrameStream) -> tuple[Connection, list[bytes]] | None:
        try:
            conn_establish = self._trust.conn_establish(stream.link.own_certificate)
            handshake = self._trust.handshake(stream.link, conn_establish)
            exchanged = await exchange(
                stream, handshake, self._trust.clock, self._config.conn_timeout_s, shared_turns().turn
            )
            self._trust.admit(exchanged.info)
            if handshake.state is State.PROBED:
                self._metrics.handshake(Outcome.PROBED, initiator=False)
                self._observer.probed(exchanged.info)
                return None
            stream.max_frame_bytes = self._config.max_message_bytes
            connection = Connection(exchanged.info, stream, capacity=self._config.send_buffer, metrics=self._metrics)
            self._connections.admit(connection)
        except GossipError as error:
            self._refuse(stream.link.remote, error)
            raise
        except Exception as bug:  # in a user's crypto service, say
            self._refuse(stream.link.remote, GossipError(f"our own check failed: {bug!r}"))
            raise
        self._metrics.handshake(Outcome.ACCEPTED, initiator=False)
        return connection, list(exchanged.early)

    def _refuse(self, remote: str, error: GossipError) -> None:
        self._metrics.handshake(outcome_of(error), initiator=False)
        self._observer.refused(remote, error)
        host = remote.rpartition(":")[0]
        key, now_s = (host, type(error)), asyncio.get_running_loop().time()
        self._throttle.log(logger, logging.WARNING, key, now_s, "Authentication of %s failed: %s", remote, error)

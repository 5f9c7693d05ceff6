"""Makes outgoing connections and puts them to use."""

import asyncio
import logging
from collections.abc import Sequence

from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.connection import Connection
from gossip.comm.dials import Dials
from gossip.comm.initiator import Initiator
from gossip.comm.notices import Notices
from gossip.comm.population import Population
from gossip.comm.tasks import Tasks
from gossip.errors import Fault, GossipError
from gossip.metrics import Metrics, Outcome
from gossip.throttle import Throttle

logger = logging.getLogger("gossip.comm")


class Connector:
    """The dialling side of every connection to send on.

    Mirrors: gossip/comm/comm_impl.go, commImpl.createConnection and disconnect.
    """

    def __init__(
        self,
        initiator: Initiator,
        population: Population,
        deaths: Notices,
        switches: Notices,
        config: CommConfig,
        metrics: Metrics,
    ) -> None:
        self.dials = Dials(self._connect, self._failed, config.send_buffer)
        self._initiator = initiator
        self._population = population
        self._deaths = deaths
        self._switches = switches
        self._config = config
        self._metrics = metrics
        self._tasks = Tasks()
        self._throttle = Throttle()

    async def close(self) -> None:
        """Give up dials, and cut what still runs.

        Cancellation: the same happens.
        """
        try:
            await self.dials.close()
        finally:
            await self._tasks.close()

    async def _connect(self, peer: RemotePeer) -> Connection:
        reached = await self._initiator.connect(peer)
        exchanged = reached.exchanged
        connection = Connection(
            exchanged.info,
            reached.stream,
            capacity=self._config.send_buffer,
            metrics=self._metrics,
            channel=reached.channel,
        )
        try:
            self._population.admit(connection)
        except GossipError:
            reached.channel.abort()
            raise
        self._metrics.handshake(Outcome.ACCEPTED, initiator=True)
        self._tasks.start(self._run(connection, exchanged.early), f"reader of {connection!r}")
        if reached.switched_from is not None:
            logger.info("%s answers at %s instead of %s", exchanged.info, peer.endpoint, reached.switched_from.hex())
            self._switches.tell(reached.switched_from)
        return connection

    async def _run(self, connection: Connection, early: Sequence[bytes]) -> None:
        try:
            await self._population.run(connection, early)
        except GossipError as error:
            logger.debug("The connection with %s ended: %s", connection.info, error)

    def _failed(self, peer: RemotePeer, error: GossipError, lost: int) -> None:
        outcome = Outcome.REFUSED if error.fault is Fault.PEER else Outcome.FAILED
        self._metrics.handshake(outcome, initiator=True)
        if self._throttle.admit(peer, asyncio.get_running_loop().time()) is not None:
            logger.warning("Failed obtaining connection for %s, %d messages lost, reason: %s", peer, lost, error)
        if peer.pki_id:
            self._deaths.tell(peer.pki_id)

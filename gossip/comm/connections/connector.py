"""Makes outgoing connections and puts them to use."""

import asyncio
import logging
from contextlib import suppress

from gossip.api.peer import ConnectionInfo, RemotePeer
from gossip.comm.config import CommConfig
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.dials import Dial, Dials
from gossip.comm.connections.live_connections import LiveConnections
from gossip.comm.handshake.initiator import Initiator
from gossip.comm.handshake.outcome import outcome_of
from gossip.comm.subscriptions.notices import Notices
from gossip.comm.tasks import Tasks
from gossip.errors import ClosedError, DialError, GossipError, without_traces
from gossip.metrics import Metrics, Outcome
from gossip.throttle import Throttle
from gossip.types import PkiId

logger = logging.getLogger("gossip.comm")

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 1.0
"""Between two looks whether somebody listens by now; Fabric waits for 1 s, and then for 1.6."""


class Connector:
    """The dialling side of every connection to send on.

    Mirrors: gossip/comm/comm_impl.go, commImpl.createConnection and disconnect.
    """

    def __init__(
        self,
        initiator: Initiator,
        dials: Dials,
        connections: LiveConnections,
        deaths: Notices,
        switches: Notices,
        config: CommConfig,
        metrics: Metrics,
    ) -> None:
        self._initiator = initiator
        self._dials = dials
        self._connections = connections
        self._deaths = deaths
        self._switches = switches
        self._config = config
        self._metrics = metrics
        self._dialling = Tasks()
        self._running = Tasks()
        self._throttle = Throttle()
        self._is_closed = False

    def begin(self, peer: RemotePeer, pki_id: PkiId) -> Dial:
        """The dial to this peer, started unless it is under way.

        Raises:
            ClosedError: Dials were given up.
        """
        if self._is_closed:
            raise ClosedError("shutting down")
        dial = self._dials.find(pki_id)
        if dial is None:
            name = f"dial to {peer}"
            dial = self._dials.add(peer, pki_id)
            self._dialling.start(self._dial(dial, pki_id), name)
        return dial

    async def finish(self, ends_at_s: float) -> None:
        """Begin no dials from now on, wait for those that messages wait for, and give up what is left.

        Args:
            ends_at_s: When waiting ends, by the loop's clock.

        Cancellation: every dial is given up.
        """
        self._is_closed = True
        try:
            async with asyncio.timeout_at(ends_at_s):
                for dial in self._dials:
                    if dial.holds_messages:
                        with suppress(GossipError):  # which was said where it failed
                            await dial.connection()
        except TimeoutError:
            pass  # what is lost is said where it is given up
        finally:
            await self._dialling.close()

    async def close(self) -> None:
        """Give up dials, and cut the connections that still run.

        Cancellation: the same happens.
        """
        try:
            await self.finish(ends_at_s=0.0)
        finally:
            await self._running.close()

    async def _dial(self, dial: Dial, pki_id: PkiId) -> None:
        try:
            await asyncio.sleep(0)  # where tasks begin at once, whoever asked would wait for what is over already
            dial.succeed(await self._knock(dial))
        except GossipError as error:
            without_traces(error)
            stand_in = self._connections.stand_in(pki_id)
            if stand_in is not None:
                dial.succeed(stand_in)
            self._failed(dial.peer, pki_id, error, dial.fail(error))
        except Exception as bug:  # in a user's crypto service, say
            failure = GossipError(f"the dial to {dial.peer} failed: {bug!r}")
            failure.__cause__ = bug
            self._failed(dial.peer, pki_id, failure, dial.fail(failure))
            raise
        finally:
            self._dials.remove(pki_id)
            given_up = ClosedError(f"the dial to {dial.peer} was abandoned")
            lost = dial.fail(given_up)
            if lost:
                self._warn(dial.peer, given_up, lost)

    async def _knock(self, dial: Dial) -> Connection:
        """Connect; as long as messages wait, again where nobody listens: a peer that is starting will in a moment."""
        clock = asyncio.get_running_loop().time
        ends_at_s = clock() + self._initiator.options.dial_timeout_s
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return await self._connect(dial.peer)
            except DialError as error:
                if error.stage != "tcp" or not dial.holds_messages or clock() + pause_s > ends_at_s:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

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
            self._connections.admit(connection)
        except GossipError:
            reached.channel.abort()
            raise
        self._running.start(self._run(connection, list(exchanged.early)), name=f"reader of {connection!r}")
        self._metrics.handshake(Outcome.ACCEPTED, initiator=True)
        if reached.switched_from is not None:
            self._say_switch(exchanged.info, peer.endpoint, reached.switched_from)
            self._switches.tell(reached.switched_from)
        return connection

    async def _run(self, connection: Connection, early: list[bytes]) -> None:
        try:
            await self._connections.run(connection, early)
        except GossipError as error:
            logger.debug("The connection with %s ended: %s", connection.info, error)

    def _failed(self, peer: RemotePeer, pki_id: PkiId, error: GossipError, lost: int) -> None:
        self._metrics.handshake(outcome_of(error), initiator=True)
        self._warn(peer, error, lost)
        if not self._connections.is_connected(pki_id):
            self._deaths.tell(pki_id)

    def _say_switch(self, info: ConnectionInfo, endpoint: str, former: PkiId) -> None:
        """Each message to the former peer makes a dial of its own."""
        key, now_s = (endpoint, former), asyncio.get_running_loop().time()
        text = "%s answers at %s instead of %s"
        self._throttle.log(logger, logging.INFO, key, now_s, text, info, endpoint, former.hex())

    def _warn(self, peer: RemotePeer, error: GossipError, lost: int) -> None:
        now_s = asyncio.get_running_loop().time()
        text = "Failed obtaining connection for %s, %d messages lost, reason: %s"
        self._throttle.log(logger, logging.WARNING, peer, now_s, text, peer, lost, error)

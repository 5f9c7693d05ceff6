"""Every live connection, from the end of its handshake to its own end."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from gossip.comm.ackbook import AckBook
from gossip.comm.connections.connection import Connection, Receiver
from gossip.comm.connections.dials import Dials
from gossip.comm.connections.store import ConnectionStore
from gossip.comm.observer import Observer
from gossip.comm.subscriptions.notices import Notices
from gossip.errors import ClosedError, GossipError, WireError
from gossip.metrics import Metrics
from gossip.throttle import LINES_OF_PEERS_AT_ONCE, Throttle
from gossip.types import PkiId

logger = logging.getLogger("gossip.comm")

RETIRED_S = 60.0
"""How long we read on from a retired connection while something comes; after that, how long the peer has to end it."""
LOOK_AGAIN_S = 0.25
"""How often, at most, it is looked whether something still waits on a retired connection."""
PATIENCE = 3
"""How many times longer the peer with the lower PKI-ID waits before it closes a retired connection itself."""


class LiveConnections:
    """Runs connections, and draws the consequences of their coming and going.

    Mirrors: gossip/comm/conn.go, connectionStore.onConnected, closeConnByPKIid and shutdown.
    """

    def __init__(
        self,
        *,
        store: ConnectionStore,
        dials: Dials,
        receiver: Receiver,
        acks: AckBook,
        deaths: Notices,
        linger_s: float,
        metrics: Metrics,
        observer: Observer,
    ) -> None:
        self._store = store
        self._dials = dials
        self._receiver = receiver
        self._acks = acks
        self._deaths = deaths
        self._linger_s = linger_s
        self._metrics = metrics
        self._observer = observer
        self._lingering: dict[Connection, asyncio.TimerHandle] = {}
        self._throttle = Throttle(most=LINES_OF_PEERS_AT_ONCE)
        self._is_closed = False

    def is_connected(self, pki_id: PkiId) -> bool:
        """Whether there is a connection to send on."""
        connection = self._store.find(pki_id)
        return connection is not None and connection.is_open

    def admit(self, connection: Connection) -> None:
        """Put an authenticated connection to use; :meth:`run` it next.

        Raises:
            ClosedError: The layer was stopped.
        """
        if self._is_closed:
            raise ClosedError("shutting down")
        is_dialled = self._dials.find(connection.info.pki_id) is not None
        displaced = self._store.add(connection, asyncio.get_running_loop().time(), is_dialled=is_dialled)
        if displaced.superseded is not None:
            displaced.superseded.close()
        if displaced.retired is not None:
            self._close_later(displaced.retired)
        if displaced.current is not None:
            self._dials.reached(displaced.current)
        else:
            self._call_later(self._linger_s / 2, connection, self._wait_no_longer)
        self._metrics.connections(len(self._store))
        self._observer.connected(connection.info, outgoing=connection.is_outgoing)

    def stand_in(self, pki_id: PkiId) -> Connection | None:
        """Find a connection that the peer made while we dialled in vain; from now on it is the one to send on."""
        if self._store.find(pki_id) is None:
            waiting = next((each for each in self._store.of(pki_id) if each.is_open), None)
            if waiting is not None:
                self._stop_lingering(waiting)
                self._store.change_over(waiting)
        found = self._store.find(pki_id)
        return found if found is not None and found.is_open else None

    async def run(self, connection: Connection, early: list[bytes]) -> None:
        """Run an admitted connection to its end.

        Raises:
            GossipError: It broke, or the other side sent what it must not.

        Cancellation: the connection is closed.
        """
        error: GossipError | None = None
        try:
            await connection.run(self._receiver, early)
        except GossipError as broken:
            error = broken
            raise
        except BaseException:
            connection.close()
            raise
        finally:
            self._ended(connection, error)
            del error  # it holds this frame
            await connection.release()

    async def close(self, pki_id: PkiId) -> None:
        """Close every connection of one peer and wait for their end.

        Cancellation: they are closed all the same.
        """
        connections = self._store.of(pki_id)
        self.close_nowait(pki_id)
        for connection in connections:
            await connection.wait_ended()

    def close_nowait(self, pki_id: PkiId) -> None:
        """Close every connection of one peer."""
        for connection in self._store.of(pki_id):
            connection.close()

    async def stop(self, ends_at_s: float) -> None:
        """Admit no more, let queued messages leave, and close everything.

        Args:
            ends_at_s: When waiting ends, by the loop's clock.

        Cancellation: what is left is cut.
        """
        self._is_closed = True
        connections = list(self._store)
        try:
            async with asyncio.timeout_at(ends_at_s):
                for connection in connections:
                    await connection.flush()
        except TimeoutError:
            logger.warning("Some messages were not sent in time and were dropped")
        finally:
            self.close_all(leaves_by_s=ends_at_s)
        for connection in connections:
            await connection.wait_ended()

    def close_all(self, leaves_by_s: float = 0.0) -> None:
        """Admit no more, and close everything; see :meth:`Connection.close`."""
        self._is_closed = True
        for connection in self._store:
            connection.close(leaves_by_s)

    def _close_later(self, connection: Connection) -> None:
        """Close a retired connection later, unless the peer with the higher PKI-ID, who decides, does it sooner.

        Two peers that disagree on which of two connections is retired would otherwise close one each.
        """
        current = self._store.find(connection.info.pki_id)
        close = partial(self._close_if_retired, asyncio.get_running_loop().time() + RETIRED_S)
        if self._store.outranks(connection.info.pki_id):
            self._call_later(self._linger_s, connection, close)
        elif current is not None and current.is_outgoing and not connection.is_outgoing:
            self._call_later(self._linger_s / 2, connection, self._change_over)
        else:
            self._call_later(self._again_s(connection), connection, close)

    def _again_s(self, connection: Connection) -> float:
        """After how long to look at a retired connection again; who decides has always looked before who does not."""
        again_s = max(self._linger_s, LOOK_AGAIN_S)
        return again_s if self._store.outranks(connection.info.pki_id) else again_s * PATIENCE

    def _call_later(self, delay_s: float, connection: Connection, then: Callable[[Connection], None]) -> None:
        self._stop_lingering(connection)
        connection.was_heard = False
        self._lingering[connection] = asyncio.get_running_loop().call_later(delay_s, then, connection)

    def _wait_no_longer(self, connection: Connection) -> None:
        """Our own dial takes long: send what waits for it on the connection that the peer made."""
        current = self._store.find(connection.info.pki_id)
        if current is None:
            current = self.stand_in(connection.info.pki_id)
            if current is not None:
                self._dials.reached(current)
        if current is not connection:  # another one waited, too
            self._close_later(connection)

    def _change_over(self, connection: Connection) -> None:
        """The peer has the higher PKI-ID, so its connection is the one that stays."""
        retired = self._store.change_over(connection)
        if retired is not None:
            self._close_later(retired)

    def _stop_lingering(self, connection: Connection) -> None:
        timer = self._lingering.pop(connection, None)
        if timer is not None:
            timer.cancel()

    def _close_if_retired(self, heard_until_s: float, connection: Connection) -> None:
        """Close it where it is still retired and nothing waits on it; what still comes has its time, too."""
        if self._store.find(connection.info.pki_id) is connection:
            return
        now_s = asyncio.get_running_loop().time()
        is_heard = connection.is_hearing and now_s < heard_until_s
        if not connection.is_flushed or connection.is_delivering or is_heard:
            again = partial(self._close_if_retired, heard_until_s)
            self._call_later(self._again_s(connection), connection, again)
        else:
            connection.leave(now_s + RETIRED_S)

    def _ended(self, connection: Connection, error: GossipError | None) -> None:
        self._stop_lingering(connection)
        if isinstance(error, WireError):
            self._warn(connection, error)
        if self._store.discard(connection):
            self._lost(connection, error)
        self._metrics.connections(len(self._store))
        self._observer.disconnected(connection.info, error)

    def _lost(self, connection: Connection, error: GossipError | None) -> None:
        """A peer is without a connection. A dial under way, or whoever sent what it must not, is not dead."""
        pki_id = connection.info.pki_id
        ending = connection.ending()
        self._acks.abandon(pki_id, ending)
        if connection.closed_by_us:
            return
        if error is None or isinstance(error, WireError):
            self._say(logging.INFO, connection, "lost", str(ending))
        else:
            self._say(logging.WARNING, connection, "broken", f"{connection.info} isn't responsive: {error}")
        if not isinstance(error, WireError) and self._dials.find(pki_id) is None:
            self._deaths.tell(pki_id)

    def _warn(self, connection: Connection, error: WireError) -> None:
        self._say(
            logging.WARNING, connection, type(error).__name__, f"Closed the connection with {connection.info}: {error}"
        )

    def _say(self, level: int, connection: Connection, kind: str, text: str) -> None:
        """Log a thing of its kind once in a while for each host: what peers do again and again fills no disk."""
        host = connection.info.endpoint.rpartition(":")[0]
        self._throttle.log(logger, level, (host, kind), asyncio.get_running_loop().time(), "%s", text)

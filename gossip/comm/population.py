"""Every live connection, from the end of its handshake to its own end."""

import asyncio
import logging
from collections.abc import Sequence

from gossip.comm.ackbook import AckBook
from gossip.comm.connection import Connection, Deliver
from gossip.comm.notices import Notices
from gossip.comm.observer import Observer
from gossip.comm.store import ConnectionStore
from gossip.errors import ClosedError, GossipError, StreamBrokenError
from gossip.metrics import Metrics
from gossip.types import PkiId

logger = logging.getLogger("gossip.comm")


class Population:
    """Runs connections, and draws the consequences of their coming and going.

    Mirrors: gossip/comm/conn.go, connectionStore.onConnected, closeConnByPKIid and shutdown.
    """

    def __init__(
        self,
        store: ConnectionStore,
        deliver: Deliver,
        acks: AckBook,
        deaths: Notices,
        linger_s: float,
        metrics: Metrics,
        observer: Observer,
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._acks = acks
        self._deaths = deaths
        self._linger_s = linger_s
        self._metrics = metrics
        self._observer = observer
        self._lingering: dict[Connection, asyncio.TimerHandle] = {}
        self._is_closed = False

    def admit(self, connection: Connection) -> None:
        """Put an authenticated connection to use; :meth:`run` it next.

        Raises:
            ClosedError: The layer was stopped.
        """
        if self._is_closed:
            raise ClosedError("shutting down")
        loop = asyncio.get_running_loop()
        displaced = self._store.add(connection, loop.time())
        if displaced.superseded is not None:
            displaced.superseded.close()
        if displaced.retired is not None:
            retired = displaced.retired
            self._lingering[retired] = loop.call_later(self._linger_s, self._close_if_retired, retired)
        self._metrics.connections(len(self._store))
        self._observer.connected(connection.info, outgoing=connection.is_outgoing)

    async def run(self, connection: Connection, early: Sequence[bytes]) -> None:
        """Run an admitted connection to its end.

        Raises:
            GossipError: It broke, or the other side sent what it must not.

        Cancellation: the connection is closed.
        """
        error: GossipError | None = None
        try:
            await connection.run(self._deliver, early)
        except GossipError as broken:
            error = broken
            raise
        finally:
            self._ended(connection, error)

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

    async def stop(self, drain_s: float) -> None:
        """Admit no more, let queued messages leave for ``drain_s`` seconds, and close everything.

        Cancellation: what is left is cut.
        """
        self._is_closed = True
        connections = list(self._store)
        try:
            async with asyncio.timeout(drain_s):
                for connection in connections:
                    await connection.flush()
        except TimeoutError:
            logger.warning("Some messages had not left after %g s and were dropped", drain_s)
        finally:
            for connection in connections:
                connection.close()
        for connection in connections:
            await connection.wait_ended()

    def _close_if_retired(self, connection: Connection) -> None:
        self._lingering.pop(connection, None)
        if self._store.find(connection.info.pki_id) is not connection:
            connection.close()

    def _ended(self, connection: Connection, error: GossipError | None) -> None:
        timer = self._lingering.pop(connection, None)
        if timer is not None:
            timer.cancel()
        pki_id = connection.info.pki_id
        is_last = self._store.discard(connection)
        self._metrics.connections(len(self._store))
        self._observer.disconnected(connection.info, error)
        if not is_last:
            return
        if connection.closed_by_us:
            self._acks.abandon(pki_id, ClosedError(f"the connection with {connection.info} was closed"))
            return
        logger.info("Lost the connection with %s: %s", connection.info, error or "the peer closed it")
        self._acks.abandon(pki_id, StreamBrokenError(f"the connection with {connection.info} was lost: {error}"))
        self._deaths.tell(pki_id)

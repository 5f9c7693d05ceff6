"""One send with acknowledgement: who was sent to, who answered what, and when that is enough."""

import asyncio
from collections.abc import Mapping

from gossip.api.peer import RemotePeer
from gossip.api.results import AggregatedSendResults, SendResult
from gossip.comm.ackbook import AckBook
from gossip.comm.connections.connection import Connection
from gossip.comm.sending.deadlines import Deadlines
from gossip.errors import AckTimeoutError, ClosedError, GossipError, QueueFullError
from gossip.types import PkiId


class AckedSend:
    """Gathers one result a peer.

    Mirrors: gossip/comm/ack.go, ackSendOperation.
    """

    def __init__(self, peers: Mapping[PkiId, RemotePeer], min_ack: int, acks: AckBook, nonce: int) -> None:
        """Prepare to send.

        Args:
            peers: Who is to answer.
            min_ack: How many acknowledgements are enough; 0 waits for every peer.
            acks: Where answers arrive.
            nonce: What answers name.
        """
        self._open = dict(peers)
        self._min_ack = min_ack
        self._acked = 0
        self._acks = acks
        self._nonce = nonce
        self._timeout_s = 0.0
        self._asked: dict[PkiId, list[tuple[PkiId, Connection]]] = {}
        self._results: list[SendResult] = []
        self._enough: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def hand_over_nowait(self, pki_id: PkiId, connection: Connection, frame: bytes) -> bool:
        """Send to ``pki_id`` on ``connection`` the encoded envelope, with the nonce, and expect its answer.

        Returns:
            Whether there was room.
        """
        if not connection.is_open:
            return False
        try:
            connection.ask_nowait(frame)
        except QueueFullError:
            return False
        self._expect(pki_id, connection)
        return True

    async def hand_over(self, pki_id: PkiId, connection: Connection, frame: bytes) -> None:
        """Do the same, waiting for room, and for the answers to others.

        Raises:
            ClosedError: We closed the connection; nothing was sent.
            StreamBrokenError: It was lost; nothing was sent.

        Cancellation: nothing was sent.
        """
        try:
            await connection.ask(frame)
        except ClosedError as error:
            raise connection.ending() from error
        self._expect(pki_id, connection)

    def settle(self, pki_id: PkiId, error: GossipError | None) -> None:
        """Record how it ended with one peer; only the first time counts, and nothing after enough is there."""
        peer = self._open.pop(pki_id, None)
        if peer is None or self._enough.done():
            return
        self._results.append(SendResult(peer, error))
        self._acked += error is None
        if 0 < self._min_ack <= self._acked or not self._open:
            self._enough.set_result(None)

    def is_open(self, pki_id: PkiId) -> bool:
        """Whether nothing is known of this peer yet; once the time is over, something is known of everybody."""
        return pki_id in self._open

    async def results(self, timeout_s: float, deadlines: Deadlines) -> AggregatedSendResults:
        """Wait until enough is there; peers that are still open when the time is over have timed out.

        Cancellation: answers are still expected, until :meth:`close`.
        """
        self._timeout_s = timeout_s
        deadlines.add(self._time_out, timeout_s)
        try:
            await self._enough
        finally:
            deadlines.discard(self._time_out)
        return AggregatedSendResults(self._results)

    def close(self) -> None:
        """Expect no more answers."""
        for there, asked in self._asked.items():
            self._acks.forget(there, self._nonce)
            for _, connection in asked:
                connection.answered()
        self._asked.clear()

    def _time_out(self) -> None:
        for pki_id in tuple(self._open):
            self.settle(pki_id, AckTimeoutError(f"timed out after {self._timeout_s:g} s without an acknowledgement"))

    def _expect(self, pki_id: PkiId, connection: Connection) -> None:
        """Wait for whoever is at the other end, which after an identity switch answers for others too."""
        there = connection.info.pki_id
        self._asked.setdefault(there, []).append((pki_id, connection))
        self._acks.expect(there, self._nonce, self._answered)

    def _answered(self, there: PkiId, error: GossipError | None) -> None:
        for pki_id, connection in self._asked.pop(there):
            connection.answered()
            self.settle(pki_id, error)

"""Sends to many peers, with and without acknowledgement."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from itertools import count

from gossip.api.peer import RemotePeer
from gossip.api.results import AggregatedSendResults
from gossip.checks import is_finite
from gossip.comm.ackbook import AckBook
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.connector import Connector
from gossip.comm.connections.dials import Dials
from gossip.comm.connections.store import ConnectionStore
from gossip.comm.sending.acked_send import AckedSend
from gossip.comm.sending.deadlines import Deadlines
from gossip.comm.sending.overflow import Overflow
from gossip.comm.tasks import Tasks
from gossip.errors import (
    ClosedError,
    GossipError,
    InvalidArgumentError,
    QueueFullError,
    UnnamedPeerError,
    without_traces,
)
from gossip.shown import shown_text
from gossip.types import PkiId
from gossip.wire.signed import SignedMessage, with_nonce

FIRST_NONCE_BITS = 27
"""Nonces begin at a random number of so many bits, so that those of two peers differ: four bytes on the wire."""


def check_peer(peer: object) -> None:
    """Return when it is a peer.

    Raises:
        InvalidArgumentError: It is not: an endpoint, say, or a list of peers.
    """
    if not isinstance(peer, RemotePeer):
        raise InvalidArgumentError("peer", f"must be a RemotePeer, not {shown_text(repr(peer))}")


def _check_message(message: object) -> None:
    if not isinstance(message, SignedMessage):
        kind = type(message).__name__
        raise InvalidArgumentError("message", f"must be a SignedMessage, as noop_sign makes it, not {kind}")


def by_pki_id(peers: Sequence[RemotePeer]) -> dict[PkiId, RemotePeer]:
    """Index peers that are to be sent to; one that is named twice counts once.

    Raises:
        InvalidArgumentError: One is no peer.
        UnnamedPeerError: One has no PKI-ID.
    """
    named: dict[PkiId, RemotePeer] = {}
    for peer in peers:
        check_peer(peer)
        if not peer.pki_id:
            raise UnnamedPeerError(f"no PKI-ID is known for {shown_text(peer.endpoint)}; a handshake reveals it")
        named[peer.pki_id] = peer
    return named


def _check_wait(timeout_s: object, min_ack: object) -> None:
    if not isinstance(timeout_s, (int, float)) or not is_finite(timeout_s):  # a union is made anew for each look
        raise InvalidArgumentError("timeout_s", f"must be a number of seconds, not {shown_text(repr(timeout_s))}")
    if not isinstance(min_ack, int):
        raise InvalidArgumentError("min_ack", f"must be a number of peers, not {min_ack!r}")


class Sending:
    """The outgoing half of the communication layer.

    Mirrors: gossip/comm/comm_impl.go, commImpl.Send, SendWithAck and sendToEndpoint.
    """

    def __init__(
        self, store: ConnectionStore, dials: Dials, connector: Connector, acks: AckBook, overflow: Overflow
    ) -> None:
        self._store = store
        self._dials = dials
        self._connector = connector
        self._acks = acks
        self._overflow = overflow
        self._deadlines = Deadlines(asyncio.get_running_loop())
        self._nonces = count(1 + random.getrandbits(FIRST_NONCE_BITS))
        """No two waits ever share one; Fabric's have 64 random bits: each byte takes time to write and read, twice."""
        self._tasks = Tasks()

    def send(self, message: SignedMessage, peers: Sequence[RemotePeer]) -> None:
        """Queue a message for each peer, dialling those that are not connected; drop and count where there is no room.

        Raises:
            InvalidArgumentError: The message or a peer is none; nothing was sent.
            UnnamedPeerError: A peer has no PKI-ID; nothing was sent to any.
        """
        _check_message(message)
        frame = message.envelope
        for pki_id, peer in by_pki_id(peers).items():
            self._queue(frame, pki_id, peer)

    async def flush(self, peers: Sequence[RemotePeer]) -> None:
        """Wait until nothing waits for these peers, or for any where none is named: it was handed over, or lost.

        Raises:
            UnnamedPeerError: A peer has no PKI-ID.

        Cancellation: nothing changes.
        """
        for pki_id in by_pki_id(peers) or {*self._dials.pki_ids, *self._store.pki_ids}:
            connection = self._store.find(pki_id)
            dial = self._dials.find(pki_id)
            if (connection is None or not connection.is_open) and dial is not None:
                with suppress(GossipError):  # the dial failed, which is said and counted where it failed
                    await (await dial.connection()).flush()  # of a peer that stands in, perhaps
            for connection in self._store.of(pki_id):
                await connection.flush()

    async def send_with_ack(
        self, message: SignedMessage, timeout_s: float, min_ack: int, peers: Sequence[RemotePeer]
    ) -> AggregatedSendResults:
        """Send under a nonce of its own and collect the answers.

        When enough acknowledged, who is not connected yet, or has no room, is sent to as by :meth:`send`.

        Raises:
            InvalidArgumentError: ``timeout_s`` or ``min_ack`` is no number; nothing was sent.
            UnnamedPeerError: A peer has no PKI-ID; nothing was sent to any.

        Cancellation: messages may have been sent; their acknowledgements are nothing.
        """
        _check_wait(timeout_s, min_ack)
        _check_message(message)
        named = by_pki_id(peers)
        if not named:
            return AggregatedSendResults()
        nonce = next(self._nonces)
        operation, frame = AckedSend(named, min_ack, self._acks, nonce), with_nonce(message, nonce).envelope
        undelivered: dict[PkiId, bytes] = {}
        deliveries: list[asyncio.Task[None]] = []
        try:
            for pki_id, peer in named.items():
                connection = self._store.find(pki_id)
                if connection is None or not operation.hand_over_nowait(pki_id, connection, frame):
                    undelivered[pki_id] = frame
                    delivery = self._deliver(operation, pki_id, peer, undelivered)
                    deliveries.append(self._tasks.start(delivery, f"delivery to {peer}"))
            del message, frame  # a hundred MiB each, perhaps, while answers are waited for
            results = await operation.results(timeout_s, self._deadlines)
            for pki_id, frame in undelivered.items():
                if operation.is_open(pki_id):
                    with suppress(ClosedError):
                        self._queue(frame, pki_id, named[pki_id])
            return results
        finally:
            operation.close()
            for task in deliveries:
                task.cancel()

    async def close(self) -> None:
        """Give up what still waits for a connection or for room.

        Cancellation: it is given up all the same.
        """
        await self._tasks.close()
        self._deadlines.rest()

    def _queue(self, frame: bytes, pki_id: PkiId, peer: RemotePeer) -> None:
        connection = self._store.find(pki_id)
        try:
            if connection is not None and connection.is_open:
                connection.send_nowait(frame)
            else:
                self._connector.begin(peer, pki_id).queue_nowait(frame)
        except QueueFullError as error:
            self._overflow.count(pki_id, error, asyncio.get_running_loop().time())

    async def _deliver(
        self, operation: AckedSend, pki_id: PkiId, peer: RemotePeer, undelivered: dict[PkiId, bytes]
    ) -> None:
        try:
            connection = self._store.find(pki_id)
            if connection is None or not connection.is_open:
                connection = await self._connector.begin(peer, pki_id).connection()
            await self._hand_over(operation, pki_id, connection, undelivered[pki_id])
        except GossipError as error:
            operation.settle(pki_id, without_traces(error))
        except asyncio.CancelledError:
            operation.settle(pki_id, ClosedError("shutting down"))
            raise
        finally:
            del undelivered[pki_id]

    async def _hand_over(self, operation: AckedSend, pki_id: PkiId, connection: Connection, frame: bytes) -> None:
        """Wait for room, on the connection that took its place where one ends meanwhile: it was retired, perhaps."""
        while True:
            try:
                await operation.hand_over(pki_id, connection, frame)
            except GossipError:
                current = self._store.find(pki_id)
                if current is None or not current.is_open:
                    raise
                connection = current
            else:
                return

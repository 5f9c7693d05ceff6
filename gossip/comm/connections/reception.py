"""Takes what connections read: acknowledgements aside, everything else to the subscribers."""

from collections.abc import Sequence
from time import perf_counter

from gossip.comm.ackbook import AckBook
from gossip.comm.connections.connection import Connection
from gossip.comm.connections.received import Find, Received
from gossip.comm.subscriptions.demux import Demux
from gossip.metrics import Metrics
from gossip.turns import Turns, shared_turns
from gossip.wire.acks import find_positive_ack, parse_ack
from gossip.wire.envelope import WHOLE_BYTES, parse_at_once
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import SignedMessage
from gossip.wire.slices import parse_in_slices

FRAMES_AT_ONCE = 4
"""After so many from one peer we look how long it took; long ones are read in slices, and looked at in between."""
ANSWERS_AT_ONCE = 16
"""After so many messages, if some want an answer, we pause so that it leaves: the peer works on it while we read on."""
BYTES_IN_PASSING = 16 * 1024
"""After so many bytes were taken without waiting, the next message waits in :meth:`deliver`: others get their turn."""


class Reception:
    """Implements :class:`gossip.comm.connections.connection.Receiver`.

    Mirrors: gossip/comm/comm_impl.go, interceptAcks; gossip/comm/conn.go, connection.readFromStream.
    """

    def __init__(self, acks: AckBook, demux: Demux, find: Find, metrics: Metrics) -> None:
        self._acks = acks
        self._demux = demux
        self._find = find
        self._metrics = metrics
        self._bytes_in_passing = 0

    def deliver_nowait(self, connection: Connection, frames: Sequence[bytes]) -> int:
        """Take envelopes, in order, as long as nobody has to wait and nothing is wrong with them.

        Returns:
            How many; the first that is left is for :meth:`deliver`.
        """
        taken = 0
        connection.was_heard = True
        for frame in frames:
            if not self._is_taken(connection, frame):
                break
            taken += 1
        self._metrics.messages_received(taken)
        return taken

    async def deliver(self, connection: Connection, frames: Sequence[bytes]) -> None:
        """Take some envelopes, in order.

        Raises:
            MalformedMessageError: One is not an envelope around a message, or would become too many objects; those
                before it were taken.

        Cancellation: some were taken.
        """
        self._metrics.messages_received(len(frames))
        self._bytes_in_passing = 0
        turns = shared_turns()
        turn_ends_at_s = perf_counter() + turns.length_s
        asks = False
        for number, frame in enumerate(frames, 1):
            if not number % FRAMES_AT_ONCE and (
                perf_counter() > turn_ends_at_s or (asks and not number % ANSWERS_AT_ONCE)
            ):
                await turns.turn()
                turn_ends_at_s = perf_counter() + turns.length_s
                asks = False
            nonce = find_positive_ack(frame)
            if nonce is not None:
                self._acks.answer(connection.info.pki_id, nonce, "")
                continue
            size_bytes = len(frame)
            signed = parse_at_once(frame)
            if signed is None:
                signed = await _parse_in_turns(frame, turns, turn_ends_at_s)
            if signed.kind is MessageKind.ACK:
                self._acks.answer(connection.info.pki_id, signed.nonce, parse_ack(signed))
            else:
                if signed.nonce:
                    asks = True
                    await connection.answerable()
                received = Received(signed, connection, self._find)
                for feed in self._demux.dispatch_nowait(received, size_bytes):
                    await feed.offer(received, size_bytes)

    def _is_taken(self, connection: Connection, frame: bytes) -> bool:
        if len(frame) > WHOLE_BYTES:
            return False
        nonce = find_positive_ack(frame)
        if nonce is not None:
            self._acks.answer(connection.info.pki_id, nonce, "")
            return True
        if not (connection.is_open and self._demux.has_room and connection.is_answerable):
            return False
        self._bytes_in_passing += len(frame)
        if self._bytes_in_passing > BYTES_IN_PASSING:
            return False
        signed = parse_at_once(frame)
        if signed is None or signed.kind is MessageKind.ACK:
            return False
        self._demux.dispatch_nowait(Received(signed, connection, self._find), len(frame))
        return True


async def _parse_in_turns(frame: bytes, turns: Turns, turn_ends_at_s: float) -> SignedMessage:
    slices = parse_in_slices(frame)
    while (signed := next(slices)) is None:
        if perf_counter() > turn_ends_at_s:
            await turns.turn()
            turn_ends_at_s = perf_counter() + turns.length_s
    return signed

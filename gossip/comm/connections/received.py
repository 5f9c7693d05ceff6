"""A received message, and the way back to its sender."""

from collections.abc import Callable

from gossip.api.peer import ConnectionInfo
from gossip.comm.connections.connection import Connection
from gossip.errors import InvalidArgumentError
from gossip.messages import GossipMessage
from gossip.types import PkiId
from gossip.wire.acks import encode_ack
from gossip.wire.signed import SignedMessage, noop_sign

Find = Callable[[PkiId], Connection | None]
"""Tells the connection that leads to a peer now."""


class Received:
    """Implements :class:`gossip.api.comm.ReceivedMessage`.

    The way back is the connection that the message came by, or the one that took its place.

    Mirrors: gossip/comm/msg.go, ReceivedMessageImpl.
    """

    __slots__ = ("_connection", "_find", "_is_acked", "_signed")

    def __init__(self, signed: SignedMessage, connection: Connection, find: Find) -> None:
        self._signed = signed
        self._connection = connection
        self._find = find
        self._is_acked = False

    def __repr__(self) -> str:
        return f"<Received {self._signed.kind.name} from {self._connection.info}>"

    def get_gossip_message(self) -> SignedMessage:
        """The message, with the exact bytes it came in."""
        return self._signed

    def get_connection_info(self) -> ConnectionInfo:
        """Who sent it."""
        return self._connection.info

    async def respond(self, message: GossipMessage) -> None:
        """Send ``message`` back, unsigned.

        Raises:
            OutOfOrderError: Called in another event loop; nothing was sent.
            ClosedError: The peer is not connected any more; nothing was sent.
            InvalidMessageError: ``message`` cannot be encoded; nothing was sent.

        Cancellation: nothing was sent.
        """
        self._connection.own_loop.check()
        await self._way_back().send(noop_sign(message).envelope)

    async def ack(self, error: str | None = None) -> None:
        """Acknowledge the message, or refuse it with a text; only a second time waits for a peer that takes no answers.

        To one whose nonce is 0 nothing is sent: nobody waits for it, and who asks for nothing is not held up in return.

        Raises:
            OutOfOrderError: Called in another event loop; nothing was sent.
            ClosedError: The peer is not connected any more; nothing was sent.
            InvalidMessageError: ``error`` is not text that UTF-8 can hold; nothing was sent.
            InvalidArgumentError: ``error`` is empty, which on the wire acknowledges; nothing was sent.

        Cancellation: nothing was sent.
        """
        self._connection.own_loop.check()
        if error == "":
            raise InvalidArgumentError("error", "must not be empty, which on the wire acknowledges; None does that")
        frame = encode_ack(self._signed.nonce, "" if error is None else error)
        if not self._signed.nonce:
            return
        if self._is_acked:
            await self._way_back().send(frame)
        else:
            self._way_back().answer_nowait(frame)
            self._is_acked = True

    def _way_back(self) -> Connection:
        if self._connection.is_open:
            return self._connection
        return self._find(self._connection.info.pki_id) or self._connection

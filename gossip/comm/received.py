"""A received message, and the way back to its sender."""

from gossip.api.peer import ConnectionInfo
from gossip.comm.connection import Connection
from gossip.messages import GossipMessage
from gossip.wire.acks import encode_ack
from gossip.wire.signed import SignedMessage, noop_sign


class Received:
    """Implements :class:`gossip.api.comm.ReceivedMessage` over the connection that the message came by.

    Mirrors: gossip/comm/msg.go, ReceivedMessageImpl.
    """

    __slots__ = ("_connection", "_signed")

    def __init__(self, signed: SignedMessage, connection: Connection) -> None:
        self._signed = signed
        self._connection = connection

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
            ClosedError: The connection is gone; nothing was sent.

        Cancellation: nothing was sent.
        """
        await self._connection.send(noop_sign(message).envelope)

    async def ack(self, error: str | None = None) -> None:
        """Acknowledge the message, or refuse it with a text.

        Raises:
            ClosedError: The connection is gone; nothing was sent.

        Cancellation: nothing was sent.
        """
        await self._connection.send(encode_ack(self._signed.nonce, error or ""))

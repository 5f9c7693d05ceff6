"""A GossipStream on which we are authenticated, before we begin to misbehave."""

from gossip.errors import GossipError, MalformedMessageError
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.misbehave import frames
from gossip.misbehave.ending import SERVED, Ending
from gossip.misbehave.http2_peer import Http2Peer
from gossip.wire.envelope import parse_envelope
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import SignedMessage, noop_sign

ACK_PATIENCE_S = 1.0
NONCE = 0x6D69736265686176


class NotServedError(GossipError):
    """The other side did not let us come as far as the fault; ``ending`` says what it did."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"the other side did not let us begin: {ending}")
        self.ending = ending


class Session:
    """Says messages on one stream, and finds out whether it is still served."""

    def __init__(self, peer: Http2Peer, stream_id: int, patience_s: float) -> None:
        self.peer = peer
        self.stream_id = stream_id
        self._patience_s = patience_s
        self._nonce = NONCE
        self._acked = 0

    async def authenticate(self, conn_establish: bytes) -> None:
        """Open the stream, and exchange ConnEstablish.

        Raises:
            NotServedError: The other side ended it instead.

        Cancellation: the stream is half open.
        """
        self.peer.open(self.stream_id)
        self.say(conn_establish)
        await self.heard_conn_establish()

    async def heard_conn_establish(self) -> None:
        """Wait for the other side's ConnEstablish.

        Raises:
            NotServedError: It ended the call, or said something else, instead.

        Cancellation: nothing changes.
        """
        await self.peer.until(
            lambda: bool(self.peer.messages(self.stream_id)) or self.peer.is_over(self.stream_id), self._patience_s
        )
        messages = self.peer.messages(self.stream_id)
        signed = self._read_or_break_off(messages[0]) if messages else None
        if signed is not None and signed.kind is not MessageKind.CONN:
            self.peer.break_off(f"says {signed.kind.field_name} where its ConnEstablish belongs")
        if signed is None or signed.kind is not MessageKind.CONN:
            raise NotServedError(await self.ending())

    def say(self, *envelopes: bytes) -> None:
        """Send messages in one DATA frame, whatever the windows."""
        self.peer.say(self.stream_id, b"".join(map(frames.message, envelopes)))

    async def pour(self, body: bytes, patience_s: float = ACK_PATIENCE_S) -> int:
        """Send many bytes as the windows allow; see :meth:`Http2Peer.send`.

        Cancellation: a part was sent.
        """
        return await self.peer.send(self.stream_id, body, patience_s)

    async def ending(self) -> Ending:
        """Wait for the end of the stream, or of the connection.

        Cancellation: nothing changes.
        """
        return await self.peer.ending(self._patience_s, self.stream_id)

    async def served(self) -> Ending:
        """Tell whether we still are: a message is acknowledged, or at least Ping is answered; else how it ended.

        Cancellation: a message, or a call, may have been sent.
        """
        return await self.acknowledged() or await self.ping_answered()

    async def acknowledged(self) -> Ending | None:
        """Send a message, and tell whether it is acknowledged, or how the stream ended; None where neither comes soon.

        Cancellation: the message may have been sent.
        """
        self._nonce += 1
        await self.pour(frames.message(data_envelope(b"are you there?", self._nonce)), self._patience_s)
        await self.peer.until(lambda: self._take_acks() or self.peer.is_over(self.stream_id), ACK_PATIENCE_S)
        if self.peer.is_over(self.stream_id):
            return await self.ending()
        return SERVED if self._acked == self._nonce else None

    async def ping_answered(self) -> Ending:
        """Call Ping on the same connection; see :func:`ping_answered`.

        Cancellation: the call is half made.
        """
        return await ping_answered(self.peer, self._patience_s)

    def _take_acks(self) -> bool:
        """Take what came, and tell whether the last message is acknowledged."""
        for signed in map(self._read_or_break_off, self.peer.take_messages(self.stream_id)):
            if signed is not None and signed.kind is MessageKind.ACK:
                self._acked = signed.nonce
        return self._acked == self._nonce

    def _read_or_break_off(self, message: bytes) -> SignedMessage | None:
        try:
            return parse_envelope(message)
        except MalformedMessageError as error:
            self.peer.break_off(f"a message cannot be read: {error}")
            return None


async def ping_answered(peer: Http2Peer, patience_s: float) -> Ending:
    """Call Ping and tell whether it is answered, or how the connection ended.

    Cancellation: the call is half made.
    """
    stream_id = peer.new_stream_id()
    peer.call_ping(stream_id)
    ending = await peer.ending(patience_s, stream_id)
    return SERVED if ending.code == "OK" else ending


def data_envelope(body: bytes, nonce: int = 0) -> bytes:
    """An unsigned data message."""
    content = DataMessage(payload=Payload(data=body))
    return noop_sign(GossipMessage(nonce=nonce, tag=Tag.EMPTY, data_msg=content)).envelope

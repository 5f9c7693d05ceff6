"""The communication layer as its users see it."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol, Self, TypeVar

from gossip.api.options import DialOptions
from gossip.api.peer import ConnectionInfo, RemotePeer
from gossip.api.results import AggregatedSendResults
from gossip.messages import GossipMessage
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.signed import SignedMessage

T_co = TypeVar("T_co", covariant=True)


class Subscription(Protocol[T_co]):
    """An async iterator of events for one reader; ends when it is closed or the communication layer stops.

    A context manager too: leaving it closes it. It keeps nothing that was taken from it; the variable of a loop over it
    does, until the next event comes, so that who receives long messages may want to ``del`` it at the loop's end.
    """

    @abstractmethod
    def __aiter__(self) -> Self: ...

    @abstractmethod
    async def __anext__(self) -> T_co:
        """Wait for the next event.

        Raises:
            StopAsyncIteration: There will be none.
            OutOfOrderError: Another task is waiting for it, or it would have to wait in another event loop; nothing
                changes.

        Cancellation: no event is lost.
        """
        ...

    @abstractmethod
    def close(self) -> None:
        """End the subscription; events not read yet are dropped. May be called again."""
        ...

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(self, *exc_info: object) -> None: ...


class ReceivedMessage(Protocol):
    """A message from an authenticated peer, and the way back to it.

    Mirrors: gossip/protoext/comm.go, ReceivedMessage.
    """

    @abstractmethod
    def get_gossip_message(self) -> SignedMessage:
        """The message, with the exact bytes it came in.

        Mirrors: GetGossipMessage, and GetSourceEnvelope through its ``envelope``.
        """
        ...

    @abstractmethod
    def get_connection_info(self) -> ConnectionInfo:
        """Who sent it. Mirrors: GetConnectionInfo."""
        ...

    @abstractmethod
    async def respond(self, message: GossipMessage) -> None:
        """Send ``message`` back, unsigned, on the connection that the message came by; waits for room.

        Where another connection took that one's place, it goes by the other one.

        Raises:
            OutOfOrderError: Called in another event loop; nothing was sent.
            ClosedError: The peer is not connected any more; nothing was sent.
            InvalidMessageError: The message cannot be encoded; nothing was sent.

        Cancellation: while waiting for room nothing was sent.
        Mirrors: Respond.
        """
        ...

    @abstractmethod
    async def ack(self, error: str | None = None) -> None:
        """Acknowledge the message, or refuse it with a text; goes the way of :meth:`respond`.

        The first time it waits for nothing: a peer that takes no answers holds up nobody but itself. To a message whose
        nonce is 0, which asks for no acknowledgement, it waits for room.

        Raises:
            OutOfOrderError: Called in another event loop; nothing was sent.
            ClosedError: The peer is not connected any more; nothing was sent.
            InvalidMessageError: The text cannot be encoded; nothing was sent.
            InvalidArgumentError: The text is empty, which on the wire acknowledges; nothing was sent.

        Cancellation: while waiting for room nothing was sent.
        Mirrors: Ack.
        """
        ...


MessageAcceptor = Callable[[ReceivedMessage], bool]
"""Decides whether a subscriber wants a message; called on the event loop, must not block. Mirrors: MessageAcceptor."""


class Comm(Protocol):
    """Sends to and receives from other peers over authenticated connections.

    It belongs to the event loop that it was made in, and so do its subscriptions and the messages that they deliver:
    elsewhere, to send, dial, subscribe, answer, close or wait for an event raises OutOfOrderError.
    From another thread, ``loop.call_soon_threadsafe(comm.send, message, peer)`` sends.

    Mirrors: gossip/comm/comm.go, Comm.
    """

    @abstractmethod
    def get_pki_id(self) -> PkiId:
        """Our own PKI-ID. Mirrors: GetPKIid."""
        ...

    @abstractmethod
    def send(self, message: SignedMessage, *peers: RemotePeer) -> None:
        """Hand a message to each peer's send buffer, and return without waiting.

        A peer without a connection is dialled in the background. Where a buffer is full, or a dial fails, the message
        is lost for that peer: counted, and logged once in a while; a failed peer is announced as presumed dead.

        Raises:
            ClosedError: The layer was stopped; nothing was sent.
            OutOfOrderError: Called in another event loop; nothing was sent.
            InvalidArgumentError: ``message`` is no signed message, or a peer is no RemotePeer; nothing was sent.
            UnnamedPeerError: A peer has no PKI-ID; nothing was sent to any.

        Order: messages to one peer arrive in the order of the calls. Where another connection takes the place of the
            one that they went by, as when both sides dialled at once, what was sent before may arrive later.
        Mirrors: Send.
        """
        ...

    @abstractmethod
    async def send_with_ack(
        self, message: SignedMessage, timeout_s: float, min_ack: int, *peers: RemotePeer
    ) -> AggregatedSendResults:
        """Send to each peer and wait for acknowledgements.

        The message that is sent carries a nonce of its own and no signature; the caller's is left alone. No more wait
        for one peer's acknowledgement at once than a send buffer holds; what comes behind them is sent as they end.

        Args:
            message: What to send.
            timeout_s: How long to wait, from the call on.
            min_ack: Return as soon as this many peers acknowledged; 0 waits for every peer.
            peers: To whom.

        Returns:
            One result for each peer that answered, failed or timed out; peers still open when ``min_ack`` was reached
            are left out, but still sent to, as by :meth:`send`. To whom nothing was sent when the time is over,
            nothing is sent any more.

        Raises:
            ClosedError: The layer was stopped before; nothing was sent. Where it is stopped meanwhile, the results of
                peers that had not answered hold one.
            OutOfOrderError: Called in another event loop; nothing was sent.
            InvalidArgumentError: ``timeout_s`` or ``min_ack`` is no number, ``message`` is no signed message, or a peer
                is no RemotePeer; nothing was sent.
            UnnamedPeerError: A peer has no PKI-ID; nothing was sent to any.

        Cancellation: messages may have been sent; their acknowledgements are ignored.
        Mirrors: SendWithAck.
        """
        ...

    @abstractmethod
    async def probe(self, peer: RemotePeer) -> None:
        """Return when a gossip server answers at the endpoint; it proves nothing about who it is.

        Raises:
            TransportError: It does not answer.
            RefusedByPeerError: It answers, with an error: a server without gossip, say.
            ClosedError: The layer was stopped, before or meanwhile.
            OutOfOrderError: Called in another event loop.
            InvalidArgumentError: ``peer`` is no RemotePeer.

        Cancellation: the connection is closed.
        Mirrors: Probe.
        """
        ...

    @abstractmethod
    async def handshake(self, peer: RemotePeer) -> PeerIdentityType:
        """Authenticate the peer and learn whether it accepts us; the connection is closed afterwards.

        Returns:
            The peer's identity, which was verified, and the peer accepted ours.

        Raises:
            HandshakeError: One side refused the other; ``RefusedByPeerError`` holds the peer's own words.
            IdentityError, SignatureError, WireError: What the peer sent was refused by us.
            TransportError: The peer was not reached or fell silent.
            ClosedError: The layer was stopped, before or meanwhile.
            OutOfOrderError: Called in another event loop.
            InvalidArgumentError: ``peer`` is no RemotePeer.
            Exception: Whatever the crypto service raises that is no refusal.

        Cancellation: the connection is closed.
        Mirrors: Handshake.
        """
        ...

    @abstractmethod
    def accept(self, acceptor: MessageAcceptor) -> Subscription[ReceivedMessage]:
        """Receive every message for which ``acceptor`` returns True, from now on.

        A subscriber that does not read holds up the connections whose messages it wants, once its buffer is full.

        Raises:
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.
            InvalidArgumentError: ``acceptor`` is no function, or a coroutine function: it must not wait.

        Mirrors: Accept.
        """
        ...

    @abstractmethod
    def presumed_dead(self) -> Subscription[PkiId]:
        """Hear of peers that are not connected any more, whoever ended it but us, or that could not be reached.

        Not of those that sent what they must not, nor while another dial or connection may still lead to them. Whoever
        reads slowly loses the oldest of more than 100.

        Raises:
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.

        Mirrors: PresumedDead.
        """
        ...

    @abstractmethod
    def identity_switch(self) -> Subscription[PkiId]:
        """Hear of PKI-IDs whose endpoint now answers with another identity of that organisation.

        Whoever reads slowly loses the oldest of more than 100.

        Raises:
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.

        Mirrors: IdentitySwitch.
        """
        ...

    @abstractmethod
    async def close_conn(self, peer: RemotePeer) -> None:
        """Close the connection to this PKI-ID, if there is one.

        Raises:
            InvalidArgumentError: ``peer`` is no RemotePeer; nothing is closed.
            OutOfOrderError: Called in another event loop; nothing is closed.

        Cancellation: the connection is closed all the same.
        Mirrors: CloseConn.
        """
        ...

    @abstractmethod
    async def stop(self) -> None:
        """Close everything; every subscription ends. May be called again.

        Raises:
            OutOfOrderError: Called in another event loop; nothing is stopped.

        Cancellation: connections that were still draining are cut.
        Mirrors: Stop.
        """
        ...

    @abstractmethod
    def set_dial_opts(self, options: DialOptions) -> None:
        """Use other options for connections dialled from now on.

        Raises:
            ConfigurationError: They cannot be used; the old ones stay.

        Mirrors: SetDialOpts.
        """
        ...

"""What the communication layer asks of a transport: dial, ping, streams of whole messages, and whose certificate."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gossip.api.options import DialOptions


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of one connection below the handshake.

    ``remote`` is the other end's address as ``host:port``. The certificates are leaves in DER: the one that the other
    side presented, and our own; None where that side presented none. ``tls_version`` and ``cipher`` are None without
    TLS.
    """

    remote: str
    peer_certificate: bytes | None
    own_certificate: bytes | None
    tls_version: str | None = None
    cipher: str | None = None


@dataclass(frozen=True, slots=True)
class DialTimes:
    """How long the stages of one dial took, in seconds; ``tls_s`` is without TCP's, and next to 0 without TLS."""

    tcp_s: float
    tls_s: float


Taker = Callable[[Sequence[bytes]], int]
"""Takes messages in order as long as it need not wait, and tells how many; it must not raise."""


class FrameStream(Protocol):
    """One GossipStream, from either side, in whole messages. One reader and one writer at a time."""

    @property
    @abstractmethod
    def link(self) -> Link:
        """The connection that carries this stream."""
        ...

    @property
    @abstractmethod
    def max_frame_bytes(self) -> int:
        """The longest message taken from the other side.

        Setting it says that the peer is authenticated: the transport's limits for strangers end with that.
        """
        ...

    @max_frame_bytes.setter
    @abstractmethod
    def max_frame_bytes(self, limit: int) -> None: ...

    @abstractmethod
    async def send(self, frames: Sequence[bytes]) -> None:
        """Hand encoded envelopes to the network, joined into as few writes as it takes.

        Raises:
            StreamBrokenError: The network failed, or the other side ended the stream; the stream is unusable.

        Cancellation: a part may have been sent, so the stream is unusable; abort it.
        Order: frames arrive in the order of the calls.
        """
        ...

    @abstractmethod
    def send_nowait(self, frame: bytes) -> bool:
        """Hand one encoded envelope to the network, if it is short and that takes no waiting; not while a send waits.

        Returns:
            Whether it left; if not, nothing was sent, and :meth:`send` says why where something is wrong.
        """
        ...

    @abstractmethod
    async def receive(self) -> Sequence[bytes]:
        """Wait for at least one message, and return everything that is there.

        Returns:
            Whole messages in the order they were sent; empty when the other side ended the stream and no fault was
            found (status OK).

        Raises:
            FrameTooLargeError: The next message is longer than ``max_frame_bytes``; raise that to go on.
            RefusedByPeerError: The other side, a server, ended the stream with another status than OK.
            StreamBrokenError: The network failed, or a message was cut off in its middle.

        Cancellation: nothing is lost; call again.
        """
        ...

    @property
    @abstractmethod
    def is_receiving(self) -> bool:
        """Whether a message is under way, as far as can be seen here, or has come and was not received yet."""
        ...

    @abstractmethod
    def offer_to(self, taker: Taker) -> None:
        """Offer lone messages that come while :meth:`receive` waits to ``taker``; what it leaves is received as ever.

        That spares a message a round of the event loop. A transport may do without.
        """
        ...

    @abstractmethod
    async def end(self) -> None:
        """Tell the other side that nothing more will be sent; receiving goes on. Only a client ends its half so.

        Raises:
            StreamBrokenError: The network failed.

        Cancellation: the other side may not have been told; abort the stream.
        """
        ...

    @abstractmethod
    def abort(self) -> None:
        """Cut the stream off at once; the other side sees it broken. May be called again."""
        ...


StreamHandler = Callable[[FrameStream], Awaitable[None]]
"""Serves one incoming GossipStream; returning ends it with status OK, a GossipError with UNKNOWN and its text.

A MalformedEnvelopeError ends it with INTERNAL: at other peers gRPC itself decodes envelopes, and says so."""


class Channel(Protocol):
    """One outgoing connection."""

    @property
    @abstractmethod
    def link(self) -> Link:
        """The connection itself."""
        ...

    @property
    @abstractmethod
    def times(self) -> DialTimes:
        """How long it took to come about."""
        ...

    @abstractmethod
    async def ping(self) -> None:
        """Call Ping and return when it is answered.

        Raises:
            RefusedByPeerError: It answered with an error status.
            StreamBrokenError: The connection failed.

        Cancellation: the answer is ignored; the connection stays usable.
        """
        ...

    @abstractmethod
    async def open_stream(self) -> FrameStream:
        """Call GossipStream; does not wait for the other side to say anything.

        Of a connection that was dialled with a greeting, the first stream is the one that began with it.

        Raises:
            StreamBrokenError: The connection failed.

        Cancellation: no stream is left open.
        """
        ...

    @abstractmethod
    async def close(self) -> None:
        """Close in order: what was written still leaves, for as long as a short deadline allows. May be called again.

        Cancellation: the connection is cut.
        """
        ...

    @abstractmethod
    def abort(self) -> None:
        """Cut the connection at once. May be called again."""
        ...


class Dialer(Protocol):
    """Makes outgoing connections."""

    @abstractmethod
    def set_options(self, options: DialOptions) -> None:
        """Dial with these options from now on.

        Raises:
            ConfigurationError: They cannot be used; the old ones stay.
        """
        ...

    @property
    @abstractmethod
    def own_certificate(self) -> bytes | None:
        """The leaf in DER that connections dialled now present; None without TLS."""
        ...

    @abstractmethod
    async def dial(self, endpoint: str, greeting: bytes | None = None) -> Channel:
        """Connect to ``host:port`` within the options' ``dial_timeout_s``.

        Args:
            endpoint: Where to.
            greeting: An encoded envelope, with which the first stream begins as soon as the connection can carry it:
                nobody waits for a round trip before it.

        Raises:
            DialError: No connection came about; its stage and text say where it failed and why.

        Cancellation: nothing is left behind.
        """
        ...


class Listener(Protocol):
    """Takes incoming connections for one handler."""

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """The address that it listens on, ``host:port``, with the real port."""
        ...

    @abstractmethod
    def stop_accepting(self) -> None:
        """Free the address and take no more streams; those that are open go on. May be called again."""
        ...

    @abstractmethod
    async def close(self) -> None:
        """Stop accepting, give known peers a second to close, and cut what is open then. May be called again.

        Cancellation: everything is cut.
        """
        ...

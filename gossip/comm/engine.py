"""The communication layer: puts its parts together behind Fabric's interface."""

from typing import Self

from gossip.api.comm import MessageAcceptor, ReceivedMessage, Subscription
from gossip.api.options import DialOptions
from gossip.api.peer import RemotePeer
from gossip.api.results import AggregatedSendResults
from gossip.checks import check_argument, check_function, check_kind
from gossip.comm.ackbook import AckBook
from gossip.comm.config import CommConfig
from gossip.comm.connections.acceptor import Acceptor
from gossip.comm.connections.connector import Connector
from gossip.comm.connections.dials import Dials
from gossip.comm.connections.live_connections import LiveConnections
from gossip.comm.connections.reception import Reception
from gossip.comm.connections.store import ConnectionStore
from gossip.comm.guarded_metrics import guarded
from gossip.comm.handshake.attempts import Attempts
from gossip.comm.handshake.initiator import Accepted, Initiator
from gossip.comm.handshake.outcome import outcome_of
from gossip.comm.handshake.trust import Trust
from gossip.comm.observer import GuardedObserver, Observer
from gossip.comm.own_loop import OwnLoop
from gossip.comm.sending.overflow import Overflow
from gossip.comm.sending.sending import Sending, check_peer
from gossip.comm.stages import Stages
from gossip.comm.subscriptions.demux import Demux
from gossip.comm.subscriptions.notices import Notices
from gossip.errors import ClosedError, GossipError
from gossip.metrics import Metrics, Outcome
from gossip.transport.base import Dialer, FrameStream, Link
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.signed import SignedMessage


class CommEngine:
    """Implements :class:`gossip.api.comm.Comm`. Made inside a running event loop; ``async with`` stops it.

    A listener is not part of it: hand :meth:`serve_stream` to one as its handler.

    Raises:
        ConfigurationError: ``config``, ``metrics`` or ``observer`` is of another kind; it is named.
        OutOfOrderError: No event loop is running.

    Mirrors: gossip/comm/comm_impl.go, commImpl.
    """

    def __init__(
        self,
        dialer: Dialer,
        trust: Trust,
        config: CommConfig | None = None,
        metrics: Metrics | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Start without connections.

        Args:
            dialer: Makes outgoing connections.
            trust: Who we are, and what judges others.
            config: Time-outs and buffers.
            metrics: Takes figures.
            observer: Called for connections and handshakes.
        """
        self.own_loop = OwnLoop()
        config, metrics, observer = config or CommConfig(), guarded(metrics), GuardedObserver(observer or Observer())
        check_kind("config", config, CommConfig)
        self._trust = trust
        self._config = config
        self._metrics = metrics
        self._deaths = Notices("presumed_dead")
        self._switches = Notices("identity_switch")
        self._demux = Demux(config.subscription_buffer, config.subscription_buffer_bytes)
        self._overflow = Overflow(metrics)
        self._initiator = Initiator(dialer, trust, config)
        self._attempts = Attempts()
        acks = AckBook()
        dials = Dials(config.send_buffer)
        self._store = ConnectionStore(trust.pki_id, config.linger_s)
        self._connections = LiveConnections(
            store=self._store,
            dials=dials,
            receiver=Reception(acks, self._demux, self._store.find, metrics),
            acks=acks,
            deaths=self._deaths,
            linger_s=config.linger_s,
            metrics=metrics,
            observer=observer,
        )
        self._acceptor = Acceptor(trust, self._connections, config, metrics, observer)
        self._connector = Connector(
            self._initiator, dials, self._connections, self._deaths, self._switches, config, metrics
        )
        self._sending = Sending(self._store, dials, self._connector, acks, self._overflow)
        self._is_stopped = False

    def __repr__(self) -> str:
        return f"<CommEngine {self.get_pki_id().hex()}, {len(self._store)} connections>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def serve_stream(self, stream: FrameStream) -> None:
        """Serve one incoming stream; implements :data:`gossip.transport.base.StreamHandler`.

        Raises:
            GossipError: The peer was refused, or its connection broke.

        Cancellation: the connection is closed.
        """
        self._check_running()
        await self._acceptor.serve(stream)

    def get_pki_id(self) -> PkiId:
        """Our own PKI-ID."""
        return self._trust.pki_id

    def send(self, message: SignedMessage, *peers: RemotePeer) -> None:
        """Hand a message to each peer's send buffer, and return without waiting.

        Raises:
            ClosedError: The layer was stopped; nothing was sent.
            OutOfOrderError: Called in another event loop; nothing was sent.
            InvalidArgumentError: ``message`` is no signed message, or a peer is no RemotePeer; nothing was sent.
            UnnamedPeerError: A peer has no PKI-ID; nothing was sent to any.
        """
        self._check_running()
        self._sending.send(message, peers)

    async def flush(self, *peers: RemotePeer) -> None:
        """Wait until the send buffers are empty: what was sent left, or was lost with its connection.

        :meth:`send` drops what finds a full buffer, so send fast in batches of at most ``send_buffer`` messages, and
        wait here after each.

        There is no time-out: a dial has its own, and over gRPC a peer that takes less than 256 KiB in 30 s is cut off.
        Who sends to them meanwhile prolongs it.

        Args:
            peers: Whose; without any, everybody's.

        Raises:
            InvalidArgumentError: A peer is no RemotePeer.
            UnnamedPeerError: A peer has no PKI-ID.
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.

        Cancellation: nothing changes.
        """
        self._check_running()
        await self._sending.flush(peers)

    async def send_with_ack(
        self, message: SignedMessage, timeout_s: float, min_ack: int, *peers: RemotePeer
    ) -> AggregatedSendResults:
        """Send to each peer and wait for acknowledgements; a peer that is named twice counts once.

        Raises:
            InvalidArgumentError: ``timeout_s`` or ``min_ack`` is no number, ``message`` is no signed message, or a peer
                is no RemotePeer; nothing was sent.
            ClosedError: The layer was stopped; nothing was sent.
            OutOfOrderError: Called in another event loop; nothing was sent.
            UnnamedPeerError: A peer has no PKI-ID; nothing was sent to any.

        Cancellation: messages may have been sent; their acknowledgements are ignored.
        """
        self._check_running()
        sending = self._sending.send_with_ack(message, timeout_s, min_ack, peers)
        del message  # which is let go of as soon as it has left
        return await sending

    async def probe(self, peer: RemotePeer) -> None:
        """Return when a gossip server answers at the endpoint.

        Raises:
            TransportError: It does not answer.
            RefusedByPeerError: It answers, with an error.
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.
            InvalidArgumentError: ``peer`` is no RemotePeer.

        Cancellation: the connection is cut.
        """
        await self.reach(peer, Stages())

    async def reach(self, peer: RemotePeer, stages: Stages) -> Link:
        """Do what :meth:`probe` does, and fill in ``stages`` on the way.

        Returns:
            The connection as it was; it is closed.

        Raises:
            TransportError: It does not answer; ``stages.current`` is where it stopped.
            RefusedByPeerError: It answers, with an error.
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.
            InvalidArgumentError: ``peer`` is no RemotePeer, or ``stages`` no Stages.

        Cancellation: the connection is cut.
        """
        self._check_running()
        check_peer(peer)
        check_argument("stages", stages, Stages)
        async with self._attempts.attempt():
            return await self._initiator.probe(peer.endpoint, stages)

    async def handshake(self, peer: RemotePeer) -> PeerIdentityType:
        """Authenticate the peer and learn whether it accepts us.

        Raises:
            GossipError: As :meth:`gossip.api.comm.Comm.handshake` says.

        Cancellation: the connection is cut.
        """
        return (await self.introduce(peer, Stages())).info.identity

    async def introduce(self, peer: RemotePeer, stages: Stages) -> Accepted:
        """Do what :meth:`handshake` does, and fill in ``stages`` on the way.

        Returns:
            Who the peer is, and the connection as it was; it is closed.

        Raises:
            GossipError: As :meth:`gossip.api.comm.Comm.handshake` says; ``stages.current`` is where it stopped.
            InvalidArgumentError: ``stages`` is no Stages.

        Cancellation: the connection is cut.
        """
        self._check_running()
        check_peer(peer)
        check_argument("stages", stages, Stages)
        try:
            async with self._attempts.attempt():
                accepted = await self._initiator.handshake(peer, stages)
        except GossipError as error:
            self._metrics.handshake(outcome_of(error), initiator=True)
            raise
        self._metrics.handshake(Outcome.PROBED, initiator=True)
        return accepted

    def accept(self, acceptor: MessageAcceptor) -> Subscription[ReceivedMessage]:
        """Receive every message for which ``acceptor`` returns True, from now on.

        Raises:
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.
            InvalidArgumentError: ``acceptor`` is no function, or a coroutine function: it must not wait.
        """
        self._check_running()
        check_function("acceptor", acceptor)
        return self._demux.subscribe(acceptor)

    def presumed_dead(self) -> Subscription[PkiId]:
        """Hear of peers whose connection failed, or that could not be reached.

        Raises:
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.
        """
        self._check_running()
        return self._deaths.subscribe()

    def identity_switch(self) -> Subscription[PkiId]:
        """Hear of PKI-IDs whose endpoint now answers with another identity of that organisation.

        Raises:
            ClosedError: The layer was stopped.
            OutOfOrderError: Called in another event loop.
        """
        self._check_running()
        return self._switches.subscribe()

    async def close_conn(self, peer: RemotePeer) -> None:
        """Close the connection to this PKI-ID, if there is one.

        Raises:
            InvalidArgumentError: ``peer`` is no RemotePeer.
            OutOfOrderError: Called in another event loop; nothing is closed.

        Cancellation: the connection is closed all the same.
        """
        check_peer(peer)
        self.own_loop.check()
        if peer.pki_id:
            await self._connections.close(peer.pki_id)

    def close_conn_nowait(self, pki_id: PkiId) -> None:
        """Do what :meth:`close_conn` does, and do not wait until it is done.

        Raises:
            InvalidArgumentError: ``pki_id`` is not bytes; nothing is closed.
            OutOfOrderError: Called in another event loop; nothing is closed.
        """
        check_argument("pki_id", pki_id, bytes)
        self.own_loop.check()
        self._connections.close_nowait(pki_id)

    def is_connected(self, pki_id: PkiId) -> bool:
        """Whether there is a connection with this PKI-ID.

        Raises:
            InvalidArgumentError: It is not bytes, such as a PKI-ID in hex.
        """
        check_argument("pki_id", pki_id, bytes)
        return self._connections.is_connected(pki_id)

    async def stop(self) -> None:
        """Let queued messages leave for a while, close everything, and end every subscription. May be called again.

        Messages that wait for a dial count as queued; what has not left when the time is over is lost, and said.

        Raises:
            OutOfOrderError: Called in another event loop; nothing is stopped.

        Cancellation: connections that were still draining are cut.
        """
        self.own_loop.check()
        self._is_stopped = True
        ends_at_s = self.own_loop.loop.time() + self._config.drain_s
        try:
            await self._attempts.end()
            await self._connector.finish(ends_at_s)
            await self._connections.stop(ends_at_s)
        finally:
            self._connections.close_all()
            self._demux.end()
            self._deaths.end()
            self._switches.end()
            try:
                await self._sending.close()
            finally:
                await self._connector.close()

    @property
    def dial_options(self) -> DialOptions:
        """What :meth:`set_dial_opts` was last told."""
        return self._initiator.options

    def set_dial_opts(self, options: DialOptions) -> None:
        """Use other options for connections dialled from now on.

        Raises:
            ConfigurationError: They cannot be used; the old ones stay.
        """
        check_kind("options", options, DialOptions)
        self._initiator.set_options(options)

    def set_identity(self, identity: PeerIdentityType) -> None:
        """Introduce ourselves with another identity from now on; :meth:`gossip.Node.set_identity` tells the mapper too.

        The crypto service must sign with its key already.

        Raises:
            IdentityError: The crypto service cannot read it; the old one stays.
            InvalidArgumentError: It is not bytes; the old one stays.
        """
        self._trust.set_identity(identity)
        self._store.own_pki_id = self._trust.pki_id

    def queued(self) -> int:
        """How many messages wait in the send buffers of all connections; those that wait for a dial are not counted."""
        return sum(connection.queued for connection in self._store)

    def dropped(self, peer: RemotePeer) -> int:
        """How many messages this peer lost because its send buffer was full; 0 for a peer without PKI-ID.

        Raises:
            InvalidArgumentError: ``peer`` is no RemotePeer.
        """
        check_peer(peer)
        return self._overflow.dropped(peer.pki_id) if peer.pki_id else 0

    def _check_running(self) -> None:
        if self._is_stopped:
            raise ClosedError("shutting down")
        self.own_loop.check()

"""A communication layer, whom it knows, and its listener, opened and closed together."""

import logging
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self

from gossip.api.crypto import MessageCryptoService
from gossip.api.options import DialOptions, TlsFiles
from gossip.api.security import SecurityAdvisor
from gossip.checks import check_kind
from gossip.clock import Clock, SystemClock
from gossip.comm.config import CommConfig
from gossip.comm.engine import CommEngine
from gossip.comm.guarded_metrics import guarded
from gossip.comm.handshake.trust import Trust
from gossip.comm.observer import Observer
from gossip.errors import ConfigurationError, OutOfOrderError
from gossip.identity.entry import PurgeReason
from gossip.identity.mapper import IdentityMapper
from gossip.metrics import Metrics
from gossip.throttle import LINES_AT_ONCE, Throttle
from gossip.transport.grpc import server as grpc_server
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import GrpcListener
from gossip.transport.limits import ServerLimits
from gossip.types import PeerIdentityType, PkiId

logger = logging.getLogger("peer.gossip")


class Node:
    """Talks to peers whose identities ``crypto`` and ``advisor`` judge; ``async with`` opens it, and stops it.

    :func:`gossip.open_peer` opens one whose identities are those of Fabric's MSPs.

    Attributes:
        comm: Sends and receives.
        identities: Who is known.

    Args:
        identity: Our own identity, with whose key ``crypto`` signs.
        crypto: Judges identities and signatures.
        advisor: Tells whose organisation an identity is of.
        tls: Our TLS certificate and whom we trust; None speaks without TLS, where no identity is bound to a
            connection.
        listen: ``host:port`` to serve at, port 0 for a free one; None only dials.
        require_client_certificate: Refuse peers without a TLS client certificate in TLS itself, rather than in the
            handshake; needs ``tls``.
        usage_threshold_s: How long an identity stays that nobody uses; to be connected is use.
        max_identities: How many identities are kept at most.
        config: Time-outs and buffers.
        dial: Options for outgoing connections; where its ``tls`` is None, ours is used.
        limits: What the listener grants to strangers.
        metrics: Takes figures.
        observer: Called for connections and handshakes.
        clock: What identities expire by.

    Raises:
        IdentityError: ``crypto`` cannot read our own identity, or holds it for invalid.
        InvalidArgumentError: ``identity`` is not bytes.
        ConfigurationError: A TLS file or another argument cannot be used; it is named.
        OutOfOrderError: No event loop is running.

    Mirrors: gossip/comm/comm_impl.go, NewCommInstance.
    """

    comm: CommEngine
    identities: IdentityMapper

    def __init__(
        self,
        identity: PeerIdentityType,
        crypto: MessageCryptoService,
        advisor: SecurityAdvisor,
        *,
        tls: TlsFiles | None = None,
        listen: str | None = None,
        require_client_certificate: bool = False,
        usage_threshold_s: float = 3600.0,
        max_identities: int = 10_000,
        config: CommConfig | None = None,
        dial: DialOptions | None = None,
        limits: ServerLimits | None = None,
        metrics: Metrics | None = None,
        observer: Observer | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Put the parts together, inside a running event loop; see above."""
        _check_listening(listen, tls, limits, require_client_certificate)
        _check_speaking(config, dial, observer)
        clock, dial = clock or SystemClock(), dial or DialOptions()
        self.identities = IdentityMapper(
            identity,
            crypto,
            advisor,
            clock=clock,
            usage_threshold_s=usage_threshold_s,
            max_identities=max_identities,
            on_purge=self._purged,
            is_in_use=self._is_connected,
        )
        self._dialer = GrpcDialer(DialOptions())
        trust = Trust(identity, crypto, advisor, self.identities, clock)
        self.comm = CommEngine(self._dialer, trust, config, metrics, observer)
        self.comm.set_dial_opts(dial if dial.tls is not None else replace(dial, tls=tls))
        self._listen_at = listen
        self._serve = partial(
            grpc_server.listen,
            handler=self.comm.serve_stream,
            tls=tls,
            limits=limits,
            require_client_certificate=require_client_certificate,
            on_cut=guarded(metrics).connection_cut,
        )
        self._listener: GrpcListener | None = None
        self._is_open = self._is_stopped = False
        self._forgotten = Throttle(most=LINES_AT_ONCE)
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Watch over identities, and listen if the settings say so.

        Raises:
            ConfigurationError: The address cannot be listened on; the node is stopped.
            OutOfOrderError: It is open, or was stopped, or this is another event loop than it was made in; nothing
                changes.

        Cancellation: the node is stopped.
        """
        self._check_may_open()
        self._is_open = True
        async with AsyncExitStack() as opened:
            await opened.enter_async_context(self.identities)
            opened.push_async_callback(self.stop)
            await self.listen()
            self._running = opened.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._running.aclose()

    def __repr__(self) -> str:
        listening = self._listener.endpoint if self._listener is not None else "not listening"
        where = "stopped" if self._is_stopped else listening
        return f"<{type(self).__name__} {where}, {self.comm.get_pki_id().hex()}>"

    @property
    def endpoint(self) -> str:
        """The address that we listen on, ``host:port``, with the real port.

        Raises:
            OutOfOrderError: The settings say not to listen.
        """
        if self._listener is None:
            raise OutOfOrderError("this peer does not listen")
        return self._listener.endpoint

    async def listen(self) -> None:
        """Begin to serve other peers, if the settings say so; ``async with`` has done it.

        Raises:
            ConfigurationError: The address cannot be listened on.
            OutOfOrderError: This peer listens, or was stopped, or this is another event loop than it was made in.

        Cancellation: nothing is left open.
        """
        self.comm.own_loop.check()
        self._check_may_listen()
        if self._listen_at is not None:
            listener = await self._serve(self._listen_at)
            try:
                self._check_may_listen()
            except OutOfOrderError:
                await listener.close()
                raise
            self._listener = listener

    def set_identity(self, identity: PeerIdentityType) -> None:
        """Be another identity from now on, as after a renewal; ``crypto`` must sign with its key already.

        Connections that stand stay, and their other ends know us by the former identity as long as they do. A
        :class:`gossip.Peer` has :meth:`gossip.Peer.reload` for it, which reads the new one from its files.

        Raises:
            IdentityError: ``crypto`` cannot read it, or it is not valid or has ended; the former one stays.
            InvalidArgumentError: It is not bytes; the former one stays.
            OutOfOrderError: Called in another event loop; the former one stays.
        """
        self.comm.own_loop.check()
        self.identities.set_identity(identity)
        self.comm.set_identity(identity)

    async def stop(self) -> None:
        """Stop listening, sending and receiving, in that order; nothing is left open. May be called again.

        Raises:
            OutOfOrderError: Called in another event loop; nothing is stopped.

        Cancellation: what was still draining is cut.
        """
        self.comm.own_loop.check()
        self._is_stopped = True
        if self._listener is not None:
            self._listener.stop_accepting()
        try:
            await self.comm.stop()
        finally:
            if self._listener is not None:
                await self._listener.close()

    def _check_may_open(self) -> None:
        self.comm.own_loop.check()
        if self._is_open and not self._is_stopped:
            raise OutOfOrderError("this peer is open already")
        self._check_may_listen()

    def _check_may_listen(self) -> None:
        if self._is_stopped or self._listener is not None:
            raise OutOfOrderError(
                "this peer was stopped" if self._is_stopped else f"this peer listens at {self.endpoint}"
            )

    def _is_connected(self, pki_id: PkiId) -> bool:
        return self.comm.is_connected(pki_id)

    def _purged(self, pki_id: PkiId, _identity: PeerIdentityType, reason: PurgeReason) -> None:
        text = "Forgot the identity %s: %s"
        self._forgotten.log(logger, logging.INFO, pki_id, time.monotonic(), text, pki_id.hex(), reason.value)
        self.comm.own_loop.run(partial(self.comm.close_conn_nowait, pki_id))


def _check_speaking(config: CommConfig | None, dial: DialOptions | None, observer: Observer | None) -> None:
    check_kind("config", config, CommConfig, may_be_none=True)
    check_kind("dial", dial, DialOptions, may_be_none=True)
    check_kind("observer", observer, Observer, may_be_none=True)


def _check_listening(
    listen: str | None, tls: TlsFiles | None, limits: ServerLimits | None, require_client_certificate: bool
) -> None:
    check_kind("listen", listen, str, may_be_none=True)
    check_kind("tls", tls, TlsFiles, may_be_none=True)
    check_kind("limits", limits, ServerLimits, may_be_none=True)
    check_kind("require_client_certificate", require_client_certificate, bool)
    if require_client_certificate and tls is None:
        raise ConfigurationError("require_client_certificate needs tls: without TLS nobody shows a certificate")

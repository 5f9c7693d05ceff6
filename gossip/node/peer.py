"""One whole peer: identities, communication layer and listener, opened and closed together."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from gossip.api.options import DialOptions
from gossip.clock import Clock, SystemClock
from gossip.comm.engine import CommEngine
from gossip.comm.guarded_metrics import guarded
from gossip.comm.observer import Observer
from gossip.comm.trust import Trust
from gossip.errors import ConfigurationError, IdentityError, OutOfOrderError
from gossip.identity.entry import PurgeReason
from gossip.identity.mapper import IdentityMapper
from gossip.metrics import Metrics
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService, MspSecurityAdvisor
from gossip.node.certificate_end import find_tls_end
from gossip.node.key_files import warn_of_open_keys
from gossip.node.organizations import Organizations, check_none_half_written, load_organizations
from gossip.node.settings import PeerSettings
from gossip.throttle import LINES_AT_ONCE, Throttle
from gossip.transport import grpc_server
from gossip.transport.grpc_client import GrpcDialer
from gossip.transport.grpc_server import GrpcListener
from gossip.transport.tls import client_side
from gossip.types import PeerIdentityType, PkiId

logger = logging.getLogger("peer.gossip")


@asynccontextmanager
async def open_peer(
    settings: PeerSettings,
    *,
    metrics: Metrics | None = None,
    observer: Observer | None = None,
    clock: Clock | None = None,
) -> AsyncIterator["Peer"]:
    """Open a peer, and stop it at the end of the block.

    Args:
        settings: Who it is, whom it trusts, where it listens.
        metrics: Takes figures.
        observer: Told of connections and handshakes.
        clock: What identities expire by.

    Raises:
        ConfigurationError: A file, folder or address cannot be used; it is named, and nothing is left open.

    Cancellation: nothing is left open.
    """
    peer = Peer(settings, metrics, observer, clock or SystemClock())
    async with peer.identities:
        try:
            await peer.listen()
            yield peer
        finally:
            await peer.stop()


class Peer:
    """A peer that :func:`open_peer` opened.

    Attributes:
        comm: Sends and receives.
        identities: Who is known.
    """

    def __init__(
        self, settings: PeerSettings, metrics: Metrics | None, observer: Observer | None, clock: Clock
    ) -> None:
        """Read every file and put the parts together."""
        self._settings = settings
        organizations = load_organizations(settings)
        registry = MspRegistry(organizations.local, organizations.channels)
        advisor = MspSecurityAdvisor(registry)
        self._crypto = MspCryptoService(registry, organizations.signing_identity)
        try:
            self.identities = IdentityMapper(
                self._crypto.identity,
                self._crypto,
                advisor,
                clock=clock,
                usage_threshold_s=settings.usage_threshold_s,
                max_identities=settings.max_identities,
                on_purge=self._purged,
                is_in_use=self._is_connected,
            )
        except IdentityError as error:
            raise self._unusable(error) from error
        trust = Trust(self._crypto.identity, self._crypto, advisor, self.identities, clock)
        self.comm = CommEngine(GrpcDialer(DialOptions()), trust, settings.comm, metrics, observer)
        self.comm.set_dial_opts(self._dial_options())
        warn_of_open_keys(settings)
        self._organizations = organizations
        self._tls_ends_at = find_tls_end(settings.tls)
        self._metrics = guarded(metrics)
        self._listener: GrpcListener | None = None
        self._is_stopped = False
        self._forgotten = Throttle(most=LINES_AT_ONCE)

    @property
    def identity(self) -> PeerIdentityType:
        """Our own identity, as other peers see it."""
        return self._crypto.identity

    @property
    def endpoint(self) -> str:
        """The address that we listen on, ``host:port``, with the real port.

        Raises:
            OutOfOrderError: The settings say not to listen.
        """
        if self._listener is None:
            raise OutOfOrderError("this peer does not listen")
        return self._listener.endpoint

    def certificate_ends(self) -> dict[str, datetime]:
        """When our own certificates end: of the ``identity``, and of ``tls`` where there is one."""
        ends = {"identity": self._organizations.signing_identity.not_after_at}
        return ends if self._tls_ends_at is None else ends | {"tls": self._tls_ends_at}

    async def listen(self) -> None:
        """Begin to serve other peers, if the settings say so; :func:`open_peer` has done it.

        Raises:
            ConfigurationError: The address cannot be listened on.
            OutOfOrderError: This peer listens, or was stopped.

        Cancellation: nothing is left open.
        """
        if self._is_stopped or self._listener is not None:
            raise OutOfOrderError(
                "this peer was stopped" if self._is_stopped else f"this peer listens at {self.endpoint}"
            )
        if self._settings.listen is not None:
            self._listener = await grpc_server.listen(
                self._settings.listen,
                self.comm.serve_stream,
                tls=self._settings.tls,
                limits=self._settings.limits,
                require_client_certificate=self._settings.require_client_certificate,
                on_cut=self._metrics.connection_cut,
            )

    async def stop(self) -> None:
        """Stop sending, receiving and listening; nothing is left open. May be called again.

        Cancellation: what was still draining is cut.
        """
        self._is_stopped = True
        try:
            await self.comm.stop()
        finally:
            if self._listener is not None:
                await self._listener.close(0)

    def reload(self) -> None:
        """Take up what has changed in the files of the settings.

        New connections use the new certificates; identities that no longer hold are purged, and their connections
        closed.

        Raises:
            ConfigurationError: A file cannot be used; it is named, and everything stays as it was.
        """
        organizations = load_organizations(self._settings)
        check_none_half_written(self._organizations, organizations)
        self._check_tls_files()
        self._judge_by(organizations)
        try:
            self.identities.set_identity(self._crypto.identity)
        except IdentityError as error:
            self._judge_by(self._organizations)
            raise self._unusable(error) from error
        self._organizations = organizations
        self.comm.set_identity(self._crypto.identity)
        self.comm.set_dial_opts(self.comm.dial_options)
        if self._listener is not None and self._settings.tls is not None:
            self._listener.reload_tls(self._settings.tls)
        self._tls_ends_at = find_tls_end(self._settings.tls)
        self.identities.suspect_peers(lambda _: True)
        warn_of_open_keys(self._settings)
        logger.info("Reloaded the MSPs of %d organisations", 1 + len(self._settings.organizations))

    def _check_tls_files(self) -> None:
        """Raise ConfigurationError for TLS files that cannot be used, before anything else has changed."""
        for files in (self._settings.tls, self._settings.dial.tls, self.comm.dial_options.tls):
            if files is not None:
                client_side(files)

    def _judge_by(self, organizations: Organizations) -> None:
        self._crypto.replace(organizations.local, organizations.channels, organizations.signing_identity)

    def _unusable(self, error: IdentityError) -> ConfigurationError:
        return ConfigurationError(f"our own identity cannot be used: {error}", path=str(self._settings.msp_dir))

    def _dial_options(self) -> DialOptions:
        options = self._settings.dial
        return options if options.tls is not None else replace(options, tls=self._settings.tls)

    def _is_connected(self, pki_id: PkiId) -> bool:
        return self.comm.is_connected(pki_id)

    def _purged(self, pki_id: PkiId, _identity: PeerIdentityType, reason: PurgeReason) -> None:
        if self._forgotten.admit(pki_id, time.monotonic()) is not None:
            logger.info("Forgot the identity %s: %s", pki_id.hex(), reason.value)
        self.comm.close_conn_nowait(pki_id)

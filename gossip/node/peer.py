"""A peer whose identities, and those that it trusts, are in Fabric's MSP folders."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from gossip.api.options import TlsFiles
from gossip.checks import check_argument
from gossip.clock import Clock, SystemClock
from gossip.comm.observer import Observer
from gossip.errors import ConfigurationError, IdentityError, IdentityExpiredError
from gossip.metrics import Metrics
from gossip.msp.registry import MspRegistry
from gossip.msp.rule_source import find_rule_source
from gossip.msp.service import MspCryptoService, MspSecurityAdvisor
from gossip.node.certificate_ends import find_tls_ends, warn_of_ends
from gossip.node.key_files import warn_of_open_keys
from gossip.node.node import Node
from gossip.node.organizations import Organizations, check_none_half_written, load_organizations
from gossip.node.settings import PeerSettings
from gossip.paths import is_fifo
from gossip.transport.tls.contexts import TlsSide, client_side, server_side
from gossip.types import PeerIdentityType

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
        observer: Called for connections and handshakes.
        clock: What identities expire by.

    Raises:
        ConfigurationError: A file, folder, address or argument cannot be used; it is named, and nothing is left open.
        InvalidArgumentError: ``settings`` are no PeerSettings; nothing is left open.

    Cancellation: nothing is left open.
    """
    async with Peer(settings, metrics, observer, clock) as peer:
        yield peer


class Peer(Node):
    """A peer of Fabric's MSPs, which :func:`open_peer` opened.

    Attributes:
        comm: Sends and receives.
        identities: Who is known.
    """

    def __init__(
        self, settings: PeerSettings, metrics: Metrics | None, observer: Observer | None, clock: Clock | None
    ) -> None:
        """Read every file and put the parts together.

        Raises:
            ConfigurationError, InvalidArgumentError: As :func:`open_peer` lists them.
        """
        check_argument("settings", settings, PeerSettings)
        self._settings = settings
        self._organizations = load_organizations(settings)
        registry = MspRegistry(self._organizations.local, self._organizations.channels)
        self._crypto = MspCryptoService(registry, self._organizations.signing_identity)
        try:
            super().__init__(
                self._crypto.identity,
                self._crypto,
                MspSecurityAdvisor(registry),
                tls=settings.tls,
                listen=settings.listen,
                require_client_certificate=settings.require_client_certificate,
                usage_threshold_s=settings.usage_threshold_s,
                max_identities=settings.max_identities,
                config=settings.comm,
                dial=settings.dial,
                limits=settings.limits,
                metrics=metrics,
                observer=observer,
                clock=clock,
            )
        except IdentityError as error:
            raise self._unusable(error) from error
        warn_of_open_keys(settings)
        self._clock = clock or SystemClock()
        self._tls_ends = find_tls_ends(settings)
        warn_of_ends(self.certificate_ends(), self._clock.now())

    @property
    def identity(self) -> PeerIdentityType:
        """Our own identity, as other peers see it."""
        return self._crypto.identity

    def certificate_ends(self) -> dict[str, datetime]:
        """When our own certificates end: ``identity``, ``tls``, and ``client_tls`` where there is one for dialling."""
        return {"identity": self._organizations.signing_identity.not_after_at} | self._tls_ends

    async def listen(self) -> None:
        """As any node does; an address that cannot be listened on is named with whoever set it.

        Raises:
            ConfigurationError, OutOfOrderError: As :meth:`gossip.node.node.Node.listen` lists them.

        Cancellation: nothing is left open.
        """
        try:
            await super().listen()
        except ConfigurationError as error:
            source = self._settings.sources.get("peer.listenAddress")
            if source is None or error.path is not None:
                raise
            raise ConfigurationError(str(error), path=source) from error

    async def reload(self) -> None:
        """Take up what has changed in the files of the settings.

        New connections use the new certificates; identities that no longer hold are purged, and their connections
        closed. That takes half a millisecond for each, between which everybody else is served.

        Raises:
            ConfigurationError: A file cannot be used; it is named, and everything stays as it was.
            OutOfOrderError: Called in another event loop; everything stays as it was.

        Cancellation: everything was taken up, but identities that were not judged anew yet stay.
        """
        self.comm.own_loop.check()
        organizations = load_organizations(self._settings)
        check_none_half_written(self._organizations, organizations)
        listening, dialling = self._read_tls_files()
        self._take_up(organizations)
        if self._listener is not None and listening is not None:
            self._listener.use_tls(listening)
        if dialling is not None:
            self._dialer.use_tls(dialling)
        self._tls_ends = find_tls_ends(self._settings)
        await self.identities.judge_again()
        warn_of_open_keys(self._settings)
        warn_of_ends(self.certificate_ends(), self._clock.now())
        logger.info("Reloaded the MSPs of %d organisations", 1 + len(self._settings.organizations))

    def _read_tls_files(self) -> tuple[TlsSide | None, TlsSide | None]:
        """What the listener and the dialler are to use from now on; ConfigurationError where a file cannot be used."""
        served = self._settings.tls if self._listener is not None else None
        dialled = self._dialer.tls_files
        for files in (served, dialled):
            if files is not None:
                _check_can_be_read_again(files)
        required = self._settings.require_client_certificate
        listening = None if served is None else server_side(served, require_client_certificate=required)
        return listening, None if dialled is None else client_side(dialled)

    def _take_up(self, organizations: Organizations) -> None:
        """Judge, and be somebody, by other MSPs; by the former ones where our own identity cannot be used."""
        former = self._crypto.identity
        self._judge_by(organizations)
        try:
            self.set_identity(self._crypto.identity)
        except IdentityError as error:
            if not isinstance(error, IdentityExpiredError) or self._crypto.identity != former:
                self._judge_by(self._organizations)
                raise self._unusable(error) from error
            # It ended before these files: they may revoke others all the same, and the end is warned of below.
        self._organizations = organizations

    def _judge_by(self, organizations: Organizations) -> None:
        self._crypto.replace(organizations.local, organizations.channels, organizations.signing_identity)

    def _unusable(self, error: IdentityError) -> ConfigurationError:
        source = find_rule_source(error) or str(self._settings.msp_dir)
        return ConfigurationError(f"our own identity cannot be used: {error}", path=source)


def _check_can_be_read_again(files: TlsFiles) -> None:
    """Raise ConfigurationError for a pipe, whose other end may be gone: to wait for it would hold up everything."""
    for root in files.roots:
        try:
            is_pipe = is_fifo(root)
        except OSError:
            continue  # who reads it will say so
        if is_pipe:
            raise ConfigurationError("is a pipe, which can be read only once", path=str(root))

"""What a core.yaml says of one peer, typed, and the settings that follow from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeVar

from gossip.api.options import DialOptions, TlsFiles
from gossip.checks import check_kind, check_path
from gossip.comm.config import CommConfig
from gossip.errors import ConfigurationError
from gossip.node.core_gaps import Gap
from gossip.node.setting_layers import DEFAULT, InForce
from gossip.node.settings import PeerSettings
from gossip.paths import is_dir

T = TypeVar("T")

TLS_CA_FOLDERS = ("tlscacerts", "tlsintermediatecerts")


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """Fabric's settings as far as gossip's communication reads them, defaults filled in and paths made whole.

    Attributes:
        mspid, msp_dir: ``peer.localMspId``, ``peer.mspConfigPath``; None where nobody says.
        address, listen_address: ``peer.address``, ``peer.listenAddress``.
        tls_enabled, client_auth_required: ``peer.tls.enabled``, ``peer.tls.clientAuthRequired``.
        tls_cert, tls_key: ``peer.tls.cert.file``, ``peer.tls.key.file``.
        tls_client_cert, tls_client_key: ``peer.tls.clientCert.file``, ``peer.tls.clientKey.file``: what is presented
            where we dial; without them the two above.
        tls_roots: ``peer.tls.rootcert.file`` and ``peer.tls.clientRootCAs.files``.
        bootstrap, endpoint, external_endpoint: The same under ``peer.gossip``.
        dial_timeout_s, conn_timeout_s: ``peer.gossip.dialTimeout`` and ``connTimeout``, in seconds.
        receive_buffer, send_buffer: ``peer.gossip.recvBuffSize`` and ``sendBuffSize``, in messages.
        keepalive_interval_s, keepalive_timeout_s: ``peer.keepalive.client``, in seconds.
        max_message_bytes: ``peer.maxRecvMsgSize``.
        in_force: Each of them by Fabric's key, and where it came from.
        file: The file that was read; None where there was none.
        gaps: Why the file leaves a key unset that it may mean to set.
    """

    mspid: str | None
    msp_dir: Path | None
    address: str | None
    listen_address: str | None
    tls_enabled: bool
    client_auth_required: bool
    tls_cert: Path | None
    tls_key: Path | None
    tls_client_cert: Path | None
    tls_client_key: Path | None
    tls_roots: tuple[Path, ...]
    bootstrap: tuple[str, ...]
    endpoint: str | None
    external_endpoint: str | None
    dial_timeout_s: float
    conn_timeout_s: float
    receive_buffer: int
    send_buffer: int
    keepalive_interval_s: float
    keepalive_timeout_s: float
    max_message_bytes: int
    in_force: tuple[InForce, ...] = ()
    file: Path | None = None
    gaps: Mapping[str, Gap] = field(default_factory=dict)

    def peer_settings(self, organizations: Mapping[str, Path] | None = None) -> PeerSettings:
        """Make the settings of a peer that listens where the file says.

        Args:
            organizations: Other organisations' MSP folders by MSP-ID, which a Fabric peer has from its channels. The
                TLS CAs in them are trusted too, as a Fabric peer trusts those of its channels.

        Raises:
            ConfigurationError: A setting is missing without which there is no peer, and its key is named; or an
                argument, or a folder of it, cannot be used.
        """
        check_kind("organizations", organizations, Mapping, may_be_none=True)
        others = dict(organizations or {})
        for mspid, folder in others.items():
            check_path(f"organizations[{mspid!r}]", folder)
        return PeerSettings(
            mspid=self._need("peer.localMspId", self.mspid),
            msp_dir=self._need("peer.mspConfigPath", self.msp_dir),
            tls=self._tls_files(others) if self.tls_enabled else None,
            listen=self.listen_address,
            organizations=others,
            require_client_certificate=self.tls_enabled and self.client_auth_required,
            comm=CommConfig(
                conn_timeout_s=self.conn_timeout_s,
                send_buffer=self.send_buffer,
                subscription_buffer=self.receive_buffer,
                max_message_bytes=self.max_message_bytes,
            ),
            dial=DialOptions(
                tls=self._client_tls_files(others) if self.tls_enabled else None,
                dial_timeout_s=self.dial_timeout_s,
                ping_timeout_s=self.conn_timeout_s,
                max_message_bytes=self.max_message_bytes,
                keepalive_interval_s=self.keepalive_interval_s,
                keepalive_timeout_s=self.keepalive_timeout_s,
            ),
            sources=self._sources(),
        )

    def _sources(self) -> dict[str, str]:
        """A file that leaves TLS off in silence is told too: nobody may have looked into it."""
        told = {setting.key: setting.source for setting in self.in_force if setting.source != DEFAULT}
        if self.file is None:
            return told
        gap = self.gaps.get("peer.tls.enabled")
        unset = f"not set in {self.file}" if gap is None else f"not set in {gap.place}, where {gap.what}"
        return {"peer.tls.enabled": unset, **told}

    @property
    def _place(self) -> str | None:
        return None if self.file is None else str(self.file)

    def _tls_files(self, others: Mapping[str, Path]) -> TlsFiles:
        certificate = self._need("peer.tls.cert.file", self.tls_cert)
        return TlsFiles(certificate, self._need("peer.tls.key.file", self.tls_key), self._all_roots(others))

    def _client_tls_files(self, others: Mapping[str, Path]) -> TlsFiles | None:
        if self.tls_client_cert is None and self.tls_client_key is None:
            return None
        certificate_key, key_key = "peer.tls.clientCert.file", "peer.tls.clientKey.file"
        certificate = self._need_beside(key_key, certificate_key, self.tls_client_cert)
        return TlsFiles(
            certificate, self._need_beside(certificate_key, key_key, self.tls_client_key), self._all_roots(others)
        )

    def _all_roots(self, others: Mapping[str, Path]) -> tuple[Path, ...]:
        roots = self.tls_roots + tuple(chain.from_iterable(map(_tls_folders, others.values())))
        if not roots:
            raise ConfigurationError("peer.tls.rootcert.file is not set, so no peer could be trusted", path=self._place)
        return roots

    def _need(self, key: str, value: T | None) -> T:
        gap = self.gaps.get(key)
        if value is None and gap is not None:
            raise ConfigurationError(f"{key} is not set, and {gap.what}", path=gap.place)
        if value is None:
            empty = next((each.source for each in self.in_force if each.key == key and each.source != DEFAULT), None)
            what = "is not set" if empty is None else "is empty"
            raise ConfigurationError(f"{key} {what}", path=empty or self._place)
        return value

    def _need_beside(self, other: str, key: str, value: T | None) -> T:
        """The same for one of a pair, whose other one is set."""
        if value is None:
            place = next((setting.source for setting in self.in_force if setting.key == other), self._place)
            raise ConfigurationError(f"{key} is not set, and {other} is: they go together", path=place)
        return value


def _tls_folders(msp_dir: Path) -> Iterator[Path]:
    """The folders of an organisation's TLS CAs; without roots its intermediates do not count, as in Fabric."""
    for name in TLS_CA_FOLDERS:
        folder = msp_dir / name
        try:
            if not is_dir(folder) or not any(folder.iterdir()):
                return
        except OSError:
            pass  # who needs the folder complains of it
        yield folder

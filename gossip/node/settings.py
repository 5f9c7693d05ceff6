"""What one peer is told about itself and its surroundings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gossip.api.options import DialOptions, TlsFiles
from gossip.checks import check_kind, check_numbers, check_path, check_text
from gossip.comm.config import CommConfig
from gossip.transport.limits import ServerLimits


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """Everything that a :class:`gossip.node.peer.Peer` needs.

    Attributes:
        mspid: Our organisation's MSP-ID. ``peer.localMspId``.
        msp_dir: Our local MSP folder, with our certificate and its key. ``peer.mspConfigPath``.
        tls: Our TLS certificate and whom we trust; None speaks without TLS, where no identity is bound to a connection.
        listen: ``host:port`` to serve at, port 0 for a free one; None only dials. ``peer.listenAddress``.
        organizations: Other organisations' verifying MSP folders by MSP-ID.
        require_client_certificate: Refuse peers without a TLS client certificate in TLS itself, rather than in the
            handshake. ``peer.tls.clientAuthRequired``.
        usage_threshold_s: How long an identity stays that nobody uses; to be connected is use. In Fabric it is an hour,
            which no setting changes.
        max_identities: How many identities are kept at most.
        comm: Time-outs and buffers.
        dial: Options for outgoing connections; its ``tls`` stands in for ours there, as a client certificate of its
            own does in Fabric (``peer.tls.clientCert``).
        limits: What the listener grants to strangers.
        sources: Where settings came from, by Fabric's key: file and line, variable or option; for texts alone.

    Raises:
        ConfigurationError: A number, a path or an MSP-ID cannot be used; it is named.
    """

    mspid: str
    msp_dir: Path
    tls: TlsFiles | None = None
    listen: str | None = None
    organizations: Mapping[str, Path] = field(default_factory=dict)
    require_client_certificate: bool = False
    usage_threshold_s: float = 3600.0
    max_identities: int = 10_000
    comm: CommConfig = field(default_factory=CommConfig)
    dial: DialOptions = field(default_factory=DialOptions)
    limits: ServerLimits = field(default_factory=ServerLimits)
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_numbers(self)
        check_text("mspid", self.mspid)
        check_path("msp_dir", self.msp_dir)
        check_kind("tls", self.tls, TlsFiles, may_be_none=True)
        check_kind("listen", self.listen, str, may_be_none=True)
        check_kind("comm", self.comm, CommConfig)
        check_kind("dial", self.dial, DialOptions)
        check_kind("limits", self.limits, ServerLimits)
        check_kind("require_client_certificate", self.require_client_certificate, bool)
        check_kind("sources", self.sources, Mapping)
        check_kind("organizations", self.organizations, Mapping)
        for mspid, folder in self.organizations.items():
            check_text("an MSP-ID of organizations", mspid)
            check_path(f"organizations[{mspid!r}]", folder)


def tls_files_of(settings: PeerSettings) -> tuple[TlsFiles, ...]:
    """The TLS files of a peer: those with which it is dialled, and those with which it dials where these are others."""
    return tuple(files for files in (settings.tls, settings.dial.tls) if files is not None)

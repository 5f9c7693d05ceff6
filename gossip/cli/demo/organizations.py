"""The demo's organisations: made new for each run, in a folder that goes with it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.msp.authority import Organization, write_peer_organization


@dataclass(frozen=True, slots=True)
class PeerHome:
    """Where one peer's files lie. ``name`` is short, as in ``peer0.org1``."""

    name: str
    mspid: str
    msp_dir: Path
    tls: TlsFiles
    organizations: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Network:
    """All organisations, with their CAs at hand, and the homes of their peers."""

    folder: Path
    organizations: list[Organization]
    homes: list[PeerHome]

    @property
    def tls_roots(self) -> tuple[Path, ...]:
        """The TLS CAs of every organisation."""
        return tuple(_folder(self.folder, each) / "msp" / "tlscacerts" for each in self.organizations)


def make_network(folder: Path, organizations: int, peers: int, *, now: datetime) -> Network:
    """Write ``organizations`` organisations with ``peers`` peers each; every peer knows all of them.

    Raises:
        OSError: The folder cannot be written to.
    """
    made = [Organization.create(f"Org{n}MSP", f"org{n}.example.com", now=now) for n in range(1, organizations + 1)]
    network = Network(folder, made, [])
    for organization in made:
        members = [organization.issue_peer(f"peer{index}") for index in range(peers)]
        write_peer_organization(folder, organization, members)
        for member in members:
            home = _folder(folder, organization) / "peers" / member.name
            tls = TlsFiles(home / "tls" / "server.crt", home / "tls" / "server.key", network.tls_roots)
            others = {each.mspid: _folder(folder, each) / "msp" for each in made if each is not organization}
            name = member.name.removesuffix(".example.com")
            network.homes.append(PeerHome(name, organization.mspid, home / "msp", tls, others))
    return network


def _folder(root: Path, organization: Organization) -> Path:
    return root / "peerOrganizations" / organization.domain

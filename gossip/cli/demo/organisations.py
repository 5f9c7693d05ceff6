"""The demo's organisations: made new for each run, in a folder that goes with it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.msp.authority import Organisation, write_peer_organisation


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
    organisations: list[Organisation]
    homes: list[PeerHome]

    @property
    def tls_roots(self) -> tuple[Path, ...]:
        """The TLS CAs of every organisation."""
        return tuple(_folder(self.folder, each) / "msp" / "tlscacerts" for each in self.organisations)


def make_network(folder: Path, organisations: int, peers: int, *, now: datetime) -> Network:
    """Write ``organisations`` organisations with ``peers`` peers each; every peer knows all of them.

    Raises:
        OSError: The folder cannot be written to.
    """
    made = [Organisation.create(f"Org{n}MSP", f"org{n}.example.com", now=now) for n in range(1, organisations + 1)]
    network = Network(folder, made, [])
    for organisation in made:
        members = [organisation.issue_peer(f"peer{index}") for index in range(peers)]
        write_peer_organisation(folder, organisation, members)
        for member in members:
            home = _folder(folder, organisation) / "peers" / member.name
            tls = TlsFiles(home / "tls" / "server.crt", home / "tls" / "server.key", network.tls_roots)
            others = {each.mspid: _folder(folder, each) / "msp" for each in made if each is not organisation}
            name = member.name.removesuffix(".example.com")
            network.homes.append(PeerHome(name, organisation.mspid, home / "msp", tls, others))
    return network


def _folder(root: Path, organisation: Organisation) -> Path:
    return root / "peerOrganizations" / organisation.domain

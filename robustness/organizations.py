"""Two organisations on disk, and the settings of the three peers that take part."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.msp.authority import Organization, write_peer_organization
from gossip.node.settings import PeerSettings

PEERS = 2


@dataclass(frozen=True, slots=True)
class Stage:
    """The folder with both organisations; peers of the first one are attacked by those of the second."""

    folder: Path

    def write(self) -> None:
        """Make both organisations, with two peers each."""
        now = datetime.now(UTC).replace(microsecond=0)
        for number in (1, 2):
            made = Organization.create(f"Org{number}MSP", _domain(number), now=now)
            write_peer_organization(self.folder, made, [made.issue_peer(f"peer{index}") for index in range(PEERS)])

    def organization(self, number: int) -> Path:
        """An organisation's folder."""
        return self.folder / "peerOrganizations" / _domain(number)

    def settings(self, number: int, index: int, *, listen: str | None = None) -> PeerSettings:
        """The settings of a peer, with the limits that everybody gets who does not choose them."""
        home = self.organization(number) / "peers" / f"peer{index}.{_domain(number)}"
        tls_cas = tuple(self.organization(each) / "msp" / "tlscacerts" for each in (1, 2))
        return PeerSettings(
            mspid=f"Org{number}MSP",
            msp_dir=home / "msp",
            tls=TlsFiles(home / "tls" / "server.crt", home / "tls" / "server.key", tls_cas),
            listen=listen,
            organizations={f"Org{each}MSP": self.organization(each) / "msp" for each in (1, 2) if each != number},
        )


def _domain(number: int) -> str:
    return f"org{number}.example.com"

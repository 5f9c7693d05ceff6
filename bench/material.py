"""Two throw-away organisations on disk, with as many peers as a case needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from gossip.api.options import TlsFiles
from gossip.msp.authority import Organization, write_peer_organization
from gossip.node.settings import PeerSettings

MSPIDS = ("Org1MSP", "Org2MSP")
DOMAINS = ("org1.example.com", "org2.example.com")


class Material:
    """Where everything lies; may be handed to another process."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def tls(self, org: int, host: str) -> TlsFiles:
        """One peer's TLS files, trusting both organisations."""
        folder = self._peer(org, host) / "tls"
        return TlsFiles(folder / "server.crt", folder / "server.key", tuple(self._tls_ca(o) for o in (0, 1)))

    def tls_roots_pem(self) -> bytes:
        """Both TLS CAs."""
        return b"".join(self._tls_ca(org).read_bytes() for org in (0, 1))

    def settings(self, org: int, host: str, *, listen: bool) -> PeerSettings:
        """One peer that knows both organisations."""
        return PeerSettings(
            mspid=MSPIDS[org],
            msp_dir=self._peer(org, host) / "msp",
            tls=self.tls(org, host),
            listen="127.0.0.1:0" if listen else None,
            organizations={MSPIDS[1 - org]: self._organization(1 - org) / "msp"},
        )

    def _organization(self, org: int) -> Path:
        return self._root / "peerOrganizations" / DOMAINS[org]

    def _peer(self, org: int, host: str) -> Path:
        return self._organization(org) / "peers" / f"{host}.{DOMAINS[org]}"

    def _tls_ca(self, org: int) -> Path:
        return self._organization(org) / "tlsca" / f"tlsca.{DOMAINS[org]}-cert.pem"


@contextmanager
def throw_away_material(peers: int) -> Iterator[Material]:
    """Make two organisations with peers ``peer0``, ``peer1``, … each; they are gone at the end of the block."""
    with TemporaryDirectory(prefix="gossip-bench-") as folder:
        for mspid, domain in zip(MSPIDS, DOMAINS, strict=True):
            organization = Organization.create(mspid, domain, now=datetime.now(UTC))
            members = [organization.issue_peer(f"peer{number}") for number in range(peers)]
            write_peer_organization(Path(folder), organization, members)
        yield Material(Path(folder))

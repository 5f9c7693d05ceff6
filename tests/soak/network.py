"""Twenty peers of two organisations: who they are, where they listen, and in which process they live."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from gossip import PeerSettings, RemotePeer, TlsFiles
from gossip.msp.authority import Organization, write_peer_organization
from gossip.msp.certificate import pki_id_of
from gossip.types import PkiId

PROCESSES = 4
PEERS_EACH = 5
ORGANIZATIONS = (1, 2)
PORTS = range(20_000, 32_000)
"""Below those that a machine gives to outgoing connections: a peer that starts again must find its port free."""


@dataclass(frozen=True)
class Place:
    """One peer: whose it is, and where."""

    mspid: str
    folder: str
    port: int
    pki_id: str

    @property
    def remote(self) -> RemotePeer:
        """How others address it."""
        return RemotePeer(f"127.0.0.1:{self.port}", PkiId(bytes.fromhex(self.pki_id)))

    def settings(self, root: Path) -> PeerSettings:
        """With the organisations below ``root``."""
        folder = Path(self.folder)
        msps = {f"Org{number}MSP": root / f"org{number}.example.com" / "msp" for number in ORGANIZATIONS}
        tls = TlsFiles(
            folder / "tls" / "server.crt",
            folder / "tls" / "server.key",
            tuple(msp / "tlscacerts" for msp in msps.values()),
        )
        others = {mspid: msp for mspid, msp in msps.items() if mspid != self.mspid}
        return PeerSettings(self.mspid, folder / "msp", tls, f"127.0.0.1:{self.port}", others)


def make_network(root: Path, random: Random) -> list[Place]:
    """Write the organisations below ``root``; gives the peers, ``PEERS_EACH`` of each process after the other's."""
    ports = iter(random.sample(PORTS, len(PORTS)))
    places = []
    for number in ORGANIZATIONS:
        organization = Organization.create(f"Org{number}MSP", f"org{number}.example.com", now=datetime.now(UTC))
        members = [organization.issue_peer(f"peer{index}") for index in range(PROCESSES * PEERS_EACH // 2)]
        home = write_peer_organization(root, organization, members)
        for member in members:
            pki_id = pki_id_of(organization.mspid, member.identity.certificate_pem).hex()
            places.append(Place(organization.mspid, str(home / "peers" / member.name), _free(ports), pki_id))
    random.shuffle(places)
    return places


def _free(ports: Iterator[int]) -> int:
    for port in ports:
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")

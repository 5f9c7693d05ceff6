"""Many identities of one organisation: one process makes them, another one stores them."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from struct import Struct

from bench.crowd import resident_bytes
from bench.sides import Bench
from gossip.clock import SystemClock
from gossip.identity.mapper import IdentityMapper
from gossip.msp.authority import Organization, write_local_msp
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService, MspSecurityAdvisor
from gossip.node.organizations import load_organizations
from gossip.node.settings import PeerSettings
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity

MSPID = "Org1MSP"
LENGTH = Struct(">I")


async def make(_bench: Bench, folder: Path, count: int, now: datetime) -> None:
    """Write our own MSP, and a file of so many other members' identities."""
    organization = Organization.create(MSPID, "org1.example.com", now=now)
    write_local_msp(folder / "msp", organization, organization.issue_peer("peer0"))
    with (folder / "identities").open("wb") as file:
        for number in range(count):
            member = organization.ca.issue_identity(f"p{number}", validity=organization.validity, units=("peer",))
            identity = encode_serialized_identity(MSPID, member.certificate_pem)
            file.write(LENGTH.pack(len(identity)) + identity)


async def hold(_bench: Bench, folder: Path) -> tuple[int, int, float]:
    """Store them all, and tell the memory before and after, and the microseconds that each took."""
    organizations = load_organizations(PeerSettings(mspid=MSPID, msp_dir=folder / "msp"))
    registry = MspRegistry(organizations.local, organizations.channels)
    crypto = MspCryptoService(registry, organizations.signing_identity)
    mapper = IdentityMapper(
        crypto.identity, crypto, MspSecurityAdvisor(registry), clock=SystemClock(), max_identities=1_000_000
    )
    before_bytes = await resident_bytes(_bench)
    cpu_s, count = time.process_time(), 0
    for identity in _read(folder / "identities"):
        pki_id = crypto.get_pki_id_of_cert(identity)
        assert pki_id is not None
        mapper.put(pki_id, identity)
        count += 1
    put_us = (time.process_time() - cpu_s) / count * 1e6
    return before_bytes, await resident_bytes(_bench), put_us


def _read(path: Path) -> Iterator[PeerIdentityType]:
    with path.open("rb") as file:
        while length := file.read(LENGTH.size):
            yield PeerIdentityType(file.read(LENGTH.unpack(length)[0]))

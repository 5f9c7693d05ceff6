"""Throw-away organisations for tests, made once a run and never changed: copy a folder before breaking it."""

import atexit
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from gossip.msp.authority import IssuedMember, Organization, write_peer_organization
from gossip.types import PeerIdentityType
from gossip.wire.serialized import encode_serialized_identity

NOW = datetime.now(UTC).replace(microsecond=0)
"""The real time, since TLS judges these certificates by the real clock."""

PEERS = 3


@cache
def _made(number: int) -> tuple[Organization, tuple[IssuedMember, ...]]:
    """An organisation with its peers, an admin and a client, in this order."""
    made = Organization.create(f"Org{number}MSP", f"org{number}.example.com", now=NOW)
    peers = (made.issue_peer(f"peer{index}") for index in range(PEERS))
    return made, (*peers, made.issue_admin(), made.issue_client())


@cache
def _written(number: int) -> Path:
    root = Path(tempfile.mkdtemp(prefix="gossip-test-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return write_peer_organization(root, *_made(number))


def organization(number: int = 1) -> Organization:
    """``Org1MSP`` of ``org1.example.com``, and so on."""
    return _made(number)[0]


def peer(number: int = 1, index: int = 0) -> IssuedMember:
    """``peer0`` to ``peer2`` of an organisation."""
    return _made(number)[1][:PEERS][index]


def admin(number: int = 1) -> IssuedMember:
    """An organisation's administrator."""
    return _made(number)[1][PEERS]


def client(number: int = 1) -> IssuedMember:
    """An organisation's client."""
    return _made(number)[1][PEERS + 1]


def organization_folder(number: int = 1) -> Path:
    """The whole organisation on disk: ca, tlsca, msp, three peers, an admin and a client."""
    return _written(number)


def peer_folder(number: int = 1, index: int = 0) -> Path:
    """A peer's folder on disk, with ``msp`` and ``tls`` (``ca.crt``, ``server.crt``, ``server.key``) in it."""
    return organization_folder(number) / "peers" / peer(number, index).name


def serialized(member: IssuedMember, mspid: str = "Org1MSP") -> PeerIdentityType:
    """What a member sends as its identity."""
    return encode_serialized_identity(mspid, member.identity.certificate_pem)

"""Throw-away organisations for tests, made once a run and never changed: copy a folder before breaking it."""

import atexit
import shutil
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from gossip.messages import SerializedIdentity
from gossip.msp.authority import Member, Organisation, write_peer_organisation
from gossip.types import PeerIdentityType

NOW = datetime.now(UTC).replace(microsecond=0)
"""The real time, since TLS judges these certificates by the real clock."""

PEERS = 3


@cache
def organisation(number: int = 1) -> Organisation:
    """``Org1MSP`` of ``org1.example.com``, and so on."""
    return Organisation.create(f"Org{number}MSP", f"org{number}.example.com", now=NOW)


@cache
def peer(number: int = 1, index: int = 0) -> Member:
    """``peer0`` to ``peer2`` of an organisation."""
    return organisation(number).issue_peer(f"peer{index}")


@cache
def admin(number: int = 1) -> Member:
    """An organisation's administrator."""
    return organisation(number).issue_admin()


@cache
def client(number: int = 1) -> Member:
    """An organisation's client."""
    return organisation(number).issue_client()


@cache
def organisation_folder(number: int = 1) -> Path:
    """The whole organisation on disk: ca, tlsca, msp, three peers, an admin and a client."""
    root = Path(tempfile.mkdtemp(prefix="gossip-test-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    members = [*(peer(number, index) for index in range(PEERS)), admin(number), client(number)]
    return write_peer_organisation(root, organisation(number), members)


def peer_folder(number: int = 1, index: int = 0) -> Path:
    """A peer's folder on disk, with ``msp`` and ``tls`` (``ca.crt``, ``server.crt``, ``server.key``) in it."""
    return organisation_folder(number) / "peers" / peer(number, index).name


def serialized(member: Member, mspid: str = "Org1MSP") -> PeerIdentityType:
    """What a member sends as its identity."""
    return PeerIdentityType(bytes(SerializedIdentity(mspid=mspid, id_bytes=member.identity.certificate_pem)))

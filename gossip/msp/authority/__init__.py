"""Throw-away organisations: certificate authorities, what they issue, and cryptogen's folders to hold it.

For demos and tests. Nothing here reads a clock; keys and serial numbers are random; only the ``write_`` functions and
``read_authority`` touch the disk.
"""

from gossip.msp.authority.authority import Authority
from gossip.msp.authority.credential import Credential, PrivateKey, Validity, generate_key
from gossip.msp.authority.cryptogen import (
    read_authority,
    write_local_msp,
    write_peer_organization,
    write_tls,
    write_verifying_msp,
)
from gossip.msp.authority.organization import IssuedMember, Organization
from gossip.msp.roles import Role

__all__ = [
    "Authority",
    "Credential",
    "IssuedMember",
    "Organization",
    "PrivateKey",
    "Role",
    "Validity",
    "generate_key",
    "read_authority",
    "write_local_msp",
    "write_peer_organization",
    "write_tls",
    "write_verifying_msp",
]

"""The identifiers that gossip passes around: bytes on the wire, distinct types here."""

from typing import NewType

__all__ = ["ChannelId", "OrgIdentityType", "PeerIdentityType", "PkiId"]

PkiId = NewType("PkiId", bytes)
"""SHA-256 of MSP-ID and certificate; names a peer. Fabric's ``common.PKIidType``."""

PeerIdentityType = NewType("PeerIdentityType", bytes)
"""A marshalled ``msp.SerializedIdentity``, or whatever a user's own crypto service takes for an identity."""

OrgIdentityType = NewType("OrgIdentityType", bytes)
"""Names an organisation; with MSPs, the MSP-ID in UTF-8."""

ChannelId = NewType("ChannelId", bytes)
"""A channel's name as it stands in a message; empty where a message belongs to none."""

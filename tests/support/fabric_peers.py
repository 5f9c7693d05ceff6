"""Our counterparts of the three Fabric peers whose answers the vectors hold."""

import base64
from dataclasses import dataclass
from functools import cache

from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.membership import Msp
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService, MspSecurityAdvisor
from gossip.types import ChannelId, PeerIdentityType
from tests.support.vectors import VECTORS, Record, load_vectors

CHANNEL = ChannelId(b"mychannel")
MSPIDS = {"org1": "Org1MSP", "org2": "Org2MSP"}
VIEWS = {
    "local_org1_no_channel": ("org1", False),
    "local_org1_channel_org1_org2": ("org1", True),
    "local_org2_channel_org1_org2": ("org2", True),
}
"""The views of identities.json: whose peer it is, and whether it joined the channel of both organisations."""


@dataclass(frozen=True)
class FabricPeer:
    """The crypto of one peer."""

    crypto: MspCryptoService
    advisor: MspSecurityAdvisor


@cache
def msp_of(org: str) -> Msp:
    """The verifying MSP of ``org1`` or ``org2``."""
    return Msp(load_msp_config(VECTORS / "crypto" / org / "msp", MSPIDS[org]))


def registry_of(view: str, *, max_cached: int = 1024) -> MspRegistry:
    """A registry of its own for a view."""
    org, has_channel = VIEWS[view]
    channels = {CHANNEL: [msp_of("org1"), msp_of("org2")]} if has_channel else {}
    return MspRegistry(msp_of(org), channels, max_cached=max_cached)


@cache
def fabric_peer(view: str) -> FabricPeer:
    """The peer0 that answers in a view."""
    org, _ = VIEWS[view]
    registry = registry_of(view)
    signing_identity = load_signing_identity(VECTORS / "crypto" / org / "peers" / "peer0" / "msp", MSPIDS[org])
    return FabricPeer(MspCryptoService(registry, signing_identity), MspSecurityAdvisor(registry))


@cache
def identity_records() -> dict[str, Record]:
    """identities.json by name."""
    return {record["name"]: record for record in load_vectors("identities.json")}


def identity_of(name: str) -> PeerIdentityType:
    """The bytes of an identity in identities.json."""
    return PeerIdentityType(base64.b64decode(identity_records()[name]["serialized_identity_b64"]))

"""Reads the MSP folders that one peer's settings name."""

from collections.abc import Mapping
from dataclasses import dataclass

from gossip.errors import ConfigurationError
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.membership import Msp
from gossip.msp.signing import SigningIdentity
from gossip.node.settings import PeerSettings
from gossip.types import ChannelId

CHANNEL = ChannelId(b"")
"""Gossip outside of channels: all organisations of the settings judge and admit each other here."""


@dataclass(frozen=True, slots=True)
class Organizations:
    """Our own organisation and the others, as their folders have them now."""

    local: Msp
    channels: Mapping[ChannelId, tuple[Msp, ...]]
    signing_identity: SigningIdentity


def load_organizations(settings: PeerSettings) -> Organizations:
    """Read every folder anew.

    Raises:
        ConfigurationError: A file cannot be used; it is named. Nothing changed.
    """
    if settings.mspid in settings.organizations:
        raise ConfigurationError(f"{settings.mspid} is our own organisation and cannot be another one too")
    local = Msp(load_msp_config(settings.msp_dir, settings.mspid))
    others = tuple(Msp(load_msp_config(path, mspid)) for mspid, path in settings.organizations.items())
    signing_identity = load_signing_identity(settings.msp_dir, settings.mspid)
    return Organizations(local, {CHANNEL: (local, *others)} if others else {}, signing_identity)

"""Reads the MSP folders that one peer's settings name."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.membership import Msp
from gossip.msp.signing import SigningIdentity
from gossip.node.settings import PeerSettings
from gossip.types import ChannelId

logger = logging.getLogger("peer.gossip")

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
    local = _load_msp(settings.msp_dir, settings.mspid)
    others = tuple(_load_msp(path, mspid) for mspid, path in settings.organizations.items())
    signing_identity = load_signing_identity(settings.msp_dir, settings.mspid)
    return Organizations(local, {CHANNEL: (local, *others)} if others else {}, signing_identity)


def _load_msp(path: Path, mspid: str) -> Msp:
    config = load_msp_config(path, mspid)
    for warning in config.warnings:
        logger.warning("%s: %s", mspid, warning)
    return Msp(config)

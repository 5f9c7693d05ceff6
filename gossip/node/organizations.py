"""Reads the MSP folders that one peer's settings name."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.config import MspConfig, load_msp_config, load_signing_identity
from gossip.msp.membership import Msp
from gossip.msp.signing import SigningIdentity
from gossip.node.settings import PeerSettings
from gossip.paths import exists
from gossip.types import ChannelId

logger = logging.getLogger("peer.gossip")

CHANNEL = ChannelId(b"")
"""Gossip outside of channels: all organisations of the settings judge and admit each other here."""


@dataclass(frozen=True, slots=True)
class Organizations:
    """Our own organisation and the others, as their folders have them now.

    ``read`` names the files that say something of who is trusted.
    """

    local: Msp
    channels: Mapping[ChannelId, tuple[Msp, ...]]
    signing_identity: SigningIdentity
    read: frozenset[Path]


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
    read = frozenset(file for msp in (local, *others) for file in _files_of(msp.config))
    return Organizations(local, {CHANNEL: (local, *others)} if others else {}, signing_identity, read)


def check_none_half_written(before: Organizations, after: Organizations) -> None:
    """Return when every file that said something before is gone, or still says something.

    Files without PEM are passed over, as by Fabric. A CRL that is being written would let in for a moment whom it
    revokes.

    Raises:
        ConfigurationError: One says nothing any more; it is named.
    """
    for file in sorted(before.read - after.read):
        if exists(file):
            raise ConfigurationError("holds nothing readable any more; is it being rewritten?", path=str(file))


def _load_msp(path: Path, mspid: str) -> Msp:
    config = load_msp_config(path, mspid)
    for warning in config.warnings:
        logger.warning("%s: %s", mspid, warning)
    return Msp(config)


def _files_of(config: MspConfig) -> Iterator[Path]:
    for files in (config.roots, config.intermediates, config.admins, config.crls):
        yield from (Path(file.path) for file in files)
    settings = Path(config.path) / "config.yaml"
    if _says_something(settings):
        yield settings


def _says_something(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False  # it is not there, or went away since it was read

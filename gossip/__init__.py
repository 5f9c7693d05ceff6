"""Hyperledger Fabric's gossip communication layer: typed, async, over mutual TLS."""

from gossip._version import __version__

__all__ = ["__version__"]

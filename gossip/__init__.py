"""Hyperledger Fabric's gossip communication layer: typed, async, over mutual TLS.

Open a peer with :func:`open_peer`. Message classes are in :mod:`gossip.messages`, errors in :mod:`gossip.errors`, and
the Protocols that a user's own parts implement in :mod:`gossip.api`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from gossip._version import __version__

if TYPE_CHECKING:
    from gossip.api.options import DialOptions, TlsFiles
    from gossip.api.peer import RemotePeer
    from gossip.comm.config import CommConfig
    from gossip.errors import GossipError
    from gossip.node.peer import Peer, open_peer
    from gossip.node.settings import PeerSettings
    from gossip.wire.signed import SignedMessage, noop_sign, sign_message
else:
    _HOMES = {
        "CommConfig": "gossip.comm.config",
        "DialOptions": "gossip.api.options",
        "GossipError": "gossip.errors",
        "Peer": "gossip.node.peer",
        "PeerSettings": "gossip.node.settings",
        "RemotePeer": "gossip.api.peer",
        "SignedMessage": "gossip.wire.signed",
        "TlsFiles": "gossip.api.options",
        "noop_sign": "gossip.wire.signed",
        "open_peer": "gossip.node.peer",
        "sign_message": "gossip.wire.signed",
    }

    def __getattr__(name: str) -> object:
        """Import what is asked for, and only that: whoever wants the MSPs alone need not wait for gRPC."""
        try:
            home = _HOMES[name]
        except KeyError:
            raise AttributeError(f"module 'gossip' has no attribute {name!r}") from None
        return getattr(import_module(home), name)


__all__ = [
    "CommConfig",
    "DialOptions",
    "GossipError",
    "Peer",
    "PeerSettings",
    "RemotePeer",
    "SignedMessage",
    "TlsFiles",
    "__version__",
    "noop_sign",
    "open_peer",
    "sign_message",
]

"""Hyperledger Fabric's gossip communication layer: typed, async, over mutual TLS.

Open a peer of Fabric's MSPs with :func:`open_peer`, or a :class:`Node` with identities of your own, for which
:class:`MessageCryptoService` and :class:`SecurityAdvisor` are the Protocols to implement. Message classes are in
:mod:`gossip.messages`, errors in :mod:`gossip.errors`, what :class:`Comm` gives and takes in :mod:`gossip.api`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from gossip._version import __version__

if TYPE_CHECKING:
    from gossip.api.comm import Comm
    from gossip.api.crypto import MessageCryptoService
    from gossip.api.mapper import Mapper
    from gossip.api.options import DialOptions, TlsFiles
    from gossip.api.peer import RemotePeer
    from gossip.api.security import SecurityAdvisor
    from gossip.comm.config import CommConfig
    from gossip.errors import GossipError
    from gossip.node.node import Node
    from gossip.node.peer import Peer, open_peer
    from gossip.node.settings import PeerSettings
    from gossip.wire.signed import SignedMessage, noop_sign, sign_message
else:
    _HOMES = {
        "Comm": "gossip.api.comm",
        "CommConfig": "gossip.comm.config",
        "DialOptions": "gossip.api.options",
        "GossipError": "gossip.errors",
        "Mapper": "gossip.api.mapper",
        "MessageCryptoService": "gossip.api.crypto",
        "Node": "gossip.node.node",
        "Peer": "gossip.node.peer",
        "PeerSettings": "gossip.node.settings",
        "RemotePeer": "gossip.api.peer",
        "SecurityAdvisor": "gossip.api.security",
        "SignedMessage": "gossip.wire.signed",
        "TlsFiles": "gossip.api.options",
        "noop_sign": "gossip.wire.signed",
        "open_peer": "gossip.node.peer",
        "sign_message": "gossip.wire.signed",
    }

    _SUBMODULES = ("api", "errors", "messages", "metrics", "types")  # those that mypy takes for imported above

    def __getattr__(name: str) -> object:
        """Import what is asked for: whoever wants the MSPs alone need not wait for gRPC."""
        if name in _SUBMODULES:
            return import_module(f"gossip.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'gossip' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})


__all__ = [
    "Comm",
    "CommConfig",
    "DialOptions",
    "GossipError",
    "Mapper",
    "MessageCryptoService",
    "Node",
    "Peer",
    "PeerSettings",
    "RemotePeer",
    "SecurityAdvisor",
    "SignedMessage",
    "TlsFiles",
    "__version__",
    "noop_sign",
    "open_peer",
    "sign_message",
]

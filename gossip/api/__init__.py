"""The seams: typed Protocols and records that mirror Fabric's Go interfaces. No behaviour lives here."""

from typing import TYPE_CHECKING

from gossip.lazy import hand_out

if TYPE_CHECKING:
    from gossip.api.comm import Comm, MessageAcceptor, ReceivedMessage, Subscription
    from gossip.api.crypto import BlockVerifier, MessageCryptoService
    from gossip.api.mapper import Mapper
    from gossip.api.options import DialOptions, TlsFiles
    from gossip.api.peer import AuthInfo, ConnectionInfo, PeerIdentityInfo, PeerIdentitySet, PeerSuspector, RemotePeer
    from gossip.api.results import AggregatedSendResults, SendResult
    from gossip.api.security import SecurityAdvisor
else:
    _HOMES = {
        "AggregatedSendResults": "gossip.api.results",
        "AuthInfo": "gossip.api.peer",
        "BlockVerifier": "gossip.api.crypto",
        "Comm": "gossip.api.comm",
        "ConnectionInfo": "gossip.api.peer",
        "DialOptions": "gossip.api.options",
        "Mapper": "gossip.api.mapper",
        "MessageAcceptor": "gossip.api.comm",
        "MessageCryptoService": "gossip.api.crypto",
        "PeerIdentityInfo": "gossip.api.peer",
        "PeerIdentitySet": "gossip.api.peer",
        "PeerSuspector": "gossip.api.peer",
        "ReceivedMessage": "gossip.api.comm",
        "RemotePeer": "gossip.api.peer",
        "SecurityAdvisor": "gossip.api.security",
        "SendResult": "gossip.api.results",
        "Subscription": "gossip.api.comm",
        "TlsFiles": "gossip.api.options",
    }
    __getattr__, __dir__ = hand_out(__name__, _HOMES)


__all__ = [
    "AggregatedSendResults",
    "AuthInfo",
    "BlockVerifier",
    "Comm",
    "ConnectionInfo",
    "DialOptions",
    "Mapper",
    "MessageAcceptor",
    "MessageCryptoService",
    "PeerIdentityInfo",
    "PeerIdentitySet",
    "PeerSuspector",
    "ReceivedMessage",
    "RemotePeer",
    "SecurityAdvisor",
    "SendResult",
    "Subscription",
    "TlsFiles",
]

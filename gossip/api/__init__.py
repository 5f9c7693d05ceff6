"""The seams: typed Protocols and records that mirror Fabric's Go interfaces. No behaviour lives here."""

from gossip.api.comm import Comm, MessageAcceptor, ReceivedMessage, Subscription
from gossip.api.crypto import BlockVerifier, MessageCryptoService
from gossip.api.mapper import Mapper
from gossip.api.options import DialOptions, TlsFiles
from gossip.api.peer import AuthInfo, ConnectionInfo, PeerIdentityInfo, PeerIdentitySet, PeerSuspector, RemotePeer
from gossip.api.results import AggregatedSendResults, SendResult
from gossip.api.security import SecurityAdvisor

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

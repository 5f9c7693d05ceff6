"""The message classes by name; who generated them is known here and in gossip.wire alone."""

from typing import Final

from gossip_protos.common import (
    MspPrincipal,
    MspPrincipalClassification,
    SignaturePolicy,
    SignaturePolicyEnvelope,
    SignaturePolicyNOutOf,
)
from gossip_protos.gossip import (
    Acknowledgement,
    AliveMessage,
    Chaincode,
    ConnEstablish,
    DataDigest,
    DataMessage,
    DataRequest,
    DataUpdate,
    Empty,
    Envelope,
    GossipHello,
    GossipMessage,
    GossipMessageTag,
    LeadershipMessage,
    Member,
    MembershipRequest,
    MembershipResponse,
    Payload,
    PeerIdentity,
    PeerTime,
    PrivateDataMessage,
    PrivatePayload,
    Properties,
    PullMsgType,
    PvtDataDigest,
    PvtDataElement,
    PvtDataPayload,
    RemotePvtDataRequest,
    RemotePvtDataResponse,
    RemoteStateRequest,
    RemoteStateResponse,
    Secret,
    SecretEnvelope,
    StateInfo,
    StateInfoPullRequest,
    StateInfoSnapshot,
)
from gossip_protos.msp import SerializedIdentity
from gossip_protos.protos import (
    ApplicationPolicy,
    CollectionConfig,
    CollectionConfigPackage,
    CollectionPolicyConfig,
    StaticCollectionConfig,
)

import gossip.wire.attributes  # noqa: F401 -- before a message is read: it marks what reading makes

__all__ = [
    "Acknowledgement",
    "AliveMessage",
    "ApplicationPolicy",
    "Chaincode",
    "CollectionConfig",
    "CollectionConfigPackage",
    "CollectionPolicyConfig",
    "ConnEstablish",
    "DataDigest",
    "DataMessage",
    "DataRequest",
    "DataUpdate",
    "Empty",
    "Envelope",
    "GossipHello",
    "GossipMessage",
    "GossipMessageTag",
    "LeadershipMessage",
    "Member",
    "MembershipRequest",
    "MembershipResponse",
    "MspPrincipal",
    "MspPrincipalClassification",
    "Payload",
    "PeerIdentity",
    "PeerTime",
    "PrivateDataMessage",
    "PrivatePayload",
    "Properties",
    "PullMsg",
    "PullMsgType",
    "PvtDataDigest",
    "PvtDataElement",
    "PvtDataPayload",
    "RemotePvtDataRequest",
    "RemotePvtDataResponse",
    "RemoteStateRequest",
    "RemoteStateResponse",
    "Secret",
    "SecretEnvelope",
    "SerializedIdentity",
    "SignaturePolicy",
    "SignaturePolicyEnvelope",
    "SignaturePolicyNOutOf",
    "StateInfo",
    "StateInfoPullRequest",
    "StateInfoSnapshot",
    "StaticCollectionConfig",
    "Tag",
]


class PullMsg:
    """The values of :class:`PullMsgType`, typed as such: mypy takes its members for ints."""

    UNDEFINED: Final = PullMsgType(0)
    BLOCK_MSG: Final = PullMsgType(1)
    IDENTITY_MSG: Final = PullMsgType(2)


class Tag:
    """The values of :class:`GossipMessageTag`, typed as such: mypy takes its members for ints."""

    UNDEFINED: Final = GossipMessageTag(0)
    EMPTY: Final = GossipMessageTag(1)
    ORG_ONLY: Final = GossipMessageTag(2)
    CHAN_ONLY: Final = GossipMessageTag(3)
    CHAN_AND_ORG: Final = GossipMessageTag(4)
    CHAN_OR_ORG: Final = GossipMessageTag(5)

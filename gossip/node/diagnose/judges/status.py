"""Judges a gRPC status that no gossip peer gives: another server answers, or something in the peer's place."""

from gossip.errors import RefusedByPeerError
from gossip.node.diagnose.diagnosis import Cause, Side

_NO_GOSSIP = Cause(
    "no-gossip-service",
    "a gRPC server without gossip listens there, such as an orderer or a chaincode",
    "which node the endpoint belongs to",
)
_NO_PEER = Cause(
    "proxy-without-peer",
    "a gRPC proxy or service mesh answers in the peer's place, and does not reach the peer",
    "the proxy's log, then whether the peer runs",
)
_POLICY = Cause(
    "proxy-policy",
    "a gRPC proxy or service mesh in front of the peer does not let us through: a peer itself has no such rule",
    "the proxy's rules of access",
)


def find_other_server(error: RefusedByPeerError) -> tuple[Side, Cause] | None:
    """Who gave this status; None where it may be the peer's own."""
    match error.grpc_status:
        case "UNIMPLEMENTED":
            return Side.THEIRS, _NO_GOSSIP
        case "UNAVAILABLE":
            return Side.BETWEEN, _NO_PEER
        case "PERMISSION_DENIED" | "UNAUTHENTICATED":
            return Side.BETWEEN, _POLICY
        case _:
            return None

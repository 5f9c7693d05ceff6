"""With which gRPC status a stream ends whose handler raised."""

from gossip.errors import GossipError, MalformedEnvelopeError


def status_of(error: GossipError) -> str:
    """Name the status: UNKNOWN, as a Fabric peer ends a stream that it refuses, or INTERNAL.

    The second for what is no envelope, which at a Fabric peer gRPC itself refuses.
    """
    return "INTERNAL" if isinstance(error, MalformedEnvelopeError) else "UNKNOWN"

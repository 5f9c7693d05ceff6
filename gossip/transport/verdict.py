"""With which gRPC status a stream ends: what became of its handler."""

import asyncio
import logging
from typing import NamedTuple

from gossip.errors import GossipError, MalformedEnvelopeError
from gossip.throttle import Throttle, and_more
from gossip.transport.base import FrameStream, StreamHandler

logger = logging.getLogger("gossip.transport")


class Verdict(NamedTuple):
    """The status by name, and why it is not OK."""

    status: str
    reason: str = ""


OK = Verdict("OK")


async def run_handler(handler: StreamHandler, stream: FrameStream, throttle: Throttle) -> Verdict:
    """Serve a stream, and tell how it ends; a bug of the handler's is logged once in a while, and not told the peer.

    A refusal is UNKNOWN, as a Fabric peer ends a stream, or INTERNAL for what is no envelope, which at a Fabric peer
    gRPC itself refuses.

    Cancellation: the stream is aborted.
    """
    try:
        await handler(stream)
    except GossipError as refusal:
        status = "INTERNAL" if isinstance(refusal, MalformedEnvelopeError) else "UNKNOWN"
        return Verdict(status, str(refusal))
    except Exception as bug:
        unsaid = throttle.admit(type(bug).__name__, asyncio.get_running_loop().time())
        if unsaid is not None:
            logger.exception("the handler of a stream from %s failed%s", stream.link.remote, and_more(unsaid))
        return Verdict("UNKNOWN", "internal error")
    except asyncio.CancelledError:
        stream.abort()
        raise
    return OK

"""The addresses of a name: which of them take a TCP connection."""

import asyncio

from gossip.errors import DialError, PeerSilentError
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence
from gossip.transport.endpoint import parse_endpoint
from gossip.transport.tls.errors import describe

MAX_ADDRESSES = 16
"""Addresses of one name that are tried, side by side; a peer has one or two."""


async def try_addresses(evidence: Evidence) -> None:
    """Connect to each address and hang up: who listens, apart from what they speak.

    Raises:
        DialError, PeerSilentError: Nobody does; why, of the first.

    Cancellation: nothing is left open.
    """
    tried = evidence.addresses[:MAX_ADDRESSES]
    refusals = await asyncio.gather(*(_find_refusal(evidence, address) for address in tried))
    evidence.answered = tuple(address for address, refusal in zip(tried, refusals, strict=True) if refusal is None)
    evidence.dead = {address: refusal for address, refusal in zip(tried, refusals, strict=True) if refusal is not None}
    if not evidence.answered:
        evidence.errors[Stage.TCP] = refusal = evidence.dead[tried[0]]
        raise refusal


async def _find_refusal(evidence: Evidence, address: str) -> DialError | PeerSilentError | None:
    host, port = parse_endpoint(address)
    refusal: DialError | PeerSilentError
    try:
        async with asyncio.timeout(evidence.patience_s):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError as error:
        refusal = PeerSilentError(address, waited_for="TCP connection", waited_s=evidence.patience_s)
        refusal.__cause__ = error
    except OSError as error:
        refusal = DialError(evidence.endpoint, "tcp", describe(error))
        refusal.__cause__ = error
    else:
        writer.transport.abort()
        return None
    return refusal

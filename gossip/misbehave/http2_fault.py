"""Registers faults that are frames on a new HTTP/2 connection."""

from collections.abc import Callable

from gossip.misbehave.attacker import Attacker
from gossip.misbehave.ending import CUT, Ending, goaway
from gossip.misbehave.fault import Fault, Layer, describe
from gossip.misbehave.http2_peer import Http2Peer
from gossip.transport.gate import Offence


def http2_fault(
    name: str, expected: Ending, *, limit: str, offence: Offence | None, layer: Layer = Layer.HTTP2
) -> Callable[[Callable[[Http2Peer], None]], Fault]:
    """Make a function that says something on a new connection a fault.

    Then the end is waited for: that of stream 1 for a call, else that of the connection.
    """

    def register(misbehave: Callable[[Http2Peer], None]) -> Fault:
        async def run(attacker: Attacker) -> Ending:
            async with attacker.http2() as peer:
                misbehave(peer)
                return await peer.ending(attacker.patience_s, 1 if layer is Layer.GRPC else 0)

        return Fault(name, layer, describe(misbehave), expected, limit, offence, False, run)

    return register


def flood(name: str, limit: str) -> Callable[[Callable[[Http2Peer], None]], Fault]:
    """Make it a fault that a frame budget catches."""
    return http2_fault(name, CUT, limit=limit, offence=Offence.FLOOD)


def breach(name: str, code: str, limit: str = "RFC 9113") -> Callable[[Callable[[Http2Peer], None]], Fault]:
    """Make it a fault that breaks a rule of HTTP/2, which ends the connection with this error code."""
    return http2_fault(name, goaway(code), limit=limit, offence=Offence.BREACH)

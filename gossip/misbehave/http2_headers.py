"""Header blocks that cost more than they look."""

from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.conversation import one_by_one
from gossip.misbehave.ending import CUT, Ending
from gossip.misbehave.fault import Layer, fault
from gossip.misbehave.http2_fault import breach, http2_fault
from gossip.misbehave.http2_peer import Http2Peer
from gossip.transport.gate import Offence

CONTINUATIONS = 5000
TABLE_UPDATES = 4000
SLOW_BYTES = 1000


@breach("huge-headers", "ENHANCE_YOUR_CALM", limit="max_request_header_bytes")
def huge_headers(peer: Http2Peer) -> None:
    """Opens a call with 16 KB of header fields."""
    peer.open(fields=[*frames.request(), ("x-long", "v" * 8_000), ("x-longer", "w" * 8_000)])


@breach("header-bomb", "ENHANCE_YOUR_CALM", limit="max_request_header_bytes")
def header_bomb(peer: Http2Peer) -> None:
    """Repeats a long header field by one byte each, which HPACK expands to megabytes."""
    first = peer.block([*frames.request(), ("bomb", "b" * 1000)])
    peer.write(frames.headers(1, first + b"\xbe" * 2500))


@breach("broken-hpack", "COMPRESSION_ERROR", limit="RFC 7541")
def broken_hpack(peer: Http2Peer) -> None:
    """Sends a header block that HPACK cannot read."""
    peer.write(frames.headers(1, b"\xff" * 8))


@breach("table-updates", "COMPRESSION_ERROR", limit="RFC 7541")
def table_updates(peer: Http2Peer) -> None:
    """Opens a call with a header block that changes the size of HPACK's table 4,000 times."""
    peer.write(frames.headers(1, b"\x20" * TABLE_UPDATES + peer.block()))


@http2_fault("continuation-flood", CUT, limit="frames.headers, 64 CONTINUATIONs", offence=Offence.BREACH)
def continuation_flood(peer: Http2Peer) -> None:
    """Goes on with empty CONTINUATION frames for ever (CVE-2024-27316)."""
    peer.write(frames.headers(1, peer.block(), whole=False) + frames.continuation(1) * CONTINUATIONS)


@http2_fault("endless-headers", CUT, limit="max_request_header_bytes", offence=Offence.BREACH)
def endless_headers(peer: Http2Peer) -> None:
    """Goes on with a header block of 1.3 MB."""
    peer.write(frames.headers(1, bytes(10_000), whole=False) + frames.continuation(1, bytes(16_000)) * 80)


@fault("slow-headers", Layer.HTTP2, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def slow_headers(attacker: Attacker) -> Ending:
    """Sends a header block one byte at a time."""
    async with attacker.http2() as peer:
        await peer.greeted(attacker.patience_s)
        slow = one_by_one(frames.headers(1, peer.block([*frames.request(), ("x-slow", "v" * SLOW_BYTES)])))
        return await peer.ending(await peer.drip(slow, attacker.pace_s, attacker.patience_s))

"""Calls that gRPC does not know."""

from collections.abc import Callable

from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.ending import SERVED, End, Ending, status
from gossip.misbehave.fault import Fault, Layer, fault
from gossip.misbehave.frames import Fields
from gossip.misbehave.http2_fault import http2_fault
from gossip.misbehave.http2_peer import Http2Peer
from gossip.misbehave.session import ping_answered
from gossip.transport.limits import ServerLimits


def call(name: str, expected: Ending, limit: str) -> Callable[[Callable[[Http2Peer], None]], Fault]:
    """Make a function that makes a call on stream 1 a fault; then the call's end is waited for."""
    return http2_fault(name, expected, limit=limit, offence=None, layer=Layer.GRPC)


async def last_of(count: int, attacker: Attacker, fields: Fields | None = None) -> Ending:
    """Make so many calls at once, and wait for the end of the last one.

    Cancellation: the connection is cut.
    """
    async with attacker.http2() as peer:
        for stream_id in range(1, 2 * count, 2):
            peer.open(stream_id, fields)
        return await peer.ending(attacker.patience_s, 2 * count - 1)


@fault("many-streams", Layer.GRPC, Ending(End.RESET, "REFUSED_STREAM"), limit="max_streams")
async def many_streams(attacker: Attacker) -> Ending:
    """Opens more streams than it is allowed to."""
    return await last_of(40, attacker, frames.request(frames.PING_CALL))


@fault("many-handshakes", Layer.GRPC, status("RESOURCE_EXHAUSTED", "under way"), limit="max_handshakes")
async def many_handshakes(attacker: Attacker) -> Ending:
    """Begins one handshake more on a connection than may wait."""
    return await last_of(ServerLimits().max_handshakes + 1, attacker)


@call("no-method", status("INTERNAL", "the method must be POST"), "pseudo-headers")
def no_method(peer: Http2Peer) -> None:
    """Calls without a method."""
    peer.open(fields=frames.request(method=None))


@call("wrong-method", status("INTERNAL", "the method must be POST"), "pseudo-headers")
def wrong_method(peer: Http2Peer) -> None:
    """Calls with GET."""
    peer.open(fields=frames.request(method="GET"))


@call("no-path", status("UNIMPLEMENTED", "nothing is served at"), "pseudo-headers")
def no_path(peer: Http2Peer) -> None:
    """Calls without a path."""
    peer.open(fields=frames.request(None))


@call("wrong-path", status("UNIMPLEMENTED", "nothing is served at"), "routes")
def wrong_path(peer: Http2Peer) -> None:
    """Calls a method that is not there."""
    peer.open(fields=frames.request("/gossip.Gossip/Steal"))


@call("wrong-content-type", status("INVALID_ARGUMENT", "is not gRPC's"), "content-type")
def wrong_content_type(peer: Http2Peer) -> None:
    """Sends JSON."""
    peer.open(fields=frames.request(kind="application/json"))


@call("malformed-fields", Ending(End.RESET, "PROTOCOL_ERROR"), "RFC 9113")
def malformed_fields(peer: Http2Peer) -> None:
    """Calls with two paths, and with header fields of HTTP/1.1."""
    peer.open(fields=[(":path", frames.PING_CALL), *frames.request(), ("Connection", "close")])


@call("half-message", status("INTERNAL", "in the middle of a message"), "message length")
def half_message(peer: Http2Peer) -> None:
    """Ends the stream in the middle of a message."""
    peer.open()
    peer.write(frames.data(1, frames.message(b"half", announced_bytes=100), ends=True))


@call("huge-prefix", status("RESOURCE_EXHAUSTED", "larger than the limit"), "max_handshake_bytes")
def huge_prefix(peer: Http2Peer) -> None:
    """Announces a message of 2 GiB."""
    peer.open()
    peer.write(frames.data(1, frames.message(b"x", announced_bytes=2**31)))


@call("compressed", status("INTERNAL", "compressed"), "no compression")
def compressed(peer: Http2Peer) -> None:
    """Sends a message that says it is compressed."""
    peer.open()
    peer.write(frames.data(1, frames.message(b"x" * 10, is_compressed=True)))


@call("ended-at-once", status("UNKNOWN", "ended the stream before its connection message"), "handshake")
def ended_at_once(peer: Http2Peer) -> None:
    """Ends the stream without a message."""
    peer.open()
    peer.write(frames.data(1, ends=True))


@call("ping-of-two", status("INTERNAL", "a Ping is one message"), "unary calls")
def ping_of_two(peer: Http2Peer) -> None:
    """Sends two messages where one is wanted."""
    peer.open(fields=frames.request(frames.PING_CALL))
    peer.write(frames.data(1, frames.message(b"") * 2, ends=True))


@call("endless-ping", status("INTERNAL", "a Ping is one message"), "unary calls")
def endless_ping(peer: Http2Peer) -> None:
    """Sends a Ping of 6,000 messages that has no end."""
    peer.open(fields=frames.request(frames.PING_CALL))
    for _ in range(6):
        peer.write(frames.data(1, frames.message(b"") * 1000))


@fault("reset-in-mid-message", Layer.GRPC, SERVED, limit="nothing is kept")
async def reset_in_mid_message(attacker: Attacker) -> Ending:
    """Resets a stream in the middle of a message, and calls again."""
    async with attacker.http2() as peer:
        peer.open()
        peer.write(frames.data(1, frames.message(b"half", announced_bytes=100)) + frames.reset(1))
        return await ping_answered(peer, attacker.patience_s)

"""HTTP/2 connections that stop half way, or go on in ways that must be borne."""

from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.conversation import one_by_one
from gossip.misbehave.ending import CUT, SERVED, Ending, status
from gossip.misbehave.fault import Layer, fault
from gossip.misbehave.session import ping_answered
from gossip.misbehave.tcp import closed
from gossip.transport.gate import Offence


@fault("not-http2", Layer.HTTP2, CUT, limit="RFC 9113", offence=Offence.BREACH)
async def not_http2(attacker: Attacker) -> Ending:
    """Speaks HTTP/1.1 over TLS."""
    async with attacker.tls() as conversation:
        conversation.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return await closed(conversation, attacker.patience_s)


@fault("half-preface", Layer.HTTP2, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def half_preface(attacker: Attacker) -> Ending:
    """Sends half of the HTTP/2 preface, and nothing more."""
    async with attacker.tls() as conversation:
        conversation.write(frames.PREFACE[:12])
        return await closed(conversation, attacker.patience_s)


@fault("slow-preface", Layer.HTTP2, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def slow_preface(attacker: Attacker) -> Ending:
    """Sends the HTTP/2 preface one byte at a time."""
    async with attacker.tls() as conversation:
        preface = one_by_one(frames.PREFACE + frames.settings())
        return await closed(conversation, await conversation.drip(preface, attacker.pace_s, attacker.patience_s))


@fault("silent-after-preface", Layer.HTTP2, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def silent_after_preface(attacker: Attacker) -> Ending:
    """Begins HTTP/2 and never calls."""
    async with attacker.http2() as peer:
        return await peer.ending(attacker.patience_s)


@fault("ping-and-stay", Layer.HTTP2, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def ping_and_stay(attacker: Attacker) -> Ending:
    """Calls Ping, and stays without a stream."""
    async with attacker.http2() as peer:
        peer.call_ping(1)
        return await peer.ending(attacker.patience_s, 3)


@fault("unknown-frames", Layer.HTTP2, SERVED, limit="ignored, RFC 9113 section 4.1")
async def unknown_frames(attacker: Attacker) -> Ending:
    """Sends some frames of unknown types."""
    async with attacker.http2() as peer:
        peer.write(b"".join(frames.frame(kind, 0xFF, 0, bytes(kind)) for kind in range(0xA0, 0xC0)))
        return await ping_answered(peer, attacker.patience_s)


@fault("unknown-settings", Layer.HTTP2, SERVED, limit="ignored, RFC 9113 section 6.5.2")
async def unknown_settings(attacker: Attacker) -> Ending:
    """Wants settings that nobody knows."""
    async with attacker.http2({0xF00D: 1, 0xCAFE: 2**32 - 1}) as peer:
        return await ping_answered(peer, attacker.patience_s)


@fault("goaway", Layer.HTTP2, CUT, limit="drains")
async def goaway(attacker: Attacker) -> Ending:
    """Sends GOAWAY, and stays."""
    async with attacker.http2() as peer:
        peer.write(frames.goaway(0))
        return await peer.ending(attacker.patience_s)


@fault("goaway-in-mid-stream", Layer.HTTP2, SERVED, limit="drains")
async def goaway_in_mid_stream(attacker: Attacker) -> Ending:
    """Sends GOAWAY on an authenticated connection, and continues its stream."""
    async with attacker.session() as session:
        session.peer.write(frames.goaway(0))
        # Where nothing is acknowledged PING has to do: whoever has said GOAWAY makes no other call.
        return await session.acknowledged() or await session.peer.stands(attacker.patience_s)


@fault("window-never-opened", Layer.HTTP2, status("UNKNOWN", "timed out waiting"), limit="conn_timeout_s")
async def window_never_opened(attacker: Attacker) -> Ending:
    """Opens a stream on which nothing can be sent to it, not even the ConnEstablish."""
    async with attacker.http2({frames.INITIAL_WINDOW_SIZE: 0}) as peer:
        peer.open()
        peer.write(frames.data(1, frames.message(attacker.forger.conn_establish())))
        return await peer.ending(attacker.patience_s)


@fault("stream-left", Layer.HTTP2, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def stream_left(attacker: Attacker) -> Ending:
    """Authenticates, leaves its stream, and keeps the connection for itself with PINGs."""
    async with attacker.session() as session:
        session.peer.write(frames.reset(session.stream_id))
        pings = one_by_one(frames.ping() * 100)
        return await session.peer.ending(await session.peer.drip(pings, attacker.pace_s, attacker.patience_s), 0)

"""Right ConnEstablish messages where, when or as often as they do not belong."""

import asyncio

from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.ending import SERVED, End, Ending, status
from gossip.misbehave.fault import Layer, fault
from gossip.misbehave.session import Session, data_envelope, ping_answered

RECONNECTIONS = 10
BETWEEN_S = 0.004
"""A connection may not begin 400 calls a second."""


@fault("repeated", Layer.HANDSHAKE, SERVED, limit="nothing changes")
async def repeated(attacker: Attacker) -> Ending:
    """Sends its ConnEstablish three times at once."""
    conn_establish = attacker.forger.conn_establish()
    async with attacker.http2() as peer:
        session = Session(peer, 1, attacker.patience_s)
        peer.open()
        session.say(conn_establish, conn_establish, conn_establish)
        await session.heard_conn_establish()
        return await session.served()


@fault("second-hello", Layer.HANDSHAKE, SERVED, limit="nothing changes")
async def second_hello(attacker: Attacker) -> Ending:
    """Sends, once authenticated, another ConnEstablish: that of a stranger."""
    async with attacker.session() as session:
        session.say(attacker.forger.conn_establish(attacker.forger.stranger()))
        return await session.served()


@fault("interleaved", Layer.HANDSHAKE, SERVED, limit="one handshake a stream")
async def interleaved(attacker: Attacker) -> Ending:
    """Shakes hands on two streams of one connection, in turns."""
    body = frames.message(attacker.forger.conn_establish())
    middle = len(body) // 2
    async with attacker.http2() as peer:
        sessions = [Session(peer, stream_id, attacker.patience_s) for stream_id in (1, 3)]
        for session in sessions:
            peer.open(session.stream_id)
            peer.write(frames.data(session.stream_id, body[:middle]))
        for session in sessions:
            peer.write(frames.data(session.stream_id, body[middle:]))
        for session in sessions:
            await session.heard_conn_establish()
        return await sessions[1].served()


@fault("probe-then-messages", Layer.HANDSHAKE, status("OK"), limit="a probe ends")
async def probe_then_messages(attacker: Attacker) -> Ending:
    """Only probes, and goes on with messages."""
    async with attacker.http2() as peer:
        peer.open()
        Session(peer, 1, attacker.patience_s).say(
            attacker.forger.conn_establish(probe=True), *[data_envelope(b"x")] * 10
        )
        return await peer.ending(attacker.patience_s)


@fault("reconnects", Layer.HANDSHAKE, SERVED, limit="one connection a PKI-ID, and four that are retired")
async def reconnects(attacker: Attacker) -> Ending:
    """Shakes hands on stream after stream of one connection, and leaves them all open."""
    async with attacker.http2() as peer:
        conn_establish = attacker.forger.conn_establish()
        for _ in range(RECONNECTIONS):
            session = Session(peer, peer.new_stream_id(), attacker.patience_s)
            await session.authenticate(conn_establish)
            ending = await session.served()
            if ending != SERVED:
                return ending
        return SERVED


@fault("many-identities", Layer.HANDSHAKE, SERVED, limit="max_identities", needs_authority=True)
async def many_identities(attacker: Attacker) -> Ending:
    """Shakes hands as one new and valid peer of its organisation after the other."""
    async with attacker.http2() as peer:
        for persona in attacker.forger.newcomers(attacker.amount):
            stream_id = peer.new_stream_id()
            peer.open(stream_id)
            conn_establish = frames.message(attacker.forger.conn_establish(persona, probe=True))
            await peer.send(stream_id, conn_establish, attacker.patience_s)
            ending = await peer.ending(attacker.patience_s, stream_id)
            if ending.end is not End.STATUS or ending.code != "OK":
                return ending
            peer.forget(stream_id)
            await asyncio.sleep(BETWEEN_S)
        return await ping_answered(peer, attacker.patience_s)

"""Faults in TLS, and right behind it."""

import ssl

from gossip.misbehave.attacker import Attacker
from gossip.misbehave.conversation import Conversation
from gossip.misbehave.fault import ALERT, CUT, End, Ending, Layer, fault
from gossip.misbehave.tcp import closed
from gossip.transport.gate import Offence


@fault("silent-after-tls", Layer.TLS, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def silent_after_tls(attacker: Attacker) -> Ending:
    """Says nothing once TLS stands."""
    async with attacker.tls() as conversation:
        return await closed(conversation, attacker.patience_s)


@fault("no-alpn", Layer.TLS, CUT, limit="ALPN", offence=Offence.BREACH)
async def no_alpn(attacker: Attacker) -> Ending:
    """Does not offer HTTP/2 in TLS."""
    async with attacker.tls(attacker.blind_context()) as conversation:
        return await closed(conversation, attacker.patience_s)


@fault("foreign-certificate", Layer.TLS, ALERT, limit="TLS CAs", offence=Offence.TLS)
async def foreign_certificate(attacker: Attacker) -> Ending:
    """Presents a TLS certificate that no known TLS CA issued."""
    async with attacker.http2(context=attacker.stranger_context()) as peer:
        return await peer.ending(attacker.patience_s)


@fault("broken-record", Layer.TLS, CUT, limit="TLS", offence=Offence.TLS)
async def broken_record(attacker: Attacker) -> Ending:
    """Sends a record that is not encrypted once TLS stands."""
    async with attacker.tcp() as conversation:
        await shake_hands(attacker, conversation)
        conversation.write(b"\x17\x03\x03\x00\x20" + bytes(32))
        await conversation.until(lambda: conversation.is_closed, attacker.patience_s)
        return CUT if conversation.is_closed else Ending(End.NOTHING)


async def shake_hands(attacker: Attacker, conversation: Conversation) -> None:
    """Bring TLS about over a plain connection, so that plain bytes can follow.

    Cancellation: TLS stands half.
    """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = attacker.context.wrap_bio(incoming, outgoing, server_hostname=attacker.host)
    while not conversation.is_closed:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            conversation.write(outgoing.read())
            await conversation.until(lambda: bool(conversation.received) or conversation.is_closed, attacker.patience_s)
            incoming.write(bytes(conversation.received))
            conversation.received.clear()
        else:
            conversation.write(outgoing.read())
            return

"""Faults below TLS."""

import ssl
from contextlib import AsyncExitStack, suppress

from gossip.errors import DialError
from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.conversation import Conversation, one_by_one
from gossip.misbehave.ending import CUT, End, Ending
from gossip.misbehave.fault import Layer, fault
from gossip.transport.gate import Offence

MAX_CONNECTIONS = 1200


def client_hello(attacker: Attacker) -> bytes:
    """The first bytes of TLS."""
    outgoing = ssl.MemoryBIO()
    tls = attacker.context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=attacker.host)
    with suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


async def closed(conversation: Conversation, patience_s: float) -> Ending:
    """Wait for the end.

    Cancellation: nothing changes.
    """
    if not await conversation.until(lambda: conversation.is_closed, patience_s):
        return Ending(End.NOTHING)
    return conversation.last_word()


@fault("silent", Layer.TCP, CUT, limit="tls_timeout_s", offence=Offence.SLOW)
async def silent(attacker: Attacker) -> Ending:
    """Connects and sends nothing."""
    async with attacker.tcp() as conversation:
        return await closed(conversation, attacker.patience_s)


@fault("half-tls", Layer.TCP, CUT, limit="tls_timeout_s", offence=Offence.SLOW)
async def half_tls(attacker: Attacker) -> Ending:
    """Sends half a ClientHello, and nothing more."""
    async with attacker.tcp() as conversation:
        hello = client_hello(attacker)
        conversation.write(hello[: len(hello) // 2])
        return await closed(conversation, attacker.patience_s)


@fault("slow-tls", Layer.TCP, CUT, limit="tls_timeout_s", offence=Offence.SLOW)
async def slow_tls(attacker: Attacker) -> Ending:
    """Sends its ClientHello one byte at a time."""
    async with attacker.tcp() as conversation:
        hello = one_by_one(client_hello(attacker))
        return await closed(conversation, await conversation.drip(hello, attacker.pace_s, attacker.patience_s))


@fault("garbage", Layer.TCP, CUT, limit="TLS", offence=Offence.TLS)
async def garbage(attacker: Attacker) -> Ending:
    """Sends bytes that are not TLS."""
    async with attacker.tcp() as conversation:
        conversation.write(bytes(range(256)) * 4)
        return await closed(conversation, attacker.patience_s)


@fault("plain-http1", Layer.TCP, CUT, limit="TLS", offence=Offence.TLS)
async def plain_http1(attacker: Attacker) -> Ending:
    """Speaks HTTP/1.1 without TLS."""
    async with attacker.tcp() as conversation:
        conversation.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return await closed(conversation, attacker.patience_s)


@fault("plain-http2", Layer.TCP, CUT, limit="TLS", offence=Offence.TLS)
async def plain_http2(attacker: Attacker) -> Ending:
    """Speaks HTTP/2 without TLS."""
    async with attacker.tcp() as conversation:
        conversation.write(frames.PREFACE + frames.settings())
        return await closed(conversation, attacker.patience_s)


@fault("connection-flood", Layer.TCP, CUT, limit="max_unauthenticated, max_per_address", offence=Offence.CROWD)
async def connection_flood(attacker: Attacker) -> Ending:
    """Opens connection after connection from one address, sends nothing on any, and keeps them."""
    async with AsyncExitStack() as opened:
        first = await opened.enter_async_context(attacker.tcp())
        for _ in range(MAX_CONNECTIONS):
            if first.is_closed:
                break
            try:
                await opened.enter_async_context(attacker.tcp())
            except DialError:  # it takes no more
                break
        return await closed(first, attacker.patience_s)

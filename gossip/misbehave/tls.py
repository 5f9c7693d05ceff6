"""Faults in TLS, and right behind it."""

import asyncio
import ssl
import tempfile

from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.client_hello import HANDSHAKE_RECORD, costly_client_hello
from gossip.misbehave.contexts import blind_context, context_without_certificate, costly_context, stranger_context
from gossip.misbehave.conversation import Conversation, one_by_one
from gossip.misbehave.ending import ALERT, CUT, End, Ending
from gossip.misbehave.fault import Layer, fault
from gossip.misbehave.key_updates import key_updates
from gossip.misbehave.tcp import closed
from gossip.transport.endpoint import certified_name
from gossip.transport.gate import Offence
from gossip.transport.tls.errors import describe

CLIENT_TRAFFIC = "CLIENT_TRAFFIC_SECRET_0"
UPDATES = 2000
EMPTY_RECORD = HANDSHAKE_RECORD + bytes(2)
EMPTY_RECORDS = 1637
FRAME_BYTES = 10_000
BROKEN_RECORD = b"\x17\x03\x03\x00\x20" + bytes(32)


@fault("costly-key-share", Layer.TLS, ALERT, limit="X25519 and P-256 alone", offence=Offence.TLS)
async def costly_key_share(attacker: Attacker) -> Ending:
    """Asks for a key exchange that costs a server 100 ms."""
    async with attacker.tcp() as conversation:
        conversation.write(costly_client_hello())
        return await closed(conversation, attacker.patience_s)


@fault("empty-records", Layer.TLS, CUT, limit="RFC 8446 section 5.1", offence=Offence.TLS)
async def empty_records(attacker: Attacker) -> Ending:
    """Sends 8 KiB of TLS records that hold nothing, before its ClientHello."""
    async with attacker.tcp() as conversation:
        conversation.write(EMPTY_RECORD * EMPTY_RECORDS)
        return await closed(conversation, attacker.patience_s)


@fault("silent-after-tls", Layer.TLS, CUT, limit="stream_timeout_s", offence=Offence.SLOW)
async def silent_after_tls(attacker: Attacker) -> Ending:
    """Sends nothing once TLS is established."""
    async with attacker.tls() as conversation:
        return await closed(conversation, attacker.patience_s)


@fault("no-alpn", Layer.TLS, CUT, limit="ALPN", offence=Offence.BREACH)
async def no_alpn(attacker: Attacker) -> Ending:
    """Does not offer HTTP/2 in TLS."""
    async with attacker.tls(blind_context()) as conversation:
        return await closed(conversation, attacker.patience_s)


@fault("foreign-certificate", Layer.TLS, ALERT, limit="TLS CAs", offence=Offence.TLS)
async def foreign_certificate(attacker: Attacker) -> Ending:
    """Presents a TLS certificate that no known TLS CA issued."""
    async with attacker.http2(context=stranger_context()) as peer:
        return await peer.ending(attacker.patience_s)


@fault("long-chain", Layer.TLS, CUT, limit="max_tls_bytes", offence=Offence.TLS)
async def long_chain(attacker: Attacker) -> Ending:
    """Presents a chain of 100 TLS certificates."""
    async with attacker.http2(context=stranger_context(100)) as peer:
        return await peer.ending(attacker.patience_s)


@fault("costly-certificate", Layer.TLS, ALERT, limit="steps in a thread", offence=Offence.TLS)
async def costly_certificate(attacker: Attacker) -> Ending:
    """Presents a TLS certificate of 6 KB that OpenSSL 3.0 takes 0.2 s to read."""
    context = await asyncio.to_thread(costly_context)
    async with attacker.http2(context=context) as peer:
        return await peer.ending(attacker.patience_s)


@fault("broken-record", Layer.TLS, CUT, limit="TLS", offence=Offence.TLS)
async def broken_record(attacker: Attacker) -> Ending:
    """Sends a record that is not encrypted once TLS is established."""
    async with attacker.tcp() as conversation:
        await shake_hands(conversation, attacker.context, attacker)
        conversation.write(BROKEN_RECORD)
        return await _cut(conversation, attacker.patience_s)


@fault("broken-records", Layer.TLS, CUT, limit="TLS", offence=Offence.TLS)
async def broken_records(attacker: Attacker) -> Ending:
    """Sends 74 KB of records that are not encrypted once TLS stands, most of them when it has failed."""
    async with attacker.tcp() as conversation:
        await shake_hands(conversation, context_without_certificate(), attacker)
        conversation.write(BROKEN_RECORD * 2000)
        return await _cut(conversation, attacker.patience_s)


async def _cut(conversation: Conversation, patience_s: float) -> Ending:
    """Wait for the end once TLS stood: an alert is encrypted then, so nobody can tell whether there was one."""
    await conversation.until(lambda: conversation.is_closed, patience_s)
    if conversation.breach:
        return conversation.last_word()
    return CUT if conversation.is_closed else Ending(End.NOTHING)


@fault("key-update-flood", Layer.TLS, CUT, limit="frames.empty_records", offence=Offence.FLOOD)
async def key_update_flood(attacker: Attacker) -> Ending:
    """Changes its key again and again, and has the other side change its own each time."""
    context = context_without_certificate()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with attacker.tcp() as conversation:
        with tempfile.NamedTemporaryFile("r") as key_log:  # the ssl module tells secrets to files alone
            context.keylog_filename = key_log.name
            tls = await shake_hands(conversation, context, attacker)
            secrets = [line.split()[2] for line in key_log if line.startswith(CLIENT_TRAFFIC)]
        cipher = tls.cipher()
        if not secrets or cipher is None:
            return Ending(End.NOTHING)
        conversation.write(key_updates(bytes.fromhex(secrets[0]), cipher[0], UPDATES))
        return await closed(conversation, attacker.patience_s)


@fault("one-byte-records", Layer.TLS, CUT, limit="frames.fragments", offence=Offence.FLOOD)
async def one_byte_records(attacker: Attacker) -> Ending:
    """Sends a frame in TLS records of one byte each."""
    async with attacker.http2() as peer:
        peer.open()
        for byte in one_by_one(frames.data(1, frames.message(bytes(FRAME_BYTES)))):
            if peer.is_closed:
                break
            peer.write(byte)
            await asyncio.sleep(0)  # which lets it leave
        return await closed(peer, attacker.patience_s)


async def shake_hands(conversation: Conversation, context: ssl.SSLContext, attacker: Attacker) -> ssl.SSLObject:
    """Bring TLS about over a plain connection, so that bytes of our own can follow.

    Raises:
        DialError: It does not come about.

    Cancellation: TLS stands half.
    """
    try:
        async with asyncio.timeout(attacker.patience_s):
            return await _shake_hands(conversation, context, attacker)
    except TimeoutError as error:
        raise attacker.dial_error("tls", f"no answer within {attacker.patience_s:g} s") from error
    except ssl.SSLError as error:
        raise attacker.dial_error("tls", describe(error)) from error


async def _shake_hands(conversation: Conversation, context: ssl.SSLContext, attacker: Attacker) -> ssl.SSLObject:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=certified_name(attacker.host))
    while True:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            conversation.write(outgoing.read())
        else:
            conversation.write(outgoing.read())
            return tls
        await conversation.changed(lambda: bool(conversation.received) or conversation.is_closed)
        if not conversation.received:
            raise attacker.dial_error("tls", conversation.breach or "the peer closed the connection")
        incoming.write(bytes(conversation.received))
        conversation.received.clear()

"""Messages of a peer that has authenticated and means no good."""

from collections.abc import Awaitable, Callable

from gossip.api.options import MIB
from gossip.misbehave import frames
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.ending import CUT, SERVED, Ending, status
from gossip.misbehave.fault import Fault, Layer, describe
from gossip.misbehave.session import ACK_PATIENCE_S, Session, data_envelope
from gossip.transport.gate import Offence
from gossip.wire.acks import encode_ack
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.varint import encode_varint

MAX_MESSAGE_BYTES = 100 * MIB
DEPTH = 20_000
PARTS = 150_000
HUGE_MESSAGES = 3
DENSE_PARTS = 620
PADDED_FRAMES = 3000
ACKS_AT_ONCE = 500


def session_fault(
    name: str, expected: Ending, *, limit: str, offence: Offence | None = None
) -> Callable[[Callable[[Session, int], Awaitable[Ending]]], Fault]:
    """Make a function that misbehaves on an authenticated stream, and knows how often, a fault."""

    def register(misbehave: Callable[[Session, int], Awaitable[Ending]]) -> Fault:
        async def run(attacker: Attacker) -> Ending:
            async with attacker.session() as session:
                return await misbehave(session, attacker.amount)

        return Fault(name, Layer.MESSAGES, describe(misbehave), expected, limit, offence, False, run)

    return register


@session_fault("malformed-envelope", status("INTERNAL", "malformed Envelope"), limit="codec")
async def malformed_envelope(session: Session, _: int) -> Ending:
    """Sends bytes that are no envelope."""
    session.say(b"\xff" * 10)
    return await session.ending()


@session_fault("malformed-message", status("UNKNOWN", "malformed GossipMessage"), limit="codec")
async def malformed_message(session: Session, _: int) -> Ending:
    """Sends an envelope with bytes in it that are no message."""
    session.say(encode_envelope(b"\xff" * 10, b""))
    return await session.ending()


@session_fault("deep-nesting", status("UNKNOWN", "malformed GossipMessage"), limit="codec")
async def deep_nesting(session: Session, _: int) -> Ending:
    """Sends a message that nests groups 20,000 deep."""
    await session.pour(frames.message(encode_envelope(b"\x1b" * DEPTH, b"")))
    return await session.ending()


@session_fault("many-parts", status("UNKNOWN", "more than 100000 parts"), limit="codec")
async def many_parts(session: Session, _: int) -> Ending:
    """Sends 300 KB that would become 50 MB of empty objects."""
    digests = b"\x0a\x00" * PARTS
    request = b"\xba\x01" + encode_varint(len(digests)) + digests  # privateReq
    await session.pour(frames.message(encode_envelope(request, b"")))
    return await session.ending()


@session_fault("oversized-message", status("RESOURCE_EXHAUSTED", "larger than the limit"), limit="max_message_bytes")
async def oversized_message(session: Session, _: int) -> Ending:
    """Begins a message of 100 MiB and one byte."""
    await session.pour(frames.message(bytes(MIB), announced_bytes=MAX_MESSAGE_BYTES + 1))
    return await session.ending()


@session_fault("compressed-message", status("INTERNAL", "compressed"), limit="no compression")
async def compressed_message(session: Session, _: int) -> Ending:
    """Sends a compressed message once it is authenticated."""
    session.peer.write(frames.data(1, frames.message(b"x", is_compressed=True)))
    return await session.ending()


@session_fault("unasked-acks", SERVED, limit="ignored")
async def unasked_acks(session: Session, _: int) -> Ending:
    """Acknowledges, and refuses, messages that nobody sent."""
    session.say(encode_ack(1), encode_ack(2, "no"), encode_ack(0))
    return await session.served()


@session_fault("ack-flood", SERVED, limit="ignored, in turns with other peers")
async def ack_flood(session: Session, amount: int) -> Ending:
    """Acknowledges what nobody sent as fast as it can."""
    await session.pour(b"".join(frames.message(encode_ack(nonce)) for nonce in range(1, amount + 1)))
    return await session.served()


@session_fault("ack-frames", SERVED, limit="ignored, in turns with other peers")
async def ack_frames(session: Session, amount: int) -> Ending:
    """Acknowledges what nobody sent as fast as it can, each time in a DATA frame of its own."""
    peer, size_bytes = session.peer, ACKS_AT_ONCE * len(frames.message(encode_ack(amount)))
    for start in range(0, amount, ACKS_AT_ONCE):
        if not await peer.until(lambda: peer.room(session.stream_id) >= size_bytes, ACK_PATIENCE_S):
            break
        for nonce in range(start + 1, start + 1 + ACKS_AT_ONCE):
            session.say(encode_ack(nonce))
        if not await peer.drain(ACK_PATIENCE_S):
            break
    return await session.served()


@session_fault("data-flood", SERVED, limit="flow control, in turns with other peers")
async def data_flood(session: Session, amount: int) -> Ending:
    """Sends data as fast as it can."""
    await session.pour(frames.message(data_envelope(bytes(100))) * amount)
    return await session.served()


@session_fault("dense-flood", SERVED, limit="in turns with other peers")
async def dense_flood(session: Session, amount: int) -> Ending:
    """Sends short messages of as many parts as fit into them, as fast as it can."""
    members = b"\x0a\x00" * DENSE_PARTS
    response = b"\x3a" + encode_varint(len(members)) + members  # memRes
    await session.pour(frames.message(encode_envelope(response, b"")) * amount)
    return await session.served()


@session_fault("replayed-data", SERVED, limit="none: gossip above tells duplicates")
async def replayed_data(session: Session, _: int) -> Ending:
    """Sends the same message ten times."""
    session.say(*[data_envelope(b"the same", 7)] * 10)
    return await session.served()


@session_fault("long-padding", CUT, limit="frames.fragments", offence=Offence.FLOOD)
async def long_padding(session: Session, _: int) -> Ending:
    """Sends a message byte by byte, each in a DATA frame with 255 bytes of padding."""
    body = frames.message(bytes(PADDED_FRAMES))
    parts = [b"\xff" + body[index : index + 1] + bytes(255) for index in range(PADDED_FRAMES)]
    session.peer.write(b"".join(frames.frame(frames.DATA, frames.PADDED, session.stream_id, part) for part in parts))
    return await session.ending()


@session_fault("question-flood", SERVED, limit="send_buffer")
async def question_flood(session: Session, amount: int) -> Ending:
    """Sends messages that want to be acknowledged, and takes no answer until all are sent."""
    session.peer.stop_reading()
    questions = b"".join(frames.message(data_envelope(b"?", nonce)) for nonce in range(1, amount + 1))
    sent_bytes = await session.pour(questions, 0.2)
    session.peer.go_on_reading()
    await session.pour(questions[sent_bytes:])
    return await session.served()


@session_fault("half-huge-message", SERVED, limit="max_message_bytes")
async def half_huge_message(session: Session, amount: int) -> Ending:
    """Announces a message of 100 MiB, sends a part of it, and leaves."""
    await session.pour(frames.message(bytes(min(amount * 1024, 90 * MIB)), announced_bytes=MAX_MESSAGE_BYTES))
    return await session.ending() if session.peer.is_over(1) else await session.ping_answered()


@session_fault("huge-messages", SERVED, limit="max_message_bytes, in turns with other peers")
async def huge_messages(session: Session, amount: int) -> Ending:
    """Sends messages of 90 MiB, one behind the other."""
    message = frames.message(data_envelope(bytes(min(amount * 1024, 90 * MIB))))
    for _ in range(HUGE_MESSAGES):
        await session.pour(message)
    return await session.served()


@session_fault("deaf-asker", CUT, limit="unread_timeout_s, send_buffer", offence=Offence.UNREAD)
async def deaf_asker(session: Session, amount: int) -> Ending:
    """Sends messages that want to be acknowledged, and opens no window for the answers, ever."""
    session.peer.write(frames.settings({frames.INITIAL_WINDOW_SIZE: 0}))
    await session.pour(b"".join(frames.message(data_envelope(b"?", nonce)) for nonce in range(1, amount + 1)))
    return await session.ending()

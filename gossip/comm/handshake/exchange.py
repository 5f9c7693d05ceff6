"""Runs one handshake over a stream, from either side: who says what when, and how long it may take."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gossip.api.peer import ConnectionInfo
from gossip.clock import Clock
from gossip.comm.handshake.machine import Handshake
from gossip.comm.handshake.patience import within
from gossip.errors import HandshakeError
from gossip.transport.base import FrameStream


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Who proved to be there, and what they sent right behind their ConnEstablish."""

    info: ConnectionInfo
    early: Sequence[bytes]


async def exchange(
    stream: FrameStream,
    handshake: Handshake,
    clock: Clock,
    timeout_s: float,
    wait_turn: Callable[[], Awaitable[None]] | None = None,
    *,
    is_greeted: bool = False,
) -> Exchanged:
    """Send our ConnEstablish, read theirs and judge it.

    Args:
        stream: The stream, on which nothing was said.
        handshake: Knows our ConnEstablish, and what theirs has to be.
        clock: What identities expire by.
        timeout_s: How long they may take.
        wait_turn: Waited for before the judgement, which verifies signatures.
        is_greeted: Whether our ConnEstablish was said, as the connection's greeting.

    Raises:
        GossipError: A check failed, the other side ended the stream, or the network failed. The stream stays open: a
            server refuses by raising, a client by cutting the connection.
        PeerSilentError: Within ``timeout_s`` seconds nothing came, or the other side did not let ours through.

    Cancellation: the stream is unusable; abort it.
    """
    conn_establish = handshake.conn_establish()
    answer = stream.receive() if is_greeted else _ask(stream, conn_establish)
    frames = await within(timeout_s, answer, "connection message", stream.link.remote)
    if not frames:
        raise HandshakeError(f"{stream.link.remote} ended the stream before its connection message")
    if wait_turn is not None:
        await wait_turn()
    return Exchanged(handshake.receive(frames[0], clock.now()), frames[1:])


async def await_verdict(stream: FrameStream, timeout_s: float) -> None:
    """Return when the responder ended our probe with status OK, by which it accepts us.

    Raises:
        RefusedByPeerError: It refused, in its own words.
        HandshakeError: It sent messages instead.
        PeerSilentError: It neither accepted nor refused within ``timeout_s`` seconds.

    Cancellation: the stream stays usable.
    """
    frames = await within(timeout_s, stream.receive(), "verdict on our identity", stream.link.remote)
    if frames:
        raise HandshakeError(f"{stream.link.remote} answered a probe with messages")


async def _ask(stream: FrameStream, conn_establish: bytes) -> Sequence[bytes]:
    await stream.send([conn_establish])
    return await stream.receive()

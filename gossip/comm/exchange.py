"""Runs one handshake over a stream, from either side: who says what when, and how long it may take."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gossip.api.peer import ConnectionInfo
from gossip.clock import Clock
from gossip.comm.handshake import Handshake
from gossip.errors import HandshakeError, PeerSilentError
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
    try:
        async with asyncio.timeout(timeout_s):
            conn_establish = handshake.conn_establish()
            if not is_greeted:
                await stream.send([conn_establish])
            frames = await stream.receive()
    except TimeoutError as error:
        raise _silent(stream, "connection message", timeout_s) from error
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
    try:
        async with asyncio.timeout(timeout_s):
            frames = await stream.receive()
    except TimeoutError as error:
        raise _silent(stream, "verdict on our identity", timeout_s) from error
    if frames:
        raise HandshakeError(f"{stream.link.remote} answered a probe with messages")


def _silent(stream: FrameStream, waited_for: str, waited_s: float) -> PeerSilentError:
    return PeerSilentError(stream.link.remote, waited_for=waited_for, waited_s=waited_s)

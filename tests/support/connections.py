"""Connections without a peer, and pairs of real ones over the network in memory."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gossip.api.peer import AuthInfo, ConnectionInfo
from gossip.comm.connections.connection import Connection
from gossip.metrics import Metrics, NoMetrics
from gossip.transport.base import Channel, DialTimes, FrameStream, Link, Taker
from gossip.transport.memory import MemoryNetwork
from tests.support.hmac_crypto import identity_of, pki_id_of

LINK = Link(remote="nobody:1", peer_certificate=None, own_certificate=None)


def info_of(name: str) -> ConnectionInfo:
    """What is known of an authenticated peer of this name."""
    identity = identity_of(name)
    return ConnectionInfo(pki_id_of(identity), identity, f"{name}:7051", AuthInfo(b"signed", b"signature"))


Deliver = Callable[[Connection, Sequence[bytes]], Awaitable[None]]


class Receiving:
    """A Receiver that takes nothing at once."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver

    def deliver_nowait(self, _connection: Connection, _frames: Sequence[bytes]) -> int:
        return 0

    async def deliver(self, connection: Connection, frames: Sequence[bytes]) -> None:
        await self._deliver(connection, frames)


class QuietStream:
    """A FrameStream on which nothing ever comes, and from which nothing ever leaves while ``is_stuck``.

    The other side ends it when we do, unless it is ``deaf``.
    """

    link = LINK
    is_receiving = False

    def __init__(self, *, is_stuck: bool = False, is_deaf: bool = False) -> None:
        self.max_frame_bytes = 0
        self.sent: list[bytes] = []
        self.is_aborted = False
        self.is_ended = False
        self._is_stuck = is_stuck
        self._is_deaf = is_deaf
        self._other_ended = asyncio.Event()

    async def send(self, frames: Sequence[bytes]) -> None:
        if self._is_stuck:
            await asyncio.Event().wait()
        self.sent += frames

    def offer_to(self, taker: Taker) -> None:
        """Do without."""

    def send_nowait(self, frame: bytes) -> bool:
        return False

    async def receive(self) -> Sequence[bytes]:
        await self._other_ended.wait()
        return []

    async def end(self) -> None:
        self.is_ended = True
        if not self._is_deaf:
            self._other_ended.set()

    def abort(self) -> None:
        self.is_aborted = True


class QuietChannel:
    """A Channel that only notes how it ended; closing it hangs while ``is_stuck``."""

    link = LINK
    times = DialTimes(0, 0)

    def __init__(self, *, is_stuck: bool = False) -> None:
        self.calls: list[str] = []
        self._is_stuck = is_stuck

    async def ping(self) -> None:
        raise AssertionError

    async def open_stream(self) -> FrameStream:
        raise AssertionError

    async def close(self) -> None:
        self.calls.append("close")
        if self._is_stuck:
            await asyncio.Event().wait()

    def abort(self) -> None:
        self.calls.append("abort")


def quiet_connection(name: str = "bob", *, outgoing: bool = False, capacity: int = 3) -> Connection:
    """A connection to look at; it is not run."""
    channel = QuietChannel() if outgoing else None
    return Connection(info_of(name), QuietStream(), capacity=capacity, metrics=NoMetrics(), channel=channel)


@dataclass(frozen=True)
class StreamPair:
    """Both ends of a stream; ``served`` is the server's, which ends when ``refuse`` or ``finish`` is called."""

    channel: Channel
    stream: FrameStream
    served: FrameStream
    verdict: asyncio.Future[None]


@asynccontextmanager
async def stream_pair(buffer_bytes: int = 256 * 1024) -> AsyncIterator[StreamPair]:
    """A stream in memory, from dialer to listener; ``verdict`` is what the server's handler returns or raises."""
    served: asyncio.Future[FrameStream] = asyncio.get_running_loop().create_future()
    verdict: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handler(stream: FrameStream) -> None:
        served.set_result(stream)
        await verdict

    network = MemoryNetwork(buffer_bytes=buffer_bytes)
    listener = network.listen("bob:7051", handler)
    channel = await network.dialer(name="alice:7051").dial("bob:7051")
    stream = await channel.open_stream()
    try:
        yield StreamPair(channel, stream, await served, verdict)
    finally:
        channel.abort()
        await listener.close()


def connection_over(
    pair: StreamPair, *, capacity: int = 3, metrics: Metrics | None = None, outgoing: bool = True
) -> Connection:
    """A connection on the dialling end of the pair, or on the other one."""
    return Connection(
        info_of("bob"),
        pair.stream if outgoing else pair.served,
        capacity=capacity,
        metrics=metrics or NoMetrics(),
        channel=pair.channel if outgoing else None,
    )


_stream: FrameStream = QuietStream()
_channel: Channel = QuietChannel()

"""One connection of the network in memory: its two ends' views, and the streams that it carries."""

import asyncio
import itertools
import logging
from collections.abc import Callable, Sequence

from gossip.api.options import DialOptions
from gossip.errors import RefusedByPeerError, StreamBrokenError
from gossip.transport.base import DialTimes, Link, Taker
from gossip.transport.memory.pipe import Line, Pipe

logger = logging.getLogger("gossip.transport")

CLOSE_DEADLINE_S = 1.0


class MemoryStream:
    """One end of a stream; behaves as :class:`gossip.transport.base.FrameStream` says."""

    def __init__(self, link: Link, outgoing: Pipe, incoming: Pipe, max_frame_bytes: int) -> None:
        self.link = link
        self.max_frame_bytes = max_frame_bytes
        self._outgoing = outgoing
        self._incoming = incoming

    async def send(self, frames: Sequence[bytes]) -> None:
        """Put the frames on their way, each as soon as there is room for it.

        Cancellation: some may have been sent; abort the stream.
        """
        await self._outgoing.put(frames)

    def send_nowait(self, frame: bytes) -> bool:
        """Put one frame on its way, if there is room for it."""
        return self._outgoing.put_nowait(frame)

    async def receive(self) -> Sequence[bytes]:
        """Wait for frames, and return all that have arrived.

        Cancellation: nothing is lost; call again.
        """
        return await self._incoming.take(self.max_frame_bytes)

    @property
    def is_receiving(self) -> bool:
        """Whether something has arrived, or is on its way here."""
        return self._incoming.holds_messages

    def offer_to(self, taker: Taker) -> None:
        """Do without."""

    async def end(self) -> None:
        """Half-close.

        Cancellation: does not wait, so cannot be cancelled.
        """
        self._outgoing.end()

    def abort(self) -> None:
        """Cut the stream off; what is under way is lost."""
        self._outgoing.break_off("the stream was aborted")
        self._incoming.discard("the stream was aborted")

    def finish(self, refusal: RefusedByPeerError | None) -> None:
        """End the serving side with status OK, or with another verdict, unless the stream broke before."""
        self._incoming.discard("the other side ended the stream")
        if not self._outgoing.is_over:
            self._outgoing.end(refusal)


class MemoryConnection:
    """What a dialer and a listener share."""

    def __init__(
        self, line: Line, links: tuple[Link, Link], serve: Callable[[MemoryStream], None], buffer_bytes: int
    ) -> None:
        """Make a connection.

        Args:
            line: What its messages meet.
            links: How the dialer sees it, and how the listener does.
            serve: Starts the listener's handler, or raises StreamBrokenError.
            buffer_bytes: How much one direction of a stream holds.
        """
        self.line = line
        self.link, self._serving_link = links
        self.broken: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._serve = serve
        self._buffer_bytes = buffer_bytes
        self._streams: list[tuple[Pipe, Pipe]] = []

    def open_stream(self, max_frame_bytes: int) -> MemoryStream:
        """Start the listener's handler on one end, and return the other.

        Raises:
            StreamBrokenError: The connection is over, or the listener takes no more streams.
        """
        self.check_open()
        up, down = Pipe(self.line, self._buffer_bytes), Pipe(self.line, self._buffer_bytes)
        self._serve(MemoryStream(self._serving_link, down, up, DialOptions().max_handshake_bytes))
        self._streams = [pipes for pipes in self._streams if not all(pipe.is_over for pipe in pipes)]
        self._streams.append((up, down))
        return MemoryStream(self.link, up, down, max_frame_bytes)

    def check_open(self) -> None:
        """Raise StreamBrokenError when the connection is over."""
        if self.broken.done():
            raise StreamBrokenError(self.broken.result())

    async def round_trip(self) -> None:
        """Wait for as long as a question and its answer take.

        Raises:
            StreamBrokenError: The connection is over, or ended meanwhile.

        Cancellation: nothing is left behind.
        """
        self.check_open()
        await self.line.round_trip(self.broken)
        self.check_open()

    async def drain(self) -> None:
        """Wait until everything that the dialer sent has arrived.

        Cancellation: nothing is left behind.
        """
        for up, _ in self._streams:
            await up.drain()

    def break_off(self, why: str) -> None:
        """Break every stream, and open none from now on. May be called again."""
        if self.broken.done():
            return
        self.broken.set_result(why)
        for pipe in itertools.chain.from_iterable(self._streams):
            pipe.break_off(why)

    def line_changed(self) -> None:
        """Judge anew when the messages under way arrive."""
        for pipe in itertools.chain.from_iterable(self._streams):
            pipe.line_changed()


class MemoryChannel:
    """A dialer's side of a connection; behaves as :class:`gossip.transport.base.Channel` says."""

    def __init__(
        self, connection: MemoryConnection, times: DialTimes, max_frame_bytes: int, greeting: bytes | None = None
    ) -> None:
        self.link = connection.link
        self.times = times
        self._connection = connection
        self._max_frame_bytes = max_frame_bytes
        self._greeting = greeting

    async def ping(self) -> None:
        """Wait for a round trip.

        Cancellation: nothing is left behind.
        """
        await self._connection.round_trip()

    async def open_stream(self) -> MemoryStream:
        """Open a stream, the first one with the greeting.

        Cancellation: the greeting may have been sent; abort the connection.
        """
        stream = self._connection.open_stream(self._max_frame_bytes)
        greeting, self._greeting = self._greeting, None
        if greeting is not None:
            await stream.send([greeting])
        return stream

    async def close(self) -> None:
        """Let what was sent arrive, for at most a second, then close.

        Cancellation: the connection is cut.
        """
        try:
            async with asyncio.timeout(CLOSE_DEADLINE_S):
                await self._connection.drain()
        except TimeoutError:
            logger.debug("the connection to %s was closed before everything had arrived", self.link.remote)
        finally:
            self._connection.break_off("the connection was closed")

    def abort(self) -> None:
        """Cut the connection; what is under way is lost."""
        self._connection.break_off("the connection was cut")

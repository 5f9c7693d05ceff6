"""A transport that works until one named call, which then hangs: where a cancelled task may stand."""

import asyncio
import inspect
from collections import Counter
from collections.abc import Sequence

from gossip.api.options import DialOptions
from gossip.transport.base import Channel, Dialer, DialTimes, FrameStream, Link, StreamHandler, Taker


def awaits_of(protocol: type) -> list[str]:
    """The names of a Protocol's coroutines, as ``Protocol.method``."""
    names = [name for name, member in vars(protocol).items() if inspect.iscoroutinefunction(member)]
    return [f"{protocol.__name__}.{name}" for name in names]


AWAITS = awaits_of(Dialer) + awaits_of(Channel) + awaits_of(FrameStream)
"""Every await of ours that the transport can hold up."""


class Hang:
    """Lets every call pass but the one that is named; and notes what became of the channels."""

    def __init__(self, call: str, occurrence: int = 1) -> None:
        """Hang at the so manieth ``call``, such as ``Channel.ping``."""
        self.reached = asyncio.Event()
        self.channels: list[HangingChannel] = []
        self._call = call
        self._occurrence = occurrence
        self._seen: Counter[str] = Counter()

    async def here(self, call: str) -> None:
        """Pass, or hang."""
        self._seen[call] += 1
        if (call, self._seen[call]) == (self._call, self._occurrence):
            self.reached.set()
            await asyncio.Event().wait()

    @property
    def open_channels(self) -> int:
        """How many channels were neither closed nor aborted."""
        return sum(not channel.is_released for channel in self.channels)


class HangingDialer:
    """A dialer of channels that may hang."""

    def __init__(self, dialer: Dialer, hang: Hang) -> None:
        self._dialer = dialer
        self._hang = hang

    def set_options(self, options: DialOptions) -> None:
        self._dialer.set_options(options)

    @property
    def own_certificate(self) -> bytes | None:
        return self._dialer.own_certificate

    async def dial(self, endpoint: str, greeting: bytes | None = None) -> Channel:
        await self._hang.here("Dialer.dial")
        channel = HangingChannel(await self._dialer.dial(endpoint, greeting), self._hang)
        self._hang.channels.append(channel)
        return channel


class HangingChannel:
    """A channel that may hang, of streams that may."""

    def __init__(self, channel: Channel, hang: Hang) -> None:
        self.is_released = False
        self._channel = channel
        self._hang = hang

    @property
    def link(self) -> Link:
        return self._channel.link

    @property
    def times(self) -> DialTimes:
        return self._channel.times

    async def ping(self) -> None:
        await self._hang.here("Channel.ping")
        await self._channel.ping()

    async def open_stream(self) -> FrameStream:
        await self._hang.here("Channel.open_stream")
        return HangingStream(await self._channel.open_stream(), self._hang)

    async def close(self) -> None:
        await self._hang.here("Channel.close")
        await self._channel.close()
        self.is_released = True

    def abort(self) -> None:
        self._channel.abort()
        self.is_released = True


class HangingStream:
    """A stream that may hang."""

    def __init__(self, stream: FrameStream, hang: Hang) -> None:
        self._stream = stream
        self._hang = hang

    @property
    def link(self) -> Link:
        return self._stream.link

    @property
    def is_receiving(self) -> bool:
        return self._stream.is_receiving

    @property
    def max_frame_bytes(self) -> int:
        return self._stream.max_frame_bytes

    @max_frame_bytes.setter
    def max_frame_bytes(self, limit: int) -> None:
        self._stream.max_frame_bytes = limit

    async def send(self, frames: Sequence[bytes]) -> None:
        await self._hang.here("FrameStream.send")
        await self._stream.send(frames)

    def send_nowait(self, frame: bytes) -> bool:
        return False

    def offer_to(self, taker: Taker) -> None:
        pass

    async def receive(self) -> Sequence[bytes]:
        await self._hang.here("FrameStream.receive")
        return await self._stream.receive()

    async def end(self) -> None:
        await self._hang.here("FrameStream.end")
        await self._stream.end()

    def abort(self) -> None:
        self._stream.abort()


def hanging_handler(handler: StreamHandler, hang: Hang) -> StreamHandler:
    """Serve with ``handler`` streams that may hang."""

    async def serve(stream: FrameStream) -> None:
        await handler(HangingStream(stream, hang))

    return serve


_channel: type[Channel] = HangingChannel
_stream: type[FrameStream] = HangingStream
_dialer: type[Dialer] = HangingDialer

"""HTTP/2 frames against a live server of ours, and a live client of ours against them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from random import Random

from hyperframe.frame import GoAwayFrame

from gossip.api.options import DialOptions
from gossip.errors import GossipError
from gossip.transport.base import FrameStream
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from tests.fuzz.frames import random_frames
from tests.support.raw_http2 import RawPeer, raw_client, raw_server
from tests.support.tls_files import tls_files

LOGGERS = ("gossip", "asyncio", "grpclib", "h2")
QUIET_S = 0.02
"""How long the other side gets to answer, where it does not end the connection anyway."""

LIMIT_S = 10.0


async def echo(stream: FrameStream) -> None:
    """What the server does with a stream."""
    while frames := await stream.receive():
        await stream.send(frames)


class Complaints(logging.Handler):
    """Whatever a bug makes of itself: errors and tracebacks in the log, and what the event loop was left with."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        for name in LOGGERS:
            logging.getLogger(name).addHandler(self)

    def leave(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR or record.exc_info:
            self.texts.append(self.format(record))


class _Live:
    """Runs each case on one event loop, and looks for what it left behind."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._complaints = Complaints()
        self._dialer = GrpcDialer(DialOptions(tls=tls_files(2, 1)))

    def close(self) -> None:
        self._runner.close()
        self._complaints.leave()

    def _run(self, wire: bytes, play: Callable[[bytes], Awaitable[str]]) -> str:
        async def bounded() -> str:
            async with asyncio.timeout(LIMIT_S):
                outcome = await play(wire)
            left = [task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}]
            assert not left, f"left behind {left}: {wire.hex()}"
            return outcome

        outcome = self._runner.run(bounded())
        assert not self._complaints.texts, f"{self._complaints.texts}: {wire.hex()}"
        return outcome


class Http2Server(_Live):
    """Whatever a client sends, the server ends it in order, leaves nothing behind and serves the next one."""

    def try_one(self, random: Random) -> str:
        return self._run(random_frames(random, from_server=False), self._play)

    async def _play(self, wire: bytes) -> str:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0))
        try:
            async with raw_client(listener.endpoint, tls_files(2, 1)) as peer:
                peer.write(wire)
                outcome = await self._hear_end(peer)
                channel = await self._dialer.dial(listener.endpoint)
                await channel.ping()
                await channel.close()
        finally:
            await listener.close()
        assert len(listener.gate) == 0, wire.hex()
        return outcome

    @staticmethod
    async def _hear_end(peer: RawPeer) -> str:
        last = ""
        try:
            async with asyncio.timeout(QUIET_S):
                while True:
                    frame = await peer.frame()
                    if isinstance(frame, GoAwayFrame):
                        last = f"goaway {frame.error_code}"
        except TimeoutError:
            return last or "stays open"
        except EOFError:
            return last or "cut"


class Http2Client(_Live):
    """Whatever a server answers, our dialer comes to an end with an error of ours, and leaves nothing behind."""

    def try_one(self, random: Random) -> str:
        return self._run(random_frames(random, from_server=True), self._play)

    async def _play(self, wire: bytes) -> str:
        serving: list[asyncio.Task[None]] = []

        async def script(peer: RawPeer) -> None:
            task = asyncio.current_task()
            assert task is not None
            serving.append(task)
            peer.write(wire)

        async with raw_server(script, tls_files(1, 0)) as endpoint:
            outcome = await self._call(endpoint)
            if serving:
                await asyncio.wait(serving)
        return outcome

    async def _call(self, endpoint: str) -> str:
        try:
            channel = await self._dialer.dial(endpoint)
        except GossipError as error:
            return f"dial: {type(error).__name__}"
        try:
            stream = await channel.open_stream()
            async with asyncio.timeout(QUIET_S):
                await stream.send([b"hello"])
                while await stream.receive():
                    pass
        except TimeoutError:
            return "waits"
        except GossipError as error:
            return type(error).__name__
        finally:
            channel.abort()
        return "ended"

"""How much of what came in one read is taken at once."""

import asyncio
from typing import Any

import pytest
from grpclib.protocol import AbstractHandler
from h2.connection import H2Connection

from gossip.transport.frame_reader import FRAGMENTS_AT_ONCE, OTHERS_AT_ONCE, FrameReader
from gossip.transport.grpc_connection import GrpcConnection
from gossip.transport.grpc_events import GrpcEvents
from gossip.transport.grpc_protocol import GrpcProtocol
from gossip.transport.grpc_stream import GrpcStream
from gossip.transport.http2 import http2_configuration
from gossip.transport.limits import ConnectionLimits
from tests.support.bounded import run_bounded

MESSAGE = bytes.fromhex("0000000001") + b"m"
REQUEST = [(b":method", b"POST"), (b":path", b"/"), (b":scheme", b"https"), (b":authority", b"here")]


class Unread(GrpcStream):
    """A call that nobody reads."""

    def check_sendable(self) -> None:
        pass

    def check_ending(self) -> None:
        pass

    @property
    def unread(self) -> int:
        return len(self._inbox.take())


class Handler(AbstractHandler):
    """Lets data come in on every call."""

    def __init__(self) -> None:
        self.streams: list[Unread] = []

    def accept(self, stream: Any, headers: Any, release_stream: Any) -> None:  # grpclib's signature
        stream.connection.reading[stream.id] = stream
        self.streams.append(stream)

    def cancel(self, stream: Any) -> None:
        raise AssertionError(stream)

    def close(self) -> None:
        pass


class Nowhere(asyncio.Transport):
    """Takes what is written."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def pause_reading(self) -> None:
        raise AssertionError("the protocol would wait for its turn, which this test takes itself")


class Reading:
    """A server's reader, and the client that it reads from."""

    def __init__(self) -> None:
        self.handler = Handler()
        self.client = H2Connection(http2_configuration(client_side=True))
        self.client.initiate_connection()
        make_stream = lambda connection, stream_id: Unread(connection, stream_id, 1000)  # noqa: E731
        server = http2_configuration(client_side=False)
        protocol = GrpcProtocol(self.handler, server, ConnectionLimits(), make_stream, None)
        protocol.connection_made(Nowhere())
        self.connection: GrpcConnection = protocol.connection
        self.events: GrpcEvents = protocol.processor
        self.reader: FrameReader = protocol._reader
        self.client.send_headers(1, REQUEST)
        self.reader.take(self.client.data_to_send())


@pytest.mark.parametrize(("is_known", "at_once"), [(False, FRAGMENTS_AT_ONCE), (True, 2 * FRAGMENTS_AT_ONCE + 1)])
def test_small_data_of_a_stranger_is_taken_by_and_by(is_known: bool, at_once: int) -> None:
    async def main() -> None:
        reading = Reading()
        reading.connection.is_known = is_known
        for _ in range(2 * FRAGMENTS_AT_ONCE + 1):
            reading.client.send_data(1, MESSAGE)
        taken = []
        reading.reader.take(reading.client.data_to_send())
        taken.append(reading.handler.streams[0].unread)
        while reading.reader.has_more:
            reading.reader.take(b"")
            taken.append(reading.handler.streams[0].unread)
        assert taken[0] == at_once
        assert sum(taken) == 2 * FRAGMENTS_AT_ONCE + 1

    run_bounded(main)


def test_what_ends_with_the_last_frame_that_is_taken_at_once_leaves_nothing() -> None:
    async def main() -> None:
        reading = Reading()
        for _ in range(FRAGMENTS_AT_ONCE):
            reading.client.send_data(1, MESSAGE)
        reading.reader.take(reading.client.data_to_send())
        assert not reading.reader.has_more
        for number in range(OTHERS_AT_ONCE + 1):
            reading.client.ping(b"number%02d" % number)
        reading.reader.take(reading.client.data_to_send())
        assert reading.reader.has_more

    run_bounded(main)

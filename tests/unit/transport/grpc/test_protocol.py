"""One connection's frames, without a network: what the socket's buffer says, and private members that we rely on."""

import asyncio
from types import SimpleNamespace

import grpclib.protocol
import pytest
from grpclib.client import Handler
from hyperframe.frame import PingFrame, SettingsFrame

from gossip.errors import StreamBrokenError
from gossip.transport.grpc import protocol as grpc_protocol
from gossip.transport.grpc.connection import GrpcConnection
from gossip.transport.grpc.protocol import GrpcProtocol
from gossip.transport.grpc.stream import GrpcStream
from gossip.transport.http2.connection import http2_configuration
from gossip.transport.limits import ConnectionLimits
from tests.support.bounded import run_bounded
from tests.support.no_network import Socket
from tests.support.raw_http2 import PREFACE


class Server(GrpcProtocol):
    """Is asked for nothing."""

    def make_stream(self, connection: GrpcConnection, stream_id: int) -> GrpcStream:
        raise AssertionError(connection, stream_id)


def server_on(socket: Socket) -> GrpcProtocol:
    protocol = Server(Handler(), http2_configuration(client_side=False), ConnectionLimits(), None)
    protocol.tcp_connected(socket)
    protocol.connection_made(socket)
    protocol.data_received(PREFACE + SettingsFrame(0).serialize())
    return protocol


@pytest.mark.parametrize(("unsent_bytes", "is_cut"), [(1024 * 1024, False), (1024 * 1024 + 1, True)])
def test_peer_that_does_not_read_our_answers_is_cut(unsent_bytes: int, is_cut: bool) -> None:
    async def main() -> None:
        socket = Socket(unsent_bytes)
        protocol = server_on(socket)
        protocol.data_received(PingFrame(0, opaque_data=b"12345678").serialize())
        await asyncio.sleep(0)
        assert socket.was_aborted is is_cut
        if is_cut:
            assert isinstance(protocol.failure, StreamBrokenError)
            assert "more than 1048576 bytes wait for a peer that does not read" in str(protocol.failure)

    run_bounded(main)


def test_it_is_known_when_a_peer_was_last_heard_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has said nothing for some minutes is cut, however long its connection stands."""

    async def main() -> None:
        now_s = 100.0
        monkeypatch.setattr(grpc_protocol, "time", SimpleNamespace(monotonic=lambda: now_s))
        protocol = server_on(Socket())
        assert protocol.last_received_at_s == 100
        now_s = 200.0
        protocol.empty_records_came(1)
        assert protocol.last_received_at_s == 100, "that was nothing"
        protocol.data_received(PingFrame(0, opaque_data=b"12345678").serialize())
        assert protocol.last_received_at_s == 200

    run_bounded(main)


def test_whatever_h2_stumbles_over_is_a_breach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the connection would stand, and asyncio would say that a protocol failed."""

    def stumble(_data: bytes) -> None:
        raise IndexError("7")

    async def main() -> None:
        protocol = server_on(socket := Socket())
        monkeypatch.setattr(protocol.connection.http2, "receive_data", stumble)
        protocol.data_received(PingFrame(0, opaque_data=b"12345678").serialize())
        assert socket.was_aborted
        assert "breaks the rules of HTTP/2: unreadable frame: IndexError('7')" in str(protocol.failure)

    run_bounded(main)


def test_answers_leave_in_one_write() -> None:
    async def main() -> None:
        socket = Socket()
        protocol = server_on(socket)
        protocol.data_received(PingFrame(0, opaque_data=b"12345678").serialize())
        assert socket.written == b""
        await asyncio.sleep(0)
        assert PingFrame(0, opaque_data=b"12345678", flags=("ACK",)).serialize() in socket.written
        assert socket.written.startswith(b"\0\0"), "no SETTINGS first"

    run_bounded(main)


def test_connection_of_grpclib_still_has_what_ours_builds_on() -> None:
    """A release of grpclib that changes one of these changes what our subclasses do."""

    async def main() -> None:
        connection = server_on(Socket()).connection
        assert connection._transport is connection.transport
        assert connection._connection is connection.http2
        assert connection.write_ready.is_set()
        protocol = server_on(Socket())
        protocol.connection_lost(None)
        assert not hasattr(protocol.connection, "_transport"), "closing it does not free the transport"

    run_bounded(main)
    for name in ("__ended__", "init_stream", "closable"):
        assert name in vars(grpclib.protocol.Stream)
    for name in ("process_request_received", "process_window_updated", "process_remote_settings_changed"):
        assert name in vars(grpclib.protocol.EventsProcessor)

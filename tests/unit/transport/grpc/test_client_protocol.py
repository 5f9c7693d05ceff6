"""An outgoing connection without a network: the Ping that leaves with its first bytes, and how long closing takes."""

import asyncio

import pytest

from gossip.api.options import DialOptions
from gossip.transport.base import DialTimes
from gossip.transport.grpc.client import GrpcChannel
from gossip.transport.grpc.client_protocol import ClientProtocol
from gossip.transport.grpc.dial_places import DialPlaces
from tests.support.no_network import Socket
from tests.support.virtual_time import run_virtual


def no_offence(endpoint: str, reason: str) -> None:
    raise AssertionError((endpoint, reason))


def client_on(socket: Socket) -> ClientProtocol:
    protocol = ClientProtocol("192.0.2.1:7051", None, DialOptions(), None, no_offence)
    protocol.tcp_connected(socket)
    protocol.connection_made(socket)
    return protocol


@pytest.mark.parametrize(("rest_s", "is_fresh"), [(0.0, True), (0.99, True), (1.0, False)])
def test_the_first_ping_tells_of_a_peer_for_a_second(rest_s: float, is_fresh: bool) -> None:
    """Its answer may have come at once: a peer that has died meanwhile would pass for one that answers."""

    async def main() -> None:
        protocol = client_on(Socket())
        await asyncio.sleep(rest_s)
        assert (protocol.take_first_ping() is not None) is is_fresh
        assert protocol.take_first_ping() is None

    run_virtual(main())


class FullSocket(Socket):
    """Closes when all is written, which its peer does not read."""

    def close(self) -> None:
        pass


def test_a_peer_that_reads_nothing_is_waited_for_a_second_when_we_close() -> None:
    async def main() -> None:
        socket = FullSocket()
        place = await DialPlaces().take(asyncio.timeout(None))
        await GrpcChannel(client_on(socket), DialTimes(0, 0), place).close()
        assert (asyncio.get_running_loop().time(), socket.was_aborted) == (1, True)

    run_virtual(main())

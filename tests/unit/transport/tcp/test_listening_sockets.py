"""The listening sockets: who comes in when, and what happens when there is no room."""

import asyncio
import errno
import logging
import socket
import struct
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial

import pytest

from gossip.transport.endpoint import parse_endpoint
from gossip.transport.tcp import listening_sockets as module
from gossip.transport.tcp import names
from gossip.transport.tcp.listening_sockets import DEPARTED_AT_ONCE, ListeningSockets
from gossip.turns import shared_turns
from tests.support.peers import settle

PATIENCE_S = 5.0


class Guest(asyncio.Protocol):
    """Tells that it came in."""

    def __init__(self, came: "asyncio.Queue[asyncio.Transport]") -> None:
        self._came = came

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is in."""
        assert isinstance(transport, asyncio.Transport)
        self._came.put_nowait(transport)


class House:
    """Sockets that listen, who came in by them, and who dials."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[asyncio.Transport] = asyncio.Queue()
        self.sockets = ListeningSockets(lambda: Guest(self.came))
        self.endpoint = ""

    async def accept(self) -> asyncio.Transport:
        """The next who comes in."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.came.get()

    def knock(self) -> socket.socket:
        """Connect, which the kernel does without us."""
        return socket.create_connection(parse_endpoint(self.endpoint), timeout=PATIENCE_S)


@asynccontextmanager
async def house(host: str = "127.0.0.1") -> AsyncIterator[House]:
    """Open at a free port; whoever came in is sent away in the end."""
    made = House()
    made.endpoint = await made.sockets.open(host, 0)
    try:
        yield made
    finally:
        made.sockets.close()
        while not made.came.empty():
            made.came.get_nowait().abort()
        await asyncio.sleep(0)


def run(test: Coroutine[None, None, None]) -> None:
    """In a loop of its own."""
    asyncio.run(test)


def test_connections_come_in_without_delaying_small_writes() -> None:
    async def main() -> None:
        async with house() as made:
            with made.knock():
                transport = await made.accept()
                accepted = transport.get_extra_info("socket")
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                transport.abort()

    run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such setting")
def test_what_who_came_in_does_not_acknowledge_ends_the_connection() -> None:
    async def main() -> None:
        async with house() as made:
            with made.knock():
                transport = await made.accept()
                accepted = transport.get_extra_info("socket")
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 20_000
                transport.abort()

    run(main())


def test_nothing_is_kept_of_those_who_came_in() -> None:
    async def main() -> None:
        async with house() as made:
            for _ in range(3):
                with made.knock():
                    (await made.accept()).abort()
            await settle()
            assert made.sockets._entering == {}

    run(main())


def test_a_connection_that_is_lost_while_it_comes_in_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        lost: asyncio.Queue[socket.socket] = asyncio.Queue()

        async def lose(_: object, accepted: socket.socket) -> None:
            lost.put_nowait(accepted)
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")

        async with house() as made:
            monkeypatch.setattr(asyncio.get_running_loop(), "connect_accepted_socket", lose)
            with made.knock():
                async with asyncio.timeout(PATIENCE_S):
                    accepted = await lost.get()
            await settle()
            assert accepted.fileno() == -1

    run(main())


def test_nobody_comes_in_before_those_who_wait_for_their_turn() -> None:
    async def main() -> None:
        turns = shared_turns()
        async with house() as made:
            order: list[str] = []
            for number in range(3):
                turns.wait(partial(order.append, f"turn {number}"))
            with made.knock():
                (await made.accept()).abort()
                order.append("came in")
            assert order == ["turn 0", "turn 1", "turn 2", "came in"]

    run(main())


def test_who_dialled_has_a_place_among_those_who_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossip.turns.COURTESY_S", 0.05)

    async def main() -> None:
        turns, order = shared_turns(), list[str]()
        async with house() as made:
            accept = made.sockets._accept

            def note_and_accept(listening: socket.socket) -> None:
                order.append("accepted")
                accept(listening)

            monkeypatch.setattr(made.sockets, "_accept", note_and_accept)
            turns.hold_back()
            with made.knock():
                for _ in range(2):
                    await asyncio.sleep(0)  # the knock is heard, and has to wait
                turns.wait(partial(order.append, "behind"))
                (await made.accept()).abort()
            assert order == ["accepted", "behind"]

    run(main())


def test_nobody_comes_in_while_a_known_peer_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gossip.turns.COURTESY_S", 0.05)

    async def main() -> None:
        async with house() as made:
            shared_turns().hold_back()
            began_at_s = asyncio.get_running_loop().time()
            with made.knock():
                (await made.accept()).abort()
            assert asyncio.get_running_loop().time() - began_at_s >= 0.05

    run(main())


def test_a_crowd_comes_in_one_by_one() -> None:
    async def main() -> None:
        async with house() as made:
            guests = [made.knock() for _ in range(20)]
            for guest in guests:
                transport = await made.accept()
                assert transport.get_extra_info("peername") == guest.getsockname()
                transport.abort()
                guest.close()

    run(main())


def reset(guest: socket.socket) -> None:
    """Leave without a goodbye."""
    guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    guest.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it shows when the connection is read")
@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_who_has_left_before_it_was_their_turn_does_not_come_in(leave: Callable[[socket.socket], None]) -> None:
    async def main() -> None:
        async with house() as made:
            for _ in range(50):
                guest = made.knock()
                guest.sendall(b"words")
                leave(guest)
            with made.knock() as stays:
                transport = await made.accept()
                assert transport.get_extra_info("peername") == stays.getsockname()
                transport.abort()
            assert made.came.empty()

    run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it shows when the connection is read")
def test_of_those_who_have_left_only_so_many_are_passed_over_in_one_turn() -> None:
    async def main() -> None:
        async with house() as made:
            (listening,) = made.sockets._listening
            for _ in range(DEPARTED_AT_ONCE + 1):
                made.knock().close()
            made.sockets._accept(listening)
            last, _ = listening.accept()
            last.close()
            with pytest.raises(BlockingIOError):
                listening.accept()

    run(main())


def test_all_addresses_of_a_name_share_a_port() -> None:
    async def main() -> None:
        async with house("localhost") as made:
            _, port = parse_endpoint(made.endpoint)
            for address, _ in await names.look_up("localhost", port):
                with socket.create_connection((address, port), timeout=PATIENCE_S):
                    (await made.accept()).abort()

    run(main())


def test_an_address_in_use_is_refused_and_nothing_listens() -> None:
    async def main() -> None:
        async with house() as made:
            other = House()
            with pytest.raises(OSError, match="already in use"):
                await other.sockets.open(*parse_endpoint(made.endpoint))
            with made.knock():
                (await made.accept()).abort()
            assert other.came.empty()

    run(main())


def test_once_closed_they_accept_nobody_who_dialled_before() -> None:
    async def main() -> None:
        async with house() as made:
            shared_turns().wait(lambda: None)
            with made.knock() as guest:
                await asyncio.sleep(0)  # the knock is heard, and has to wait
                made.sockets.close()
                made.sockets.close()
                with pytest.raises(ConnectionResetError):
                    guest.recv(1)
            assert made.came.empty()

    run(main())


def test_without_room_it_waits_a_second() -> None:
    async def main() -> None:
        async with house() as here:
            (listening,) = here.sockets._listening
            here.sockets._wait_for_room(listening, OSError(errno.EMFILE, "Too many open files"))
            loop = asyncio.get_running_loop()
            (timer,) = loop._scheduled  # type: ignore[attr-defined]  # asyncio's own list of timers
            assert 0.5 < timer.when() - loop.time() <= 1.0

    run(main())


def test_without_room_it_waits_and_says_so(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    attempts: list[int] = []
    accept = socket.socket.accept

    def accept_later(listening: socket.socket) -> tuple[socket.socket, object]:
        attempts.append(1)
        if len(attempts) < 4:
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", accept_later)

    async def main() -> None:
        async with house() as made:
            with made.knock():
                (await made.accept()).abort()

    with caplog.at_level(logging.WARNING, "gossip.transport"):
        run(main())
    assert len(attempts) == 4
    assert [record.getMessage() for record in caplog.records] == [
        "Connections wait, as none can be accepted: Too many open files"
    ]


def of_two_addresses(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """Every host name has 127.0.0.1 and 127.0.0.2."""

    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(names, "getaddrinfo", lambda *_, **__: found)


def test_all_addresses_of_a_name_have_the_same_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        of_two_addresses(monkeypatch, 0)
        async with house("two.example.com") as made:
            ports = {listening.getsockname()[1] for listening in made.sockets._listening}
            assert (len(made.sockets._listening), ports) == (2, {parse_endpoint(made.endpoint)[1]})

    run(main())


def test_where_one_address_is_taken_none_is_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.2", 0)) as taken:
            port = taken.getsockname()[1]
            of_two_addresses(monkeypatch, port)
            sockets = ListeningSockets(asyncio.Protocol)
            with pytest.raises(OSError, match="Address already in use"):
                await sockets.open("two.example.com", port)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)

    run(main())


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_everywhere_is_ipv4_and_ipv6_as_in_go(host: str) -> None:
    async def main() -> None:
        async with house(host) as made:
            _, port = parse_endpoint(made.endpoint)
            for address in ("127.0.0.1", "::1"):
                with socket.create_connection((address, port), timeout=PATIENCE_S):
                    (await made.accept()).abort()
            assert host in made.endpoint, "told as it was asked for"

    run(main())


def test_an_address_with_a_zone_is_bound_to_by_the_number_of_that_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    (number, name), *_ = socket.if_nameindex()
    bound: list[tuple[object, ...]] = []
    create_server = socket.create_server

    def create(address: tuple[object, ...], **_: object) -> socket.socket:
        bound.append(address)
        return create_server(("127.0.0.1", 0))  # the address of a link is no two machines' the same

    monkeypatch.setattr(socket, "create_server", create)

    async def main() -> None:
        async with house(f"fe80::1%{name}"):
            pass

    run(main())
    ((_, port, flow, zone),) = bound
    assert (port, flow, zone) == (0, 0, number)


def test_a_zone_that_the_machine_lacks_is_refused() -> None:
    async def main() -> None:
        with pytest.raises(socket.gaierror):
            await ListeningSockets(asyncio.Protocol).open("fe80::1%nowhere", 0)

    run(main())


def test_an_address_that_the_machine_lacks_is_passed_over_where_there_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        found = [(socket.AF_INET, 1, 6, "", (host, 0)) for host in ("192.0.2.1", "127.0.0.1")]
        monkeypatch.setattr(names, "getaddrinfo", lambda *_, **__: found)
        async with house("localhost") as made:
            assert made.endpoint.startswith("127.0.0.1:")

    run(main())

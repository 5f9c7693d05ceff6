"""Looking names up: nobody waits for a look-up that does not end, and there are never too many."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gossip.transport.endpoint import format_endpoint, parse_endpoint
from gossip.transport.tcp import names
from gossip.transport.tcp.names import MAX_AT_ONCE, Addresses, connect_to_any, look_up
from tests.support.odd_servers import full_backlog, say_nothing, tcp_server


class Resolver:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waiting = threading.Semaphore(0)
        self.answers = threading.Event()

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        self.waiting.release()
        assert self.answers.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    resolver = Resolver()
    monkeypatch.setattr(names, "getaddrinfo", resolver)
    yield resolver
    resolver.answers.set()


def test_a_host_has_addresses_with_the_port() -> None:
    addresses = asyncio.run(look_up("localhost", 7051))
    assert ("127.0.0.1", 7051) in addresses
    assert {port for _, port in addresses} == {7051}


@pytest.mark.parametrize("address", ["192.0.2.1", "::1", "fe80::1%eth0"])
def test_an_address_is_not_looked_up(address: str, resolver: Resolver) -> None:
    assert asyncio.run(look_up(address, 7051)) == [(address, 7051)]
    assert resolver.asked == []


def test_a_host_that_is_not_there_is_an_error_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(*_: object, **_kind: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(names, "getaddrinfo", find)
    with pytest.raises(socket.gaierror, match="Name or service not known"):
        asyncio.run(look_up("no-such-host.invalid", 7051))


def test_a_name_that_cannot_be_written_is_an_error_of_the_system_too() -> None:
    """The system does not take it, and whoever asks must not wait for ever."""
    with pytest.raises(OSError, match="label"):
        asyncio.run(asyncio.wait_for(look_up("a" * 64 + ".example.com", 7051), 10))


def test_nobody_waits_for_a_look_up_that_was_given_up(resolver: Resolver) -> None:
    """Not even the end of the program's loop."""

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await look_up("slow.example.com", 7051)

    asyncio.run(main())
    assert not resolver.answers.is_set()


def test_a_host_is_looked_up_once_for_all_who_ask_meanwhile(resolver: Resolver) -> None:
    """In threads of their own, too; one that hangs for a minute would take a thread with each dial."""

    has_asked = threading.Event()

    async def ask_elsewhere() -> Addresses:
        asking = asyncio.create_task(look_up("slow.example.com", 3))
        await asyncio.sleep(0)
        has_asked.set()
        return await asking

    async def main() -> None:
        first = asyncio.create_task(look_up("slow.example.com", 1))
        assert await asyncio.to_thread(resolver.waiting.acquire, timeout=60)
        gives_up = asyncio.create_task(look_up("slow.example.com", 2))
        elsewhere = asyncio.create_task(asyncio.to_thread(asyncio.run, ask_elsewhere()))
        other = asyncio.create_task(look_up("other.example.com", 4))
        assert await asyncio.to_thread(resolver.waiting.acquire, timeout=60)
        gives_up.cancel()
        await asyncio.wait([gives_up])
        assert await asyncio.to_thread(has_asked.wait, 60)
        resolver.answers.set()
        answers = [await asking for asking in (first, elsewhere, other)]
        assert answers == [[("192.0.2.1", port)] for port in (1, 3, 4)]

        await look_up("slow.example.com", 5)  # whose answer is a new one

    asyncio.run(main())
    assert resolver.asked == ["slow.example.com", "other.example.com", "slow.example.com"]


def test_everybody_who_asked_hears_of_a_failure_by_an_error_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def find(*_: object, **_kind: object) -> None:
        assert answer.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def main() -> tuple[BaseException, BaseException]:
        asking = [asyncio.create_task(look_up("no.example.com", 1)) for _ in range(2)]
        await asyncio.sleep(0)
        answer.set()
        await asyncio.wait(asking)
        one, two = (task.exception() for task in asking)
        assert one is not None
        assert two is not None
        return one, two

    monkeypatch.setattr(names, "getaddrinfo", find)
    one, two = asyncio.run(main())
    assert one is not two
    assert type(one) is type(two) is socket.gaierror
    assert one.args == two.args == (socket.EAI_AGAIN, "Temporary failure in name resolution")


def test_more_than_fit_wait_and_who_gave_up_is_not_looked_up(resolver: Resolver) -> None:
    async def main() -> None:
        first = [asyncio.create_task(look_up(f"first{number}", 1)) for number in range(MAX_AT_ONCE)]
        for _ in range(MAX_AT_ONCE):
            assert await asyncio.to_thread(resolver.waiting.acquire, timeout=60)
        late, gives_up = (asyncio.create_task(look_up(name, 1)) for name in ("late", "gives up"))
        await asyncio.sleep(0)
        gives_up.cancel()
        await asyncio.wait([gives_up])
        assert {name.rstrip("0123456789") for name in resolver.asked} == {"first"}
        resolver.answers.set()
        assert await asyncio.gather(*first, late) == [[("192.0.2.1", 1)]] * (MAX_AT_ONCE + 1)

    asyncio.run(main())
    assert "late" in resolver.asked
    assert "gives up" not in resolver.asked


def test_a_system_without_room_for_threads_takes_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", start)
        for _ in range(MAX_AT_ONCE):
            with pytest.raises(OSError, match="can't start new thread"):
                asyncio.run(look_up("localhost", 7051))
    assert ("127.0.0.1", 7051) in asyncio.run(asyncio.wait_for(look_up("localhost", 7051), 60))


def connect(*endpoints: str) -> str:
    """Connect to one of several and tell to which."""

    async def run() -> str:
        with await connect_to_any([parse_endpoint(endpoint) for endpoint in endpoints]) as connected:
            return format_endpoint(connected.getpeername())

    return asyncio.run(run())


def test_the_first_address_that_lets_it_is_taken_and_the_first_refusal_told() -> None:
    with tcp_server(say_nothing) as good, tcp_server(say_nothing) as another:
        assert connect("127.0.0.1:1", good, another) == good
    with pytest.raises(ConnectionRefusedError, match=r"'127.0.0.1', 1\b"):
        connect("127.0.0.1:1", "127.0.0.1:2")


def test_an_address_that_says_nothing_does_not_take_the_time_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "PATIENCE_S", 0.05)
    with full_backlog() as silent, tcp_server(say_nothing) as good:
        assert connect(silent, good) == good
        with pytest.raises(TimeoutError, match=r"no answer within 0\.05 s"):
            connect(silent, "127.0.0.1:1")
        with pytest.raises(TimeoutError, match=r"^$"):  # the last one has all the time that there is
            asyncio.run(asyncio.wait_for(connect_to_any([parse_endpoint(silent)]), 0.2))

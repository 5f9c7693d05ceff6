"""Handshakes whose steps are taken in a thread end as others do."""

import asyncio
import ssl
import weakref
from collections.abc import Awaitable, Callable

import pytest

from gossip.api.options import DialOptions
from gossip.errors import DialError
from gossip.transport.base import FrameStream
from gossip.transport.gate import Offence
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import GrpcListener, listen
from gossip.transport.limits import ServerLimits
from gossip.transport.tls import steps as module
from gossip.transport.tls import threads as tls_threads
from gossip.transport.tls.steps import Steps
from gossip.transport.tls.threads import Done, Waiting
from tests.support.bounded import run_bounded
from tests.support.tls_files import tls_files

MAX_WARY = 1024
LONG_S = 0.003
NO_CERTIFICATE_BYTES = 256
SMALL_BYTES = 2304
WARY_S = 60.0
HERE, THERE = "192.0.2.1", "192.0.2.2"


async def echo(stream: FrameStream) -> None:
    """Send back what comes."""
    while frames := await stream.receive():
        await stream.send(frames)


@pytest.fixture
def in_threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Take every step that reads a certificate in a thread; gives how much the peer had said.

    With OpenSSL 3.5 a ClientHello is as long as a certificate, and is not counted.
    """
    taken: list[int] = []
    take = Steps.take_in_thread

    def note(self: Steps, tls: ssl.SSLObject, said_bytes: int, address: str | None, done: Done) -> Waiting:
        if not tls.server_side or tls.selected_alpn_protocol() is not None:
            taken.append(said_bytes)
        return take(self, tls, said_bytes, address, done)

    monkeypatch.setattr(Steps, "take_in_thread", note)
    monkeypatch.setattr(module, "SMALL_BYTES", 600)  # a certificate is longer
    return taken


def with_listener(main: Callable[[GrpcListener], Awaitable[None]], limits: ServerLimits | None = None) -> None:
    async def bounded() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=tls_files(1, 0), limits=limits)
        try:
            await main(listener)
        finally:
            await listener.close()

    run_bounded(bounded)


def test_messages_follow_a_handshake_in_threads(in_threads: list[int]) -> None:
    async def main(listener: GrpcListener) -> None:
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)
        await channel.ping()
        stream = await channel.open_stream()
        await stream.send([b"hello"])
        assert await stream.receive() == [b"hello"]
        await channel.close()

    with_listener(main)
    assert min(in_threads) > 600
    assert len(in_threads) >= 2, "on each side"


def test_what_is_said_behind_a_handshake_sends_no_certificate_to_a_thread(
    in_threads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL_BYTES", SMALL_BYTES)

    async def main(listener: GrpcListener) -> None:
        first = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)
        await first.ping()
        await first.close()
        in_threads.clear()
        channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(
            listener.endpoint, greeting=bytes(SMALL_BYTES)
        )
        assert await (await channel.open_stream()).receive() == [bytes(SMALL_BYTES)]
        await channel.close()

    with_listener(main)
    assert in_threads == []


def test_who_is_not_trusted_is_told_so_from_a_thread(in_threads: list[int]) -> None:
    async def main(listener: GrpcListener) -> None:
        stranger = GrpcDialer(DialOptions(tls=tls_files(2, 1, trusts=(2,))))
        with pytest.raises(DialError, match="certificate was refused by us"):
            await stranger.dial(listener.endpoint)

    with_listener(main)
    assert len(in_threads) == 1


def test_what_is_too_long_is_too_long_in_a_thread_too(in_threads: list[int]) -> None:
    async def main(listener: GrpcListener) -> None:
        with pytest.raises(DialError):
            await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)
        assert listener.cut == {Offence.TLS: 1}

    with_listener(main, ServerLimits(max_tls_bytes=1500))
    assert len(in_threads) >= 2


def test_a_connection_that_is_lost_meanwhile_stays_lost_and_lets_go_of_its_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[tuple[Waiting, weakref.ref[ssl.SSLObject]]] = []

    def hold(_: Steps, tls: ssl.SSLObject, _said_bytes: int, _address: str | None, done: Done) -> Waiting:
        waiting = Waiting(tls, done)
        held.append((waiting, weakref.ref(tls)))
        return waiting

    monkeypatch.setattr(module, "SMALL_BYTES", 600)
    monkeypatch.setattr(Steps, "take_in_thread", hold)

    async def main(listener: GrpcListener) -> None:
        dialling = asyncio.create_task(GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint))
        while not held:  # noqa: ASYNC110  # the dialler's, which has heard the server
            await asyncio.sleep(0)
        dialling.cancel()
        await asyncio.wait([dialling])
        while len(listener.gate):  # noqa: ASYNC110  # the gate has no event
            await asyncio.sleep(0)
        ((waiting, tls),) = held
        assert tls() is None
        assert waiting.is_given_up
        waiting.tell(waiting.run())
        assert dialling.cancelled()

    with_listener(main)


class Clocks:
    """A clock, and that of the processor, on which each handshake's step takes ``step_s`` and ends with ``error``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step_s: float, error: ssl.SSLError | None) -> None:
        self.now_s = self._used_s = 0.0
        self._step_s = step_s
        self._error = error
        monkeypatch.setattr(module, "perf_counter", lambda: self.now_s)
        monkeypatch.setattr(tls_threads, "thread_time", lambda: self._used_s)

    def do_handshake(self) -> None:
        self._used_s += self._step_s
        if self._error is not None:
            raise self._error


@pytest.mark.parametrize(
    ("step_s", "error", "is_wary"),
    [
        (LONG_S, ssl.SSLError("refused"), False),
        (LONG_S * 1.1, ssl.SSLError("refused"), True),
        (LONG_S * 1.1, ssl.SSLWantReadError(), False),
        (LONG_S * 1.1, None, False),
    ],
)
def test_after_a_long_step_that_failed_others_of_that_address_are_taken_in_threads_for_a_while(
    step_s: float, error: ssl.SSLError | None, is_wary: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch, step_s, error)
    steps = Steps()
    for address in (HERE, THERE):
        steps.stood(address)
    assert steps.take(clocks, HERE) is error  # type: ignore[arg-type]  # all that it needs of TLS
    steps.stood(HERE)
    assert steps.may_be_here(SMALL_BYTES, HERE) is not is_wary
    assert steps.may_be_here(SMALL_BYTES, THERE)
    clocks.now_s += WARY_S
    assert steps.may_be_here(SMALL_BYTES, HERE)


def test_a_certificate_is_read_on_the_loop_only_where_a_good_one_came_from() -> None:
    steps = Steps()
    assert not steps.may_be_here(NO_CERTIFICATE_BYTES + 1, HERE)
    assert steps.may_be_here(NO_CERTIFICATE_BYTES, HERE)
    assert steps.may_be_here(SMALL_BYTES, HERE, reads_certificate=False)
    assert not steps.may_be_here(SMALL_BYTES + 1, HERE, reads_certificate=False)
    assert steps.may_be_here(SMALL_BYTES, None), "who has no address is on this machine"
    steps.stood(None)
    steps.stood(HERE)
    assert (steps.may_be_here(SMALL_BYTES, HERE), steps.may_be_here(SMALL_BYTES + 1, HERE)) == (True, False)
    assert not steps.may_be_here(SMALL_BYTES, THERE)
    for number in range(MAX_WARY):
        steps.stood(str(number))
    assert not steps.may_be_here(SMALL_BYTES, HERE), "so many are not remembered"


def test_the_first_certificate_from_somewhere_is_read_in_a_thread_and_the_next_on_the_loop(
    in_threads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SMALL_BYTES", SMALL_BYTES)
    monkeypatch.setattr(module, "_this_thread", module._ThisThread())

    async def main(listener: GrpcListener) -> None:
        for _ in range(2):
            channel = await GrpcDialer(DialOptions(tls=tls_files(2, 1))).dial(listener.endpoint)
            await channel.ping()
            await channel.close()

    with_listener(main)
    assert len(in_threads) == 1, "the dialler's, which then knows the address"

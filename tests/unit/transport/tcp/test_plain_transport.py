"""How much of what one connection without TLS sent is taken in one turn."""

import asyncio

import pytest

from gossip import turns
from gossip.transport.tcp import plain_transport, turn_transport
from gossip.transport.tcp.plain_transport import PlainTransport
from gossip.turns import ALONE_S, AT_ONCE_S, ROUND_S
from tests.support.bounded import run_bounded
from tests.support.no_network import Socket

READ_BYTES = 16 * (5 + 16 * 1024 + 17)
STRANGERS_READ_BYTES = 16 * 1024
PIECES = 12
REAL_PIECE_BYTES = plain_transport.PIECE_BYTES
PIECE_BYTES = 16 * 1024
"""Less than in earnest, so that many fit into one read."""
SENT = b"".join(bytes([number]) * PIECE_BYTES for number in range(PIECES))


class Application:
    """Needs some time for each piece; the clock shows no other."""

    now_s = 0.0

    def __init__(self, piece_s: float, *, is_trusted: bool = True) -> None:
        self.is_trusted = is_trusted
        self.piece_s = piece_s
        self.taken = b""
        self.sizes: list[int] = []
        self.told: list[str] = []
        self.pauses_after = 0
        self.socket = Socket()
        self.transport = PlainTransport(self)
        self.transport.connection_made(self.socket)

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        self.told.append("tcp")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.told.append("made")

    def data_received(self, data: bytes) -> None:
        self.taken += data
        self.sizes.append(len(data))
        Application.now_s += self.piece_s
        if len(self.taken) == self.pauses_after:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        self.told.append("full")

    def resume_writing(self) -> None:
        self.told.append("room")

    def connection_lost(self, exc: BaseException | None) -> None:
        self.told.append("lost")

    def receive(self, data: bytes) -> None:
        """Come from the network, all at once."""
        self.transport.get_buffer(-1)[: len(data)] = data
        self.transport.buffer_updated(len(data))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that everybody goes by, and shorter pieces."""
    monkeypatch.setattr(Application, "now_s", 0.0)
    monkeypatch.setattr(plain_transport, "PIECE_BYTES", PIECE_BYTES)
    for each in (turn_transport, turns):
        monkeypatch.setattr(each, "perf_counter", lambda: Application.now_s)


async def pieces_after_each_round(application: Application) -> list[int]:
    """How many pieces were taken, from now on until it is all of them."""
    seen = [len(application.taken) // PIECE_BYTES]
    while seen[-1] < PIECES:
        await asyncio.sleep(0)
        taken = len(application.taken) // PIECE_BYTES
        if taken != seen[-1]:
            seen.append(taken)
    return seen


@pytest.mark.parametrize(
    ("piece_s", "expected"),
    [
        (0.0, [PIECES]),
        (ALONE_S / 4.5, [5, 10, 12]),
        (ALONE_S, list(range(1, PIECES + 1))),
    ],
)
def test_who_needs_long_for_its_pieces_lets_others_come_in_between(piece_s: float, expected: list[int]) -> None:
    async def main() -> None:
        application = Application(piece_s)
        application.receive(SENT)
        assert application.socket.is_read is (len(expected) == 1)
        assert await pieces_after_each_round(application) == expected
        assert application.taken == SENT
        assert application.socket.is_read

    run_bounded(main)


def test_turns_are_shorter_while_several_wait_for_one() -> None:
    async def main() -> None:
        first, second, third, fourth = applications = [Application(AT_ONCE_S / 2.5) for _ in range(4)]
        for application in applications:
            application.receive(SENT)
        assert len(first.taken) == 9 * PIECE_BYTES, "nobody waits"
        assert await pieces_after_each_round(second) == [0, 3, 6, 9, 12]
        assert [len(each.taken) // PIECE_BYTES for each in (third, fourth)] == [9, 9]

    run_bounded(main)


def test_in_earnest_pieces_have_64_kib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_transport, "PIECE_BYTES", REAL_PIECE_BYTES)

    async def main() -> None:
        application = Application(0.0)
        application.receive(SENT)
        assert application.sizes == [64 * 1024] * 3

    run_bounded(main)


def test_it_tells_how_much_waits_for_the_socket() -> None:
    """Who does not read is cut by it."""

    async def main() -> None:
        application = Application(0.0)
        assert application.transport.get_write_buffer_size() == 0
        application.socket.unsent_bytes = 7
        assert application.transport.get_write_buffer_size() == 7

    run_bounded(main)


def test_strangers_take_turns() -> None:
    async def main() -> None:
        strangers = [Application(ROUND_S, is_trusted=False) for _ in range(3)]
        for stranger in strangers:
            stranger.receive(b"call")
        served = [sum(bool(stranger.taken) for stranger in strangers)]
        while served[-1] < len(strangers):
            await asyncio.sleep(0)
            served.append(sum(bool(stranger.taken) for stranger in strangers))
        assert sorted(set(served)) == [1, 2, 3]

    run_bounded(main)


def test_short_messages_of_a_known_peer_wait_for_nobody() -> None:
    async def main() -> None:
        stranger, known = Application(ROUND_S, is_trusted=False), Application(0.0)
        for application in (stranger, known):
            application.receive(b"hello")
            application.receive(b"again")
        assert (stranger.taken, known.taken) == (b"hello", b"helloagain")

    run_bounded(main)


@pytest.mark.parametrize(("is_trusted", "most"), [(True, READ_BYTES), (False, STRANGERS_READ_BYTES)])
def test_a_stranger_is_read_by_and_by(is_trusted: bool, most: int) -> None:
    async def main() -> None:
        assert len(Application(0.0, is_trusted=is_trusted).transport.get_buffer(-1)) == most

    run_bounded(main)


def test_who_pauses_gets_the_rest_when_it_goes_on() -> None:
    async def main() -> None:
        application = Application(0.0)
        application.pauses_after = 2 * PIECE_BYTES
        application.receive(SENT)
        assert application.taken == SENT[: application.pauses_after]
        assert not application.socket.is_read
        application.transport.resume_reading()
        assert application.taken == SENT
        assert application.socket.is_read

    run_bounded(main)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_who_waits_for_the_next_turn_is_read_on_for_a_few_bytes(is_trusted: bool) -> None:
    """A pause and its end take longer than such a turn is away."""

    async def main() -> None:
        first, second = Application(ROUND_S), Application(0.0, is_trusted=is_trusted)
        first.receive(SENT[:PIECE_BYTES])
        second.receive(SENT[:STRANGERS_READ_BYTES])
        assert (second.taken, second.socket.is_read) == (b"", True)
        assert len(second.transport.get_buffer(-1)) == STRANGERS_READ_BYTES
        second.receive(SENT[STRANGERS_READ_BYTES : 2 * STRANGERS_READ_BYTES])
        assert (second.taken, second.socket.is_read) == (b"", False)
        for _ in range(2):  # the first round comes at the end of the loop's next one
            await asyncio.sleep(0)
        assert second.taken == SENT[: 2 * STRANGERS_READ_BYTES]
        assert second.socket.is_read

    run_bounded(main)


def test_an_end_behind_what_waits_for_its_turn_comes_after_it() -> None:
    async def main() -> None:
        application = Application(ALONE_S)
        application.receive(SENT)
        assert application.transport.eof_received(), "it stays open"
        await pieces_after_each_round(application)
        assert application.socket.was_aborted, "it is closed"

    run_bounded(main)


def test_everything_else_passes_as_it_is() -> None:
    async def main() -> None:
        application = Application(0.0)
        transport, socket = application.transport, application.socket
        transport.write(b"one")
        transport.writelines((b"two", b"three"))
        assert socket.written == b"onetwothree"
        assert transport.get_extra_info("peername") == ("192.0.2.1", 7051)
        assert transport.get_extra_info("ssl_object") is None
        transport.pause_writing()
        transport.resume_writing()
        transport.close()
        assert transport.is_closing()
        transport.connection_lost(None)
        assert application.told == ["tcp", "made", "full", "room", "lost"]

    run_bounded(main)

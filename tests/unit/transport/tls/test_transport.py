"""How much of what one connection sent is taken in one turn."""

import asyncio
import ssl
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from gossip import turns
from gossip.misbehave.key_updates import key_updates
from gossip.transport.record_size import HEADER_BYTES, RECORD_BYTES
from gossip.transport.tcp import turn_transport
from gossip.transport.tls import threads as tls_threads
from gossip.transport.tls.contexts import TlsSide, client_side, server_side
from gossip.transport.tls.hello import asks_again
from gossip.transport.tls.steps import Steps, shared_steps
from gossip.transport.tls.threads import Step, Waiting
from gossip.transport.tls.transport import TlsTransport
from gossip.turns import ALONE_S
from tests.support.bounded import run_bounded
from tests.support.no_network import Socket
from tests.support.tls_files import tls_files

RECORDS_AT_ONCE = 16
RECORDS = 12
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
SENT = b"".join(bytes([number]) * RECORD_BYTES for number in range(RECORDS))


class Application:
    """A known peer's, which needs some time for each record; the clock shows no other."""

    def __init__(self, record_s: float) -> None:
        self.is_trusted = True
        self.failures = 0
        self.reason = ""
        self.empty_records = 0
        self.now_s = 0.0
        self.record_s = record_s
        self.taken = b""
        self.sizes: list[int] = []
        self.told: list[str] = []
        self.socket: Socket | None = None

    def tcp_connected(self, transport: asyncio.Transport) -> None:
        pass

    def tls_begun(self, transport: asyncio.Transport) -> None:
        assert self.socket is not None
        self.told.append(f"begun, {'something' if self.socket.written else 'nothing'} was written")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.told.append("stands")

    def tls_failed(self, error: ssl.SSLError) -> None:
        self.failures += 1
        self.reason = error.reason

    def data_received(self, data: bytes) -> None:
        self.taken += data
        self.sizes.append(len(data))
        self.now_s += self.record_s * -(-len(data) // RECORD_BYTES)

    def empty_records_came(self, count: int) -> None:
        self.empty_records += count
        self.now_s += self.record_s

    def pause_writing(self) -> None:
        pass

    def resume_writing(self) -> None:
        pass

    def connection_lost(self, exc: BaseException | None) -> None:
        pass


def sessions_of(side: TlsSide) -> int:
    """How many a listener's contexts keep."""
    assert side.openings is not None
    return sum(context.session_stats()["number"] for context in (side.context, *side.openings))


def receive(transport: TlsTransport, data: bytes) -> None:
    transport.get_buffer(-1)[: len(data)] = data
    transport.buffer_updated(len(data))


class Ends:
    """A server's end of a connection, and all that a client has to say."""

    def __init__(
        self,
        application: Application,
        key_log: Path | None = None,
        socket: Socket | None = None,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
    ) -> None:
        self.socket = application.socket = socket or Socket()
        shared_steps().stood(self.socket.get_extra_info("peername")[0])  # so that no step needs a thread
        self.side = server_side(tls_files(1, 0))
        self.transport = TlsTransport(self.side, application, server_side=True)
        self.transport.connection_made(self.socket)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = client_side(tls_files(1, 1)).context
        context.maximum_version = version
        if key_log is not None:
            context.keylog_filename = str(key_log)
        client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        while client.version() is None or outgoing.pending:
            with suppress(ssl.SSLWantReadError):
                client.do_handshake()
            self.receive(outgoing.read())
            incoming.write(self.socket.written)
            self.socket.written = b""
        cipher = client.cipher()
        assert cipher is not None
        self.suite = cipher[0]
        self._client, self._outgoing = client, outgoing
        self.said = self.say(SENT)
        application.now_s += 1  # nobody is in a hurry any more

    def say(self, data: bytes) -> bytes:
        """What the client sends for this."""
        self._client.write(data)
        return self._outgoing.read()

    def goodbye(self) -> bytes:
        """What it sends to close TLS."""
        with suppress(ssl.SSLError):  # it wants ours
            self._client.unwrap()
        return self._outgoing.read()

    def receive(self, data: bytes) -> None:
        """Come from the network, all at once."""
        receive(self.transport, data)


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Application:
    """What is above TLS, and the clock that everybody goes by."""
    application = Application(request.param)
    go_by_clock_of(application, monkeypatch)
    return application


def go_by_clock_of(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (turn_transport, turns):
        monkeypatch.setattr(each, "perf_counter", lambda: application.now_s)


async def records_after_each_round(application: Application) -> list[int]:
    """How many records were taken, from now on until it is all of them."""
    seen = [len(application.taken) // RECORD_BYTES]
    while seen[-1] < RECORDS:
        await asyncio.sleep(0)
        taken = len(application.taken) // RECORD_BYTES
        if taken != seen[-1]:
            seen.append(taken)
    return seen


@pytest.mark.parametrize(
    ("application", "expected"),
    [
        (0.0, [RECORDS]),
        (ALONE_S / 8.5, [RECORDS]),
        (ALONE_S / 7.5, [8, 12]),
    ],
    indirect=["application"],
)
def test_who_needs_long_for_its_records_lets_others_come_in_between(
    application: Application, expected: list[int]
) -> None:
    async def main() -> None:
        ends = Ends(application)
        ends.receive(ends.said)
        assert ends.socket.is_read is (len(expected) == 1)
        assert await records_after_each_round(application) == expected
        assert application.taken == SENT
        assert ends.socket.is_read

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
@pytest.mark.parametrize(
    ("records", "together"),
    [
        ([RECORD_BYTES] * 6 + [5], [6 * RECORD_BYTES + 5]),
        (
            [RECORD_BYTES, 5, 6, RECORD_BYTES - 1, RECORD_BYTES, 7],
            [RECORD_BYTES + 5, 6, RECORD_BYTES - 1, RECORD_BYTES + 7],
        ),
    ],
)
def test_full_records_are_handed_on_together_with_what_follows(
    application: Application, records: list[int], together: list[int]
) -> None:
    async def main() -> None:
        ends = Ends(application)
        ends.receive(ends.said)
        del application.sizes[:]
        ends.receive(b"".join(map(ends.say, map(bytes, records))))
        assert application.sizes == together

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_what_came_before_a_record_that_cannot_be_read_is_handed_on(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application)
        ends.receive(ends.said[:-1] + bytes([ends.said[-1] ^ 1]))
        assert application.taken == SENT[:-RECORD_BYTES]
        assert application.failures == 1

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
@pytest.mark.parametrize("version", VERSIONS)
def test_what_came_before_a_goodbye_is_handed_on(application: Application, version: ssl.TLSVersion) -> None:
    async def main() -> None:
        ends = Ends(application, version=version)
        ends.receive(ends.said + ends.goodbye())
        assert application.taken == SENT
        assert ends.socket.was_aborted
        assert application.failures == 0

    run_bounded(main)


class Busy(Application):
    """Takes no more for now than the first that comes."""

    transport: TlsTransport

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self.transport.pause_reading()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_goodbye_behind_full_records_waits_until_they_were_taken(
    version: ssl.TLSVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        application = Busy(0.0)
        go_by_clock_of(application, monkeypatch)
        ends = Ends(application, version=version)
        application.transport = ends.transport
        ends.receive(ends.said + ends.goodbye())
        while application.taken != SENT:
            assert not ends.socket.was_aborted
            ends.transport.resume_reading()
        assert not ends.socket.was_aborted
        ends.transport.resume_reading()
        assert ends.socket.was_aborted

    run_bounded(main)


def close(ends: Ends) -> None:
    ends.transport.close()


def say_goodbye(ends: Ends) -> None:
    ends.receive(ends.goodbye())


def say_goodbye_byte_by_byte(ends: Ends) -> None:
    for byte in ends.goodbye():
        ends.receive(bytes([byte]))
    assert ends.socket.was_aborted


def say_goodbye_and_more(ends: Ends) -> None:
    ends.receive(ends.goodbye() + b"more")


def send_half_a_record(ends: Ends) -> None:
    ends.receive(ends.say(b"half of it")[:20])


def vanish(_: Ends) -> None:
    """Nothing comes any more."""


@pytest.mark.parametrize("application", [0.0], indirect=True)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "end", [close, say_goodbye, say_goodbye_byte_by_byte, say_goodbye_and_more, send_half_a_record, vanish]
)
def test_no_session_of_a_client_is_kept_when_its_connection_is_gone(
    application: Application, version: ssl.TLSVersion, end: Callable[[Ends], None]
) -> None:
    async def main() -> None:
        ends = Ends(application, version=version)
        ends.receive(ends.said)
        assert application.taken == SENT
        end(ends)
        ends.transport.connection_lost(None)
        assert application.failures == 0
        assert sessions_of(ends.side) == 0

    run_bounded(main)


class SlowThread:
    """One that takes steps of TLS, and says that the last one is done before it goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_taken, self.may_go_on, self.has_told = threading.Event(), threading.Event(), asyncio.Event()
        take, tell = tls_threads.take_step, Waiting.tell

        def take_slowly(tls: ssl.SSLObject) -> Step:
            step = take(tls)
            if step.error is None:
                self.has_taken.set()
                self.may_go_on.wait()
            return step

        def tell_everybody(waiting: Waiting, step: Step) -> None:
            tell(waiting, step)
            if step.error is None:
                self.has_told.set()

        monkeypatch.setattr(tls_threads, "take_step", take_slowly)
        monkeypatch.setattr(Waiting, "tell", tell_everybody)
        monkeypatch.setattr(Steps, "may_be_here", lambda *_, **__: False)


def test_nor_is_one_whose_connection_went_while_a_thread_ended_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        application = Application(0.0)
        socket = application.socket = Socket()
        shared_steps().stood(socket.get_extra_info("peername")[0])
        side = server_side(tls_files(1, 0))
        transport = TlsTransport(side, application, server_side=True)
        transport.connection_made(socket)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = client_side(tls_files(1, 1)).context
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        client = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        receive(transport, outgoing.read())
        incoming.write(socket.written)
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        thread = SlowThread(monkeypatch)
        receive(transport, outgoing.read())
        await asyncio.to_thread(thread.has_taken.wait)
        kept = sessions_of(side)
        transport.connection_lost(None)
        thread.may_go_on.set()
        assert kept == 1
        await thread.has_told.wait()
        assert sessions_of(side) == 0

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_a_server_is_told_when_its_first_words_have_left(application: Application) -> None:
    async def main() -> None:
        Ends(application)
        assert application.told == ["begun, something was written", "stands"]

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_a_client_is_told_when_its_first_words_have_left(application: Application) -> None:
    async def main() -> None:
        socket = application.socket = Socket()
        transport = TlsTransport(client_side(tls_files(1, 1)), application, server_side=False, server_hostname="a")
        transport.connection_made(socket)
        assert application.told == ["begun, something was written"]

    run_bounded(main)


@pytest.mark.parametrize("application", [ALONE_S], indirect=True)
def test_an_end_behind_what_waits_for_its_turn_comes_after_it(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application)
        ends.receive(ends.said)
        assert ends.transport.eof_received(), "it stays open"
        await records_after_each_round(application)
        assert application.taken == SENT
        assert ends.socket.was_aborted, "it is closed"

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_strangers_who_leave_take_turns(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application)
        assert not ends.transport.eof_received(), "whom we know need not wait"
        application.is_trusted = False
        assert ends.transport.eof_received()
        assert not ends.socket.was_aborted
        for _ in range(2):  # the first round comes at the end of the loop's next one
            await asyncio.sleep(0)
        assert ends.socket.was_aborted

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_stranger_who_leaves_after_its_tls_has_failed_has_failed_once(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application)
        ends.receive(b"this is not TLS" + ends.said)
        application.is_trusted = False
        assert not ends.transport.eof_received()
        for _ in range(2):
            await asyncio.sleep(0)
        assert application.failures == 1

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
@pytest.mark.parametrize(
    ("missing_bytes", "failures"),
    [(0, (0, "")), (1, (1, "HANDSHAKE_TOO_LONG"))],
)
def test_a_client_says_no_more_than_it_may_until_tls_stands_and_then_what_it_likes(
    application: Application, missing_bytes: int, failures: tuple[int, str]
) -> None:
    async def main() -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = client_side(tls_files(1, 1)).context.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        hello = outgoing.read()
        socket = application.socket = Socket()
        side = server_side(tls_files(1, 0))
        transport = TlsTransport(side, application, server_side=True, max_handshake_bytes=10_000)
        transport.connection_made(socket)
        receive(transport, hello)
        incoming.write(socket.written)
        client.do_handshake()
        flight = outgoing.read()
        transport._handshake_bytes_left = len(flight) - missing_bytes  # signatures differ in length
        client.write(SENT)
        application.now_s += 1  # nobody is in a hurry any more
        receive(transport, flight + outgoing.read())
        assert (application.failures, application.reason) == failures
        assert application.taken == (b"" if missing_bytes else SENT)

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_a_client_whose_first_words_come_in_parts_is_not_asked_again(application: Application) -> None:
    async def main() -> None:
        outgoing = ssl.MemoryBIO()
        context = client_side(tls_files(1, 1)).context
        client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        hello = outgoing.read()
        socket = application.socket = Socket()
        transport = TlsTransport(server_side(tls_files(1, 0)), application, server_side=True)
        transport.connection_made(socket)
        receive(transport, hello[:50])
        assert socket.written == b""
        receive(transport, hello[50:])
        assert socket.written
        assert not asks_again(socket.written[HEADER_BYTES:])

    run_bounded(main)


class NotingSocket(Socket):
    """Notes how long each write is."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        super().write(data)
        self.sizes.append(len(data))


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_much_that_is_written_leaves_in_parts_so_that_it_is_not_there_twice(application: Application) -> None:
    async def main() -> None:
        socket = NotingSocket()
        ends = Ends(application, socket=socket)
        del socket.sizes[:]
        ends.transport.writelines([bytes(16 * 1024)] * 12)
        record_bytes = 16 * 1024 + 22
        assert socket.sizes == [4 * record_bytes] * 3

    run_bounded(main)


class HalfClosing(Socket):
    """A transport whose own half can be closed alone."""

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_after_tls_has_failed_the_connection_is_cut_however_long_the_peer_stays(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application, socket=HalfClosing())
        ends.receive(b"\x17\x03\x03\x00\x20" + bytes(32))
        assert not ends.socket.was_aborted, "it has a moment to read the alert"
        (timer,) = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # asyncio's own list of timers
        assert timer.when() - asyncio.get_running_loop().time() <= 1.0
        timer._run()
        assert ends.socket.was_aborted

    asyncio.run(main())


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_after_tls_has_failed_its_memory_is_free_while_the_peer_stays(application: Application) -> None:
    """Without a garbage collector, which would look for it too late: it is 100 KB."""

    async def main() -> None:
        ends = Ends(application, socket=HalfClosing())
        tls = weakref.ref(cast("ssl.SSLObject", ends.transport.get_extra_info("ssl_object")))
        ends.receive(b"\x17\x03\x03\x00\x20" + bytes(32))
        assert application.failures == 1
        assert tls() is None

    asyncio.run(main())


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_without_tls_there_is_no_ssl_object(application: Application) -> None:
    """Not before the client's first words, when a server has not begun, and not after it has failed."""

    async def main() -> None:
        silent = TlsTransport(TlsSide(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), b"", ()), application, server_side=True)
        assert silent.get_extra_info("ssl_object", "none") == "none"
        ends = Ends(application, socket=HalfClosing())
        ends.receive(b"\x17\x03\x03\x00\x20" + bytes(32))
        assert ends.transport.get_extra_info("ssl_object") is None

    asyncio.run(main())


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_after_tls_has_failed_nothing_is_written_and_it_can_be_closed(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application, socket=HalfClosing())
        ends.receive(b"\x17\x03\x03\x00\x20" + bytes(32))
        alert = ends.socket.written
        ends.transport.write(b"too late")
        assert not ends.socket.is_closing()
        ends.transport.close()
        assert ends.socket.is_closing()
        assert ends.socket.written == alert

    asyncio.run(main())


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_what_comes_after_tls_has_failed_and_has_to_wait_for_its_turn_is_nothing(application: Application) -> None:
    async def main() -> None:
        heard: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context["message"]))
        ends = Ends(application, socket=HalfClosing())
        application.is_trusted = False
        turns.shared_turns().wait(lambda: None)
        ends.receive(b"no record of TLS")
        await turns.shared_turns().turn()
        assert application.failures == 1
        turns.shared_turns().wait(lambda: None)
        ends.receive(b"and more of it")
        await turns.shared_turns().turn()
        assert heard == []
        assert application.failures == 1
        ends.transport.connection_lost(None)

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_a_connection_that_is_lost_leaves_no_timer(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application, socket=HalfClosing())
        ends.receive(b"\x17\x03\x03\x00\x20" + bytes(32))
        (timer,) = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]  # asyncio's own list of timers
        ends.transport.connection_lost(None)
        assert timer.cancelled()

    asyncio.run(main())


@pytest.mark.parametrize("application", [ALONE_S], indirect=True)
def test_records_without_data_are_told_of_and_let_others_come_in_between(
    application: Application, tmp_path: Path
) -> None:
    async def main() -> None:
        ends = Ends(application, tmp_path / "keys")
        lines = (tmp_path / "keys").read_text().splitlines()
        (secret,) = (line.split()[2] for line in lines if line.startswith("CLIENT_TRAFFIC_SECRET_0"))
        ends.receive(key_updates(bytes.fromhex(secret), ends.suite, 3 * RECORDS_AT_ONCE))
        told = [application.empty_records]
        for _ in range(10):
            application.now_s += 1
            await asyncio.sleep(0)
            told.append(application.empty_records)
        assert sorted(set(told)) == [RECORDS_AT_ONCE, 2 * RECORDS_AT_ONCE, 3 * RECORDS_AT_ONCE]
        assert (application.failures, application.taken) == (0, b"")

    run_bounded(main)


@pytest.mark.parametrize("application", [0.0], indirect=True)
def test_records_with_data_are_not_told_of_wherever_they_are_cut(application: Application) -> None:
    async def main() -> None:
        ends = Ends(application)
        for start in range(0, len(ends.said), 5000):
            ends.receive(ends.said[start : start + 5000])
        assert application.taken == SENT
        assert application.empty_records == 0

    run_bounded(main)

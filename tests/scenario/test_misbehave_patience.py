"""Faults that go on for long end when patience does, whatever the other side does not do."""

import socket
import threading
from dataclasses import replace

import pytest

from gossip.misbehave import frames
from gossip.misbehave import run as run_module
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.contexts import context_without_certificate
from gossip.misbehave.ending import CUT, End, Ending
from gossip.misbehave.run import misbehave
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import encode_conn_establish
from tests.support.attacked import attacker_on
from tests.support.bounded import run_bounded
from tests.support.misbehaving import over_http2
from tests.support.odd_servers import EMPTY_SETTINGS, Handler, begin_http2_and_stop, say_nothing, tcp_server

NOTHING = Ending(End.NOTHING)
CONN_ESTABLISH = encode_conn_establish(
    PkiId(b"pki-id"), PeerIdentityType(b"identity"), b"hash", probe=False, sign=lambda _: b"signature"
)
ALL_ROOM = frames.settings({frames.INITIAL_WINDOW_SIZE: 2**31 - 1}) + frames.window_update(0, 2**31 - 1 - 65_535)


@pytest.fixture(autouse=True)
def no_other_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "FAULT_S", 1000.0)


def impatient(endpoint: str) -> Attacker:
    """One that says little, waits for little, and trusts every server."""
    attacker = attacker_on(endpoint)
    return replace(attacker, context=context_without_certificate(), patience_s=0.3, pace_s=1.0)


def ending_of(fault: str, attacker: Attacker) -> Ending:
    endings: list[Ending] = []

    async def main() -> None:
        endings.append(await misbehave(attacker, FAULTS[fault]))

    run_bounded(main)
    return endings[0]


def accept_session(connection: socket.socket) -> None:
    connection.sendall(EMPTY_SETTINGS + frames.data(1, frames.message(CONN_ESTABLISH)))
    say_nothing(connection)


@pytest.mark.parametrize(
    ("fault", "handle"),
    [
        ("slow-tls", say_nothing),
        ("slow-preface", over_http2(say_nothing)),
        ("slow-headers", over_http2(begin_http2_and_stop)),
        ("slow-handshake", over_http2(begin_http2_and_stop)),
        ("stream-left", over_http2(accept_session)),
    ],
)
def test_what_is_said_slowly_is_said_for_no_longer_than_patience(fault: str, handle: Handler) -> None:
    with tcp_server(handle) as endpoint:
        assert ending_of(fault, impatient(endpoint)) == NOTHING


def test_what_patience_is_left_is_waited_for_the_outcome() -> None:
    def close_at_the_end(connection: socket.socket) -> None:
        left = len(frames.PREFACE + frames.settings())
        while left:
            left -= len(connection.recv(left))

    with tcp_server(over_http2(close_at_the_end)) as endpoint:
        attacker = replace(impatient(endpoint), pace_s=0.001, patience_s=8.0)
        assert ending_of("slow-preface", attacker) == CUT


def test_half_messages_are_begun_on_no_more_streams_once_there_is_no_room() -> None:
    def give_no_room(connection: socket.socket) -> None:
        connection.sendall(frames.settings({frames.INITIAL_WINDOW_SIZE: 0}))
        say_nothing(connection)

    with tcp_server(over_http2(give_no_room)) as endpoint:
        assert ending_of("half-hellos", replace(impatient(endpoint), patience_s=1.0)) == NOTHING


def test_a_flood_that_nobody_takes_is_not_waited_for() -> None:
    is_over = threading.Event()

    def take_nothing(connection: socket.socket) -> None:
        connection.sendall(ALL_ROOM + frames.data(1, frames.message(CONN_ESTABLISH)))
        is_over.wait(30)

    with tcp_server(over_http2(take_nothing)) as endpoint:
        try:
            assert ending_of("data-flood", replace(impatient(endpoint), amount=100_000)) == NOTHING
        finally:
            is_over.set()


def test_who_says_nothing_after_half_a_message_does_not_serve() -> None:
    with tcp_server(over_http2(accept_session)) as endpoint:
        assert ending_of("half-huge-message", replace(impatient(endpoint), amount=1)) == NOTHING

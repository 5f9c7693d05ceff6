"""Who may be connected, and for how long without what."""

from dataclasses import dataclass, field

import pytest

from gossip.transport.gate import Gate, Offence, Progress
from gossip.transport.limits import ServerLimits

LIMITS = ServerLimits(
    max_connections=4,
    max_unauthenticated=2,
    max_per_address=3,
    tls_timeout_s=1,
    stream_timeout_s=2,
    authenticate_timeout_s=3,
    idle_timeout_s=10,
)


@dataclass(eq=False)
class Somebody:
    gate: Gate
    address: str = "10.0.0.1"
    arrived_at_s: float = 0.0
    last_received_at_s: float = 0.0
    progress: Progress = Progress.TCP
    punished: list[tuple[Offence, str]] = field(default_factory=list)

    def ask_whether_alive(self) -> None: ...

    def punish(self, offence: Offence, reason: str) -> None:
        self.punished.append((offence, reason))
        self.gate.leave(self)


@pytest.fixture
def gate() -> Gate:
    return Gate(LIMITS)


def enter(gate: Gate, *, authenticated: bool = True, address: str = "10.0.0.1", at_s: float = 0) -> Somebody:
    visitor = Somebody(gate, address, at_s, at_s)
    gate.enter(visitor)
    if authenticated:
        gate.authenticate(visitor)
    return visitor


def test_one_too_many_in_all_is_cut_and_nobody_else(gate: Gate) -> None:
    inside = [enter(gate, address=f"10.0.0.{number}") for number in range(4)]
    late = enter(gate, authenticated=False, address="10.0.0.9")
    assert late.punished == [(Offence.CROWD, "more than 4 connections")]
    assert not any(visitor.punished for visitor in inside)
    assert len(gate) == 4


def test_one_too_many_from_an_address_is_cut_until_another_leaves(gate: Gate) -> None:
    inside = [enter(gate) for _ in range(3)]
    assert enter(gate, authenticated=False).punished == [(Offence.CROWD, "more than 3 connections from 10.0.0.1")]
    assert enter(gate, address="10.0.0.2").punished == []
    gate.leave(inside[0])
    assert enter(gate).punished == []


def test_one_too_many_unauthenticated_cuts_the_oldest_of_them(gate: Gate) -> None:
    friend = enter(gate)
    oldest, second = enter(gate, authenticated=False), enter(gate, authenticated=False)
    newest = enter(gate, authenticated=False, address="10.0.0.2")
    assert oldest.punished == [(Offence.CROWD, "more than 2 unauthenticated connections")]
    assert [visitor.punished for visitor in (friend, second, newest)] == [[], [], []]


def test_as_many_unauthenticated_are_cut_as_are_too_many_though_they_leave_later(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [enter(gate, address=f"10.0.0.{number}") for number in range(4)]
    with monkeypatch.context() as slow:
        slow.setattr(gate, "leave", lambda _: None)
        for visitor in inside:
            gate.estrange(visitor, 1)
    assert [len(visitor.punished) for visitor in inside] == [1, 1, 0, 0]


def test_leaving_twice_counts_once(gate: Gate) -> None:
    visitor = enter(gate)
    gate.leave(visitor)
    gate.leave(visitor)
    assert len(gate) == 0
    assert [enter(gate).punished for _ in range(3)] == [[], [], []]


def sweep(gate: Gate, now_s: float) -> None:
    """Cut whoever's time is up."""
    for visitor, reason in gate.overdue(now_s).items():
        visitor.punish(Offence.SLOW, reason)


@pytest.mark.parametrize(
    ("progress", "limit_s", "text"),
    [
        (Progress.TCP, 1, "TLS handshake not finished after 1 s"),
        (Progress.TLS, 2, "no request after 2 s"),
        (Progress.STREAM, 3, "the peer is not authenticated after 3 s"),
    ],
)
def test_each_step_has_its_time(gate: Gate, progress: Progress, limit_s: float, text: str) -> None:
    visitor = enter(gate, authenticated=False, at_s=100)
    visitor.progress = progress
    sweep(gate, 100 + limit_s)
    assert visitor.punished == []
    sweep(gate, 100 + limit_s + 0.01)
    assert visitor.punished == [(Offence.SLOW, text)]


def test_authenticated_peer_may_stay_while_it_says_something(gate: Gate) -> None:
    visitor = enter(gate, at_s=100)
    sweep(gate, 110)
    assert visitor.punished == []
    visitor.last_received_at_s = 105
    sweep(gate, 115)
    assert visitor.punished == []
    sweep(gate, 115.01)
    assert visitor.punished == [(Offence.SLOW, "silent for 10 s")]


def test_chatter_does_not_stretch_the_time_to_authenticate(gate: Gate) -> None:
    visitor = enter(gate, authenticated=False, at_s=100)
    visitor.progress = Progress.STREAM
    visitor.last_received_at_s = 103.5
    sweep(gate, 103.5)
    assert visitor.punished == [(Offence.SLOW, "the peer is not authenticated after 3 s")]


def test_a_connection_that_its_peer_has_left_is_a_strangers_again(gate: Gate) -> None:
    left, other = enter(gate), enter(gate)
    sweep(gate, 8)
    gate.estrange(left, 8)
    sweep(gate, 9.5)
    assert left.punished == []
    sweep(gate, 10.5)
    assert left.punished == [(Offence.SLOW, "no request after 2 s")]
    gate.estrange(left, 11)
    assert other.punished == [(Offence.SLOW, "silent for 10 s")]
    assert len(gate) == 0


def test_the_oldest_stranger_makes_room_for_one_that_is_a_stranger_again(gate: Gate) -> None:
    first = enter(gate, authenticated=False)
    left = enter(gate)
    enter(gate, authenticated=False, address="10.0.0.2")
    gate.estrange(left, 1)
    assert first.punished == [(Offence.CROWD, "more than 2 unauthenticated connections")]
    assert left.punished == []


def test_who_is_authenticated_and_silent_for_half_its_time_is_quiet(gate: Gate) -> None:
    known, _ = enter(gate), enter(gate, authenticated=False)
    assert list(gate.quiet(5)) == []
    assert list(gate.quiet(5.1)) == [known]
    known.last_received_at_s = 5
    assert list(gate.quiet(10)) == []

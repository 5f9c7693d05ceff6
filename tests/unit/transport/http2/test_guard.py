"""Frame budgets: what is too much in a second, and what is not counted."""

import pytest

from gossip.transport.http2.guard import KIND_OF_FRAME, FrameGuard, Kind
from gossip.transport.limits import FrameBudgets

BUDGETS = FrameBudgets(
    resets=1,
    pings=2,
    settings=3,
    priorities=4,
    window_updates=5,
    headers=6,
    fragments=7,
    unknown=8,
    empty_records=9,
)
BUDGET_OF_KIND = {
    Kind.RESET: 1,
    Kind.PING: 2,
    Kind.SETTINGS: 3,
    Kind.PRIORITY: 4,
    Kind.WINDOW_UPDATE: 5,
    Kind.HEADERS: 6,
    Kind.FRAGMENT: 7,
    Kind.UNKNOWN: 8,
    Kind.EMPTY_RECORD: 9,
}


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize("kind", list(Kind))
def test_one_more_than_the_budget_is_too_much(kind: Kind) -> None:
    guard = FrameGuard(BUDGETS, Clock())
    assert [guard.count(kind) for _ in range(BUDGET_OF_KIND[kind])] == [None] * BUDGET_OF_KIND[kind]
    reason = guard.count(kind)
    assert reason is not None
    assert reason.startswith(f"more than {BUDGET_OF_KIND[kind]} ")


def test_each_kind_has_its_own_budget() -> None:
    guard = FrameGuard(BUDGETS, Clock())
    for kind, budget in BUDGET_OF_KIND.items():
        for _ in range(budget):
            assert guard.count(kind) is None


def test_next_second_has_a_new_budget() -> None:
    clock = Clock()
    guard = FrameGuard(BUDGETS, clock)
    for _ in range(20):
        assert guard.count(Kind.PING) is None
        assert guard.count(Kind.PING) is None
        clock.now_s += 1.0
    assert guard.count(Kind.PING) is None


def test_just_under_a_second_is_the_same_second() -> None:
    clock = Clock()
    guard = FrameGuard(BUDGETS, clock)
    guard.count(Kind.RESET)
    clock.now_s += 0.99
    assert guard.count(Kind.RESET) == "more than 1 stream resets a second"


def test_what_our_data_provokes_is_not_counted() -> None:
    guard = FrameGuard(BUDGETS, Clock())
    for _ in range(100):
        guard.sent_data(1)
        assert guard.count(Kind.PING) is None
        assert guard.count(Kind.WINDOW_UPDATE) is None
        assert guard.count(Kind.WINDOW_UPDATE) is None
        guard.sent_data(1)


@pytest.mark.parametrize("rest_s", [0.0, 60.0])
def test_data_sent_before_a_ping_is_no_allowance_for_it(rest_s: float) -> None:
    """A peer that has been sent much has no PINGs in reserve: neither right behind it nor much later."""
    clock = Clock()
    guard = FrameGuard(BUDGETS, clock)
    guard.sent_data(1000)
    clock.now_s += rest_s
    if rest_s:
        assert {guard.count(Kind.UNKNOWN) for _ in range(9)} == {None}, "the counters were cleared meanwhile"
    assert [guard.count(Kind.PING) for _ in range(2)] == [None] * 2
    assert guard.count(Kind.PING) == "more than 2 PING frames a second"


def test_windows_may_be_opened_for_each_message_however_late_it_is_read() -> None:
    clock = Clock()
    guard = FrameGuard(BUDGETS, clock)
    guard.sent_messages(50)
    clock.now_s += 60.0
    assert {guard.count(Kind.UNKNOWN) for _ in range(9)} == {None}, "the counters were cleared meanwhile"
    assert [guard.count(Kind.WINDOW_UPDATE) for _ in range(2 * 50 + 5)] == [None] * 105
    assert guard.count(Kind.WINDOW_UPDATE) == "more than 5 WINDOW_UPDATE frames a second"


def test_no_more_is_allowed_than_a_bound_however_much_was_sent() -> None:
    guard = FrameGuard(BUDGETS, Clock())
    for _ in range(3):
        guard.sent_messages(65_536)
    assert {guard.count(Kind.WINDOW_UPDATE) for _ in range(65_541)} == {None}
    assert guard.count(Kind.WINDOW_UPDATE) is not None


def test_messages_make_up_for_fragments() -> None:
    guard = FrameGuard(BUDGETS, Clock())
    for _ in range(100):
        assert guard.count(Kind.FRAGMENT) is None
        guard.forgive_fragments(1)
    guard.forgive_fragments(1000)
    assert [guard.count(Kind.FRAGMENT) for _ in range(7)] == [None] * 7
    assert guard.count(Kind.FRAGMENT) is not None


def test_every_frame_of_http2_but_data_is_counted() -> None:
    assert set(KIND_OF_FRAME) == set(range(1, 10))

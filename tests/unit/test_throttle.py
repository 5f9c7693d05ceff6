"""A repeated thing is said seldom."""

import logging
import weakref

import pytest

from gossip.throttle import Throttle


def test_one_in_an_interval_is_admitted_and_tells_how_many_were_not() -> None:
    throttle = Throttle()
    assert throttle.admit("a", 0) == 0
    assert throttle.admit("a", 5) is None
    assert throttle.admit("a", 9.9) is None
    assert throttle.admit("b", 9.9) == 0
    assert throttle.admit("a", 10) == 2
    assert throttle.admit("a", 19) is None
    assert throttle.admit("a", 20) == 1


def test_the_keys_said_longest_ago_are_forgotten_first() -> None:
    throttle = Throttle()
    throttle.admit("old", 0)
    throttle.admit("kept", 0)
    throttle.admit("old", 10)
    for number in range(1023):
        throttle.admit(number, 10)
    assert throttle.admit("old", 11) is None
    assert throttle.admit("kept", 11) == 0, "it was forgotten, so it is new again"


def test_of_all_keys_together_no_more_get_through_than_was_said() -> None:
    throttle = Throttle(most=2)
    assert [throttle.admit(key, 0) for key in "abc"] == [0, 0, None]
    assert throttle.admit("c", 9.9) is None
    assert throttle.admit("c", 10) == 2, "it was its turn long ago"
    assert throttle.admit("a", 11) == 0
    assert throttle.admit("b", 12) is None


def test_keys_that_find_no_room_are_forgotten_like_others() -> None:
    throttle = Throttle(most=1)
    for number in range(2048):
        throttle.admit(number, 0)
    assert len(throttle._said) == 1024


def test_no_key_is_kept() -> None:
    class Key:
        """What somebody may look whether it is there."""

    throttle, key = Throttle(), Key()
    throttle.admit(key, 0)
    seen = weakref.ref(key)
    del key
    assert seen() is None


def test_a_line_tells_how_many_like_it_were_held_back_and_where_it_was_said(caplog: pytest.LogCaptureFixture) -> None:
    throttle, logger = Throttle(), logging.getLogger("gossip.comm")
    for now_s in (0, 1, 2, 11):
        throttle.log(logger, logging.WARNING, "lost", now_s, "%s is lost", "alice")
    assert caplog.messages == ["alice is lost", "alice is lost (2 more like it were not logged)"]
    assert {record.pathname for record in caplog.records} == {__file__}

"""Dropped messages are counted for each peer, and said seldom."""

import logging

import pytest

from gossip.comm.sending.overflow import Overflow
from gossip.errors import QueueFullError
from gossip.types import PkiId
from tests.support.recorders import RecordingMetrics

BOB = PkiId(b"bob")
FULL = QueueFullError("200 messages wait for bob")


def test_each_drop_is_counted_and_one_in_ten_seconds_is_said(caplog: pytest.LogCaptureFixture) -> None:
    metrics = RecordingMetrics()
    overflow = Overflow(metrics)
    with caplog.at_level(logging.WARNING, "gossip.comm"):
        for at_s in (0, 1, 9, 10, 11):
            overflow.count(BOB, FULL, at_s)
    assert overflow.dropped(BOB) == 5
    assert overflow.dropped(PkiId(b"ann")) == 0
    assert metrics.overflown == [BOB] * 5
    assert [record.getMessage() for record in caplog.records] == [
        "A message was dropped, 1 so far for this peer: 200 messages wait for bob",
        "A message was dropped, 4 so far for this peer: 200 messages wait for bob",
    ]


def test_so_many_peers_are_remembered_the_latest_ones() -> None:
    overflow = Overflow(RecordingMetrics())
    first, second = PkiId(b"first"), PkiId(b"second")
    overflow.count(first, FULL, 0)
    overflow.count(second, FULL, 0)
    overflow.count(first, FULL, 0)
    for number in range(4095):
        overflow.count(PkiId(number.to_bytes(4)), FULL, 0)
    assert overflow.dropped(second) == 0
    assert overflow.dropped(first) == 2

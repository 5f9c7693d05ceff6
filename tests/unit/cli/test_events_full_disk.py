"""What a running peer does when its events cannot be written."""

import errno
import logging
from collections.abc import Mapping

import pytest

from gossip.cli.events import EventPrinter
from gossip.cli.report import Report


class FullDisk(Report):
    """Has no room while ``is_full``."""

    def __init__(self) -> None:
        super().__init__(as_json=True)
        self.is_full = True
        self.written: list[object] = []

    def record(self, facts: Mapping[str, object]) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written.append(facts["event"])


def test_a_full_disk_is_said_once_and_events_come_back_with_room(caplog: pytest.LogCaptureFixture) -> None:
    def cut_off() -> None:
        raise AssertionError("a full disk must not end the peer")

    report = FullDisk()
    printer = EventPrinter(report, cut_off)
    with caplog.at_level(logging.WARNING):
        printer.event("first")
        printer.event("second")
        report.is_full = False
        printer.event("third")
        report.is_full = True
        printer.event("fourth")

    assert report.written == ["third"]
    said = "Events cannot be written, and are lost until this is fixed: [Errno 28] No space left on device"
    assert caplog.messages == [said, said]
    assert printer.broken_pipe is None

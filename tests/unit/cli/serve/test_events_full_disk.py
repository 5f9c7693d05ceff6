"""What a running peer does when its events cannot be written."""

import errno
import logging
import os
from pathlib import Path

import pytest

from gossip.cli.serve.events import EventPrinter


class Disk:
    """Has no room while ``is_full``."""

    def __init__(self) -> None:
        self.is_full = True
        self.written = b""

    def write(self, _descriptor: int, data: bytes) -> int:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written += data
        return len(data)


def test_a_full_disk_is_said_once_and_events_come_back_with_room(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off() -> None:
        raise AssertionError("a full disk must not end the peer")

    disk = Disk()
    monkeypatch.setattr("gossip.cli.serve.event_lines.os.write", disk.write)
    with Path(os.devnull).open("w", encoding="utf-8") as stream, caplog.at_level(logging.WARNING):
        printer = EventPrinter(stream, cut_off, as_json=False)
        printer.event("first")
        printer.event("second")
        disk.is_full = False
        printer.event("third")
        disk.is_full = True
        printer.event("fourth")

    (line,) = disk.written.decode().splitlines()
    assert line.split()[1:] == ["third"]
    said = "Events cannot be written, and are lost until this is fixed: [Errno 28] No space left on device"
    assert caplog.messages == [said, said]
    assert printer.broken_pipe is None

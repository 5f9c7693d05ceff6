"""Lines for a reader who may pause, in real pipes."""

import asyncio
import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gossip.cli.serve.event_lines import MAX_WAITING_BYTES, EventLines
from tests.support.bounded import run_bounded
from tests.support.pipes import Pipe, open_pipe

FD_SETSIZE = 1024
LINE = "x" * 999
MANY = 500
"""Half a MiB of those: more than a pipe holds, less than may wait."""


def fine(error: OSError) -> None:
    raise AssertionError(error)


class Disk:
    """Has room for three bytes, and for more when the test says so."""

    def __init__(self) -> None:
        self.room = 3
        self.content = bytearray()

    def write(self, _descriptor: int, data: bytes) -> int:
        written = min(len(data), self.room - len(self.content))
        if not written:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.content.extend(data[:written])
        return written


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """What is written to, in place of every file."""
    disk = Disk()
    monkeypatch.setattr("gossip.cli.serve.event_lines.os.write", disk.write)
    return disk


async def read(pipe: Pipe, count: int) -> list[bytes]:
    return await asyncio.to_thread(pipe.read_lines, count)


def test_what_a_paused_reader_has_not_taken_comes_later_in_order() -> None:
    async def main() -> None:
        with open_pipe() as pipe:
            lines = EventLines(pipe.stream, fine)
            texts = [f"{number} {LINE}" for number in range(MANY)]
            for text in texts:
                assert lines.write(text)  # the loop would stand still here
            assert os.get_blocking(pipe.stream.fileno())

            came = await read(pipe, MANY)
            await lines.reader_takes()

            assert came == [text.encode() for text in texts]
            assert lines.write("next")
            assert await read(pipe, 1) == [b"next"]

    run_bounded(main)


def test_reader_takes_waits_for_a_paused_reader_alone() -> None:
    async def main() -> None:
        with open_pipe() as pipe:
            lines = EventLines(pipe.stream, fine)
            lines.write("short")
            await lines.reader_takes()
            for _ in range(MANY):
                lines.write(LINE)
            waiting = asyncio.create_task(lines.reader_takes())
            await asyncio.sleep(0)
            assert not waiting.done()

            await read(pipe, 1 + MANY)

            await waiting

    run_bounded(main)


def test_lines_beyond_the_limit_are_dropped_whole_and_said() -> None:
    async def main() -> None:
        with open_pipe() as pipe:
            lines = EventLines(pipe.stream, fine)
            taken = 0
            while lines.write(LINE):
                taken += 1
            assert not lines.write(LINE)

            assert await read(pipe, taken) == [LINE.encode()] * taken
            pipe_bytes = 64 * 1024
            assert MAX_WAITING_BYTES < taken * (len(LINE) + 1) <= MAX_WAITING_BYTES + pipe_bytes + len(LINE) + 1

    run_bounded(main)


def test_what_the_streams_encoding_has_no_bytes_for_is_escaped() -> None:
    with open_pipe(encoding="ascii") as pipe:
        EventLines(pipe.stream, fine).write("b\u00e4r")
        assert pipe.read_lines(1) == [rb"b\xe4r"]


def test_one_line_may_be_longer_than_the_limit() -> None:
    async def main() -> None:
        with open_pipe() as pipe:
            lines = EventLines(pipe.stream, fine)
            long = "x" * (2 * MAX_WAITING_BYTES)
            assert lines.write(long)
            assert lines.write("next")
            assert await read(pipe, 2) == [long.encode(), b"next"]

    run_bounded(main)


def test_a_reader_who_leaves_while_lines_wait_is_noticed() -> None:
    async def main() -> None:
        failures: list[OSError] = []
        with open_pipe() as pipe:
            lines = EventLines(pipe.stream, failures.append)
            for _ in range(MANY):
                lines.write(LINE)
            pipe.leave()
            await lines.reader_takes()

        assert [type(failure) for failure in failures] == [BrokenPipeError]

    run_bounded(main)


def test_a_line_that_the_disk_took_a_part_of_is_finished_before_the_next(disk: Disk) -> None:
    """Whoever reads the file finds no two lines in one."""
    with open_pipe() as pipe:
        failures: list[OSError] = []
        lines = EventLines(pipe.stream, failures.append)
        lines.write("first")
        lines.write("second")
        lines.write("third")
        assert [failure.errno for failure in failures] == [errno.ENOSPC]
        disk.room = 100
        lines.write("fourth")

    assert disk.content == b"first\nsecond\nthird\nfourth\n"


def test_after_a_full_disk_lines_are_written_again_however_many_were_lost(disk: Disk) -> None:
    """The disk is full within a line, as it mostly is, so that those behind it wait until they are too many."""
    with open_pipe() as pipe:
        lines = EventLines(pipe.stream, lambda _: None)
        taken = 0
        while lines.write(LINE):
            taken += 1
        disk.room = 2 * MAX_WAITING_BYTES
        assert lines.write("next")

    assert disk.content.decode().splitlines() == [LINE] * taken + ["next"]


def test_a_terminal_that_nobody_reads_does_not_hold_up_the_loop() -> None:
    async def main() -> None:
        reader, terminal = os.openpty()
        with os.fdopen(terminal, "w", encoding="utf-8") as stream:
            lines = EventLines(stream, fine)
            for _ in range(MANY):
                assert lines.write(LINE)  # the loop would stand still here
            assert os.get_blocking(terminal)
            pipe = Pipe(reader, stream)
            came = await read(pipe, MANY)
            await lines.reader_takes()
        assert came == [f"{LINE}\r".encode()] * MANY
        os.close(reader)

    run_bounded(main)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_the_order_of_bytes_is_marked_once(encoding: str) -> None:
    with open_pipe(encoding) as pipe:
        lines = EventLines(pipe.stream, fine)
        for text in ("first", "second", "third"):
            lines.write(text)
        written = os.read(pipe.reader, 1000)

    assert written == "first\nsecond\nthird\n".encode(encoding)


@contextmanager
def many_open_files() -> Iterator[None]:
    """As many as ``select`` can look at, as a peer with a thousand connections has."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * FD_SETSIZE), hard))
    copies = [os.dup(0)]
    try:
        while copies[-1] < FD_SETSIZE:
            copies.append(os.dup(0))
        yield
    finally:
        for copy in copies:
            os.close(copy)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_terminal_takes_its_first_line_however_many_files_are_open_by_then() -> None:
    reader, terminal = os.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as stream:
        lines = EventLines(stream, fine)
        with many_open_files():
            assert lines.write("first")
        assert Pipe(reader, stream).read_lines(1) == [b"first\r"]
    os.close(reader)

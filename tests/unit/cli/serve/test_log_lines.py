"""The log of a peer that is served, in real pipes."""

import asyncio
import logging
import threading

from gossip.cli.serve.event_lines import MAX_WAITING_BYTES
from gossip.cli.serve.log_lines import LogLines, logging_without_waiting
from gossip.node.logs.control import logging_to
from tests.support.bounded import run_bounded
from tests.support.peers import settle
from tests.support.pipes import open_pipe

LOGGER = logging.getLogger("peer.gossip")
TEXT = "x" * 1000
MANY = 500
"""Of those: more than a pipe holds, less than may wait."""


def test_who_logs_does_not_wait_for_a_reader_who_pauses() -> None:
    async def main() -> None:
        with open_pipe() as pipe, logging_to(pipe.stream) as log:
            async with logging_without_waiting(log, pipe.stream):
                for number in range(MANY):
                    LOGGER.info("%d %s", number, TEXT)  # the loop would stand still here
                await settle()
                came = await asyncio.to_thread(pipe.read_lines, MANY)
            assert [line.partition(b"] ")[2] for line in came] == [
                f"{number} {TEXT}".encode() for number in range(MANY)
            ]
            LOGGER.info("afterwards")
            assert pipe.read_lines(1)[0].endswith(b"INFO [peer.gossip] afterwards")

    run_bounded(main)


def test_the_last_of_it_is_written_before_the_end() -> None:
    async def main() -> None:
        with open_pipe() as pipe, logging_to(pipe.stream) as log:
            async with logging_without_waiting(log, pipe.stream):
                for _ in range(MANY):
                    LOGGER.info(TEXT)
                reading = asyncio.create_task(asyncio.to_thread(pipe.read_lines, MANY))
            assert len(await reading) == MANY

    run_bounded(main)


def test_other_threads_log_too() -> None:
    async def main() -> None:
        with open_pipe() as pipe, logging_to(pipe.stream) as log:
            async with logging_without_waiting(log, pipe.stream):
                thread = threading.Thread(target=LOGGER.info, args=("from a thread",))
                thread.start()
                thread.join()
            (line,) = pipe.read_lines(1)
            assert line.endswith(b"INFO [peer.gossip] from a thread")

    run_bounded(main)


def test_lines_that_nobody_reads_are_lost_and_counted_each_time() -> None:
    async def main() -> None:
        with open_pipe() as pipe, logging_to(pipe.stream, "fatal") as log:
            lines = LogLines(log, pipe.stream)
            for lost in (2, 3):
                taken = 0
                while not lines.lost:
                    lines.write(f"{TEXT}\n")
                    await asyncio.sleep(0)
                    taken += 1
                assert taken * len(TEXT) > MAX_WAITING_BYTES - len(TEXT)
                for _ in range(lost - 1):
                    lines.write(f"{TEXT}\n")
                await asyncio.to_thread(pipe.read_lines, taken - 1)
                await lines.reader_takes()

                lines.write("next\n")
                first, second = await asyncio.to_thread(pipe.read_lines, 2)
                told = f"WARN [peer.gossip] {lost} lines of the log were lost, since nobody read them"
                assert first.endswith(told.encode())
                assert second == b"next"

    run_bounded(main)

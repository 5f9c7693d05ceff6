"""Puts the demo on: its folder, its audience, and its end, whoever brings that about."""

import asyncio
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gossip.cli.demo.happenings import Acknowledged, Handshake, Happening, Refused, Summary
from gossip.cli.demo.play import Play, Tell
from gossip.cli.demo.screen import Screen
from gossip.cli.report import ExitCode, Report
from gossip.errors import GossipError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
KILLED_BY = 128
"""What shells add to the number of the signal that ended a command."""


def run_demo(report: Report, organizations: int, peers: int) -> int:
    """Run the demo and show it.

    Returns:
        The exit code: 0 when everything happened as it should.
    """
    return asyncio.run(_run(report, organizations, peers))


class Tally:
    """Counts what happens on its way to the audience."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._count: Counter[type[Happening]] = Counter()
        self._started_at_s = time.perf_counter()

    def tell(self, happening: Happening) -> None:
        """Count it and pass it on."""
        self._count[type(happening)] += 1
        self._tell(happening)

    def sum_up(self, failure: str | None) -> None:
        """Tell how it ended."""
        self._tell(
            Summary(
                ok=failure is None,
                handshakes=self._count[Handshake],
                acknowledged=self._count[Acknowledged],
                refused=self._count[Refused],
                seconds=round(time.perf_counter() - self._started_at_s, 3),
                failure=failure,
            )
        )


async def _run(report: Report, organizations: int, peers: int) -> int:
    interruptions = _cancel_on_signals()
    failure: str | None = None
    with _audience(report) as tell, tempfile.TemporaryDirectory(prefix="gossip-demo-") as folder:
        tally = Tally(tell)
        try:
            await Play(Path(folder), organizations, peers, tally.tell).run()
        except (GossipError, OSError) as error:
            failure = str(error)
        except asyncio.CancelledError:
            if not interruptions:
                raise
            failure = f"interrupted by {interruptions[0].name}"
        tally.sum_up(failure)
    if interruptions:
        return KILLED_BY + interruptions[0]
    return ExitCode.FINE if failure is None else ExitCode.REFUSED


def _cancel_on_signals() -> list[signal.Signals]:
    """Let the first signal end the play; a second one would only keep it from cleaning up."""
    interruptions: list[signal.Signals] = []
    loop = asyncio.get_running_loop()
    play = asyncio.current_task()
    assert play is not None

    def interrupt(number: signal.Signals) -> None:
        if not interruptions:
            play.cancel()
        interruptions.append(number)

    for number in SIGNALS:
        loop.add_signal_handler(number, interrupt, number)
    return interruptions


@contextmanager
def _audience(report: Report) -> Iterator[Tell]:
    if report.as_json:
        yield lambda happening: report.record(happening.facts())
    else:
        with Screen() as screen:
            yield screen.tell

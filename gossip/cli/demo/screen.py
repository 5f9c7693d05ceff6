"""The demo as a table that lives, and the steps below it."""

import re
import sys
from collections.abc import Iterator
from statistics import median
from threading import Lock
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from gossip.cli.demo.happenings import Happening
from gossip.cli.demo.progress import PeerSoFar, Progress, State, StepSoFar
from gossip.cli.signs import sign

WIDTH_OF_FILES = 120
"""A file or pipe has no width of its own."""

PKI_ID_DIGITS = 12
STYLES = {State.STARTING: "dim", State.READY: "green", State.KILLED: "bold red", State.BACK: "bold green"}
_LONG_HEX = re.compile(rf"\b([0-9a-f]{{{PKI_ID_DIGITS}}})[0-9a-f]{{12,}}\b")


class Screen:
    """Draws what it is told; a context manager, which leaves the last picture standing."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)
        self._spinner = Spinner("dots" if self._sign("⠋", "") else "line", style="cyan")
        self._drawing = Lock()
        self._progress = Progress()
        self._live = Live(console=self._console, get_renderable=self._draw, refresh_per_second=12)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._live.stop()
        if not self._console.is_terminal:
            self._console.line()  # a terminal gets it from Live

    def tell(self, happening: Happening) -> None:
        """Show what happened."""
        with self._drawing:
            self._progress.take(happening)

    def _draw(self) -> RenderableType:
        """The picture of this moment; Live asks for it from a thread of its own."""
        with self._drawing:
            return Group(_table(self._progress.peers), *self._steps(), *self._end())

    def _steps(self) -> Iterator[RenderableType]:
        steps = Table.grid(padding=(0, 1))
        steps.add_column(width=2, justify="right")
        steps.add_column()
        for step in self._progress.steps:
            steps.add_row(self._mark(step), str(step))
            for refused in step.refused:
                steps.add_row("", f"one that {refused.impostor}:")
                reason = shorten(refused.reason, self._sign("…", "..."))
                steps.add_row("", Padding(Text(reason, style="yellow"), (0, 0, 0, 2)))
        yield steps

    def _mark(self, step: StepSoFar) -> RenderableType:
        summary = self._progress.summary
        if step is not self._progress.steps[-1] or (summary is not None and summary.ok):
            return Text(self._sign("✓", "ok"), style="green")
        return Text(self._sign("✗", "x"), style="bold red") if summary is not None else self._spinner

    def _sign(self, wanted: str, plain: str) -> str:
        return sign(wanted, plain, self._console.encoding)

    def _end(self) -> Iterator[RenderableType]:
        summary = self._progress.summary
        if summary is None:
            return
        yield ""
        if summary.ok:
            yield Text(f" Everything went as it should, in {summary.seconds:.1f} s.", style="bold green")
        else:
            yield Text(f" Failed after {summary.seconds:.1f} s: {summary.failure}", style="bold red")


def shorten(text: str, ellipsis: str = "…") -> str:
    """Cut long hexadecimal numbers to what the table shows of them."""
    return _LONG_HEX.sub(rf"\1{ellipsis}", text)


def _table(peers: dict[str, PeerSoFar]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for name in ("peer", "organisation", "PKI-ID", "TLS"):
        table.add_column(name, no_wrap=True)
    for name in ("handshakes", "ms", "acks"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("state", no_wrap=True)
    for name, peer in peers.items():
        table.add_row(
            name,
            peer.mspid,
            peer.pki_id[:PKI_ID_DIGITS],
            peer.tls_version.removeprefix("TLSv"),
            f"{len(peer.initiated_ms)} out {peer.responded} in",
            f"{median(peer.initiated_ms):.1f}" if peer.initiated_ms else "",
            str(peer.acknowledged or ""),
            Text(peer.state, style=STYLES[peer.state]),
        )
    return table

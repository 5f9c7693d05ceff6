"""What commands print: tables for people, one JSON object a line for programs, and errors as one clean message."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.errors import ConfigurationError, Fault, GossipError
from gossip.shown import one_line

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


_UNBOUNDED_WIDTH = 1000


class ExitCode(IntEnum):
    """What a command's end says."""

    FINE = 0
    REFUSED = 1
    USAGE = 2
    NETWORK = 3


def exit_code_of(error: GossipError) -> ExitCode:
    """Tell how a command ends that met ``error``."""
    if isinstance(error, ConfigurationError):
        return ExitCode.USAGE
    return ExitCode.NETWORK if error.fault is Fault.NETWORK else ExitCode.REFUSED


class Report:
    """Where a command's results go: standard output, in one of the two forms."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def record(self, facts: Mapping[str, object]) -> None:
        """Print one thing: an object, or a line for each fact; facts that are None are left out for people."""
        if self.as_json:
            self._object(facts)
            return
        width = max(map(len, facts), default=0)
        for name, value in facts.items():
            if value is not None:
                typer.echo(f"{name.replace('_', ' '):<{width}}  {_readable(value)}")

    def table(self, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Print things of one kind: an object each, or a row each under the names of the first one's facts."""
        if self.as_json:
            for row in rows:
                self._object(row)
            return
        if rows:
            self._rich_table(title, rows)

    def text(self, line: str) -> None:
        """Print a line that only people read."""
        if not self.as_json:
            typer.echo(one_line(line))

    def failure(self, error: str, message: str, *, fault: Fault) -> None:
        """Say why the command failed: an object on standard output, or one line on standard error."""
        if self.as_json:
            try:
                self._object({"ok": False, "error": error, "fault": fault.value, "message": message})
            except BrokenPipeError:
                raise
            except OSError:
                pass  # standard output may be what failed
            else:
                return
        typer.echo(one_line(f"gossip: {message}"), err=True)

    def _object(self, facts: Mapping[str, object]) -> None:
        sys.stdout.write(json_line(facts) + "\n")
        sys.stdout.flush()

    def _rich_table(self, title: str, rows: Sequence[Mapping[str, object]]) -> None:
        # rich costs 25 ms, and most commands print no table.
        from rich import box
        from rich.table import Table

        table = Table(title=one_line(title), title_justify="left", box=box.SIMPLE_HEAD)
        for name in rows[0]:
            table.add_column(name.replace("_", " "), overflow="fold")
        for row in rows:
            table.add_row(*(_readable(value) for value in row.values()))
        make_console().print(table)


def json_line(facts: Mapping[str, object]) -> str:
    """One thing as a JSON object: times as of RFC 3339, bytes in hexadecimal."""
    return json.dumps(facts, default=_plain)


def make_console() -> "Console":
    """Standard output for rich; a file or pipe has no width, so that every line gets what it needs."""
    from rich.console import Console

    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED_WIDTH)


@contextmanager
def reporting(as_json: bool, about: object = None) -> Iterator[Report]:
    """Give a command its report, and turn what goes wrong into a message and an exit code.

    Args:
        as_json: Which of the two forms.
        about: What the command looks at, for messages that do not name it themselves.

    Raises:
        typer.Exit: The body raised a GossipError, or an OSError over a file; it has been reported.
    """
    report = Report(as_json=as_json)
    try:
        yield report
    except GossipError as error:
        message = str(error)
        names_its_file = isinstance(error, ConfigurationError) and error.path is not None
        if about is not None and not names_its_file:
            message = f"{about}: {message}"
        report.failure(type(error).__name__, message, fault=error.fault)
        raise typer.Exit(exit_code_of(error)) from error
    except BrokenPipeError:
        raise  # nobody reads what we print, so there is nobody to tell; typer ends the command
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        report.failure("ConfigurationError", f"{where}{error.strerror or error}", fault=Fault.OURS)
        raise typer.Exit(ExitCode.USAGE) from error


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def _readable(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime() | bytes():
            return str(_plain(value))
        case list() | tuple():
            return ", ".join(map(_readable, value))
        case dict():
            return ", ".join(f"{_readable(name)} {_readable(each)}" for name, each in value.items())
        case _:
            return one_line(str(value))

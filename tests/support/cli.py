"""Runs ``gossip`` as its users do: as a process of its own, or in this process where only the outcome matters."""

import json
import subprocess
import sys
from dataclasses import dataclass

from typer.testing import CliRunner

from gossip.cli.commands import app

TIME_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended and what it printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def objects(self) -> list[dict[str, object]]:
        """Standard output read as one JSON object a line."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def object(self) -> dict[str, object]:
        """The one object that was printed."""
        (only,) = self.objects
        return only


def run(*arguments: object, stdin: bytes | None = None) -> Outcome:
    """Run a command in this process; a bug in it raises here."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def run_process(*arguments: object, stdin: bytes = b"", python_options: tuple[str, ...] = ()) -> Outcome:
    """Run a command as a process."""
    command = [sys.executable, *python_options, "-m", "gossip.cli.main", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=TIME_LIMIT_S, check=False)
    return Outcome(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode())

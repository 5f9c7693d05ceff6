"""The entry point of ``gossip``: finds the commands, and lets no traceback out."""

import errno
import logging
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from gossip.cli.unread import make_unread
from gossip.shown import one_line

_EXTRA = ("typer", "rich")
_PIPE_CLOSED = 1
"""Typer's exit code where nobody reads the output any more."""
_CONFIGURATION_FAULT = 2
_SOFTWARE_FAULT = 70
"""EX_SOFTWARE of sysexits.h: a bug here, which is none of the documented outcomes."""
_INTERRUPTED = 130
"""What shells say of a command that SIGINT ended."""
_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""Commands report what is wrong with files; what remains of these is standard output's."""


def run() -> None:
    """Run the command that ``sys.argv`` names, and exit.

    Exit codes are those of docs/tutorial.md; ``python -X dev`` shows the traceback of a bug.
    """
    try:
        _prepare_streams()
        _prepare_warnings()
        _run_command()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.exit(_PIPE_CLOSED)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in _EXTRA:
            _end(f"the command line needs {error.name}: pip install 'fabric-gossip[cli]'", _CONFIGURATION_FAULT)
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            _end(f"standard output cannot be written: {error.strerror}", _CONFIGURATION_FAULT)
        if sys.flags.dev_mode:
            raise
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]  # the group's own words say nothing
        _end(f"internal error, please report it: {type(error).__name__}: {error}", _SOFTWARE_FAULT)
    finally:
        _drop_unwritten()


def _run_command() -> None:
    from gossip.cli.commands import app  # here, since the extra that it needs may be missing

    try:
        app()
    except SystemExit as end:
        if not end.code:
            sys.stdout.flush()  # while a failure can still be told
        raise


def _prepare_streams() -> None:
    """Where the caller closed a standard stream, Python has None, and the next socket would take its number.

    What an encoding has no bytes for is escaped: a file's name, or a peer's words, must not end a command.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 -- until the process ends
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if isinstance(sys.stderr, TextIOWrapper):
        sys.stderr = make_unread(sys.stderr)  # the exit code says it, too


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return one_line(super().format(record))


def _prepare_warnings() -> None:
    """Commands without a log of their own leave them to Python, and the name of a file may move a cursor."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_OneLine())


def _drop_unwritten() -> None:
    """Let go of output that cannot be written, which Python would try once more, and change the exit code."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(text: str, exit_code: int) -> NoReturn:
    sys.stderr.write(f"gossip: {text}\n")
    sys.exit(exit_code)


if __name__ == "__main__":
    run()

"""The entry point of ``gossip``: finds the commands, and lets no traceback out."""

import os
import sys
from pathlib import Path
from typing import NoReturn

_EXTRA = ("typer", "rich")
_CONFIGURATION_FAULT = 2
_SOFTWARE_FAULT = 70
"""EX_SOFTWARE of sysexits.h: a bug here, which is none of the documented outcomes."""


def run() -> None:
    """Run the command that ``sys.argv`` names, and exit.

    Exit codes: 0 fine, 1 refused, 2 usage or configuration, 3 network, 70 a bug; ``python -X dev`` shows its traceback.
    """
    _fill_closed_streams()
    try:
        from gossip.cli.commands import app  # here, since the extra that it needs may be missing

        app()
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name in _EXTRA:
            _end(f"the command line needs {error.name}: pip install 'fabric-gossip[cli]'", _CONFIGURATION_FAULT)
        if sys.flags.dev_mode:
            raise
        _end(f"internal error, please report it: {type(error).__name__}: {error}", _SOFTWARE_FAULT)


def _fill_closed_streams() -> None:
    """Where the caller closed a standard stream, Python has None, and the next socket would take its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 -- until the process ends


def _end(text: str, exit_code: int) -> NoReturn:
    sys.stderr.write(f"gossip: {text}\n")
    sys.exit(exit_code)


if __name__ == "__main__":
    run()

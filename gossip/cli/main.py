"""The entry point of ``gossip``: finds the commands, and lets no traceback out."""

import sys

_EXTRA = ("typer", "rich")
_CONFIGURATION_FAULT = 2
_SOFTWARE_FAULT = 70
"""EX_SOFTWARE of sysexits.h: a bug here, which is none of the documented outcomes."""


def run() -> None:
    """Run the command that ``sys.argv`` names, and exit.

    Exit codes: 0 fine, 1 refused, 2 usage or configuration, 3 network, 70 a bug; ``python -X dev`` shows its traceback.
    """
    try:
        from gossip.cli.commands import app  # here, since the extra that it needs may be missing

        app()
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.stderr.write(f"gossip: the command line needs {error.name}: pip install 'fabric-gossip[cli]'\n")
        sys.exit(_CONFIGURATION_FAULT)
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        sys.stderr.write(f"gossip: internal error, please report it: {type(error).__name__}: {error}\n")
        sys.exit(_SOFTWARE_FAULT)


if __name__ == "__main__":
    run()

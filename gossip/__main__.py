"""The command ``gossip``, which is ``python -m gossip`` as well."""

import sys

_INTERRUPTED = 130
"""What shells say of a command that SIGINT ended."""


def run() -> None:
    """Run the command that ``sys.argv`` names, and exit; Ctrl-C ends it quietly from its first import on."""
    try:
        from gossip.cli.main import run as run_command
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    run_command()


if __name__ == "__main__":
    run()

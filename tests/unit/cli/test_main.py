"""The entry point: help, version, and what users see when something is missing or broken."""

from gossip._version import __version__
from tests.support.cli import run_process


def test_help_lists_the_commands_and_exit_codes() -> None:
    outcome = run_process("--help")

    assert outcome.exit_code == 0
    for word in ("crypto", "identity", "message", "msp", "Exit codes"):
        assert word in outcome.stdout


def test_version() -> None:
    assert run_process("--version").stdout == f"gossip {__version__}\n"


def test_an_unknown_command_is_a_usage_error_that_names_it() -> None:
    outcome = run_process("handshaek")

    assert outcome.exit_code == 2
    assert "handshaek" in outcome.stderr


def test_help_imports_nothing_heavy() -> None:
    outcome = run_process("--help", python_options=("-X", "importtime"))

    loaded = {line.rsplit("|", 1)[-1].strip() for line in outcome.stderr.splitlines()}
    assert loaded.isdisjoint({"cryptography", "betterproto", "gossip_protos", "grpclib", "h2", "asyncio", "yaml"})


RUN_WITHOUT = """
import sys
sys.modules[{missing!r}] = None
from gossip.cli.main import run
run()
"""


def test_without_the_extra_the_message_says_what_to_install() -> None:
    import subprocess
    import sys

    for missing in ("typer", "rich"):
        done = subprocess.run(
            [sys.executable, "-c", RUN_WITHOUT.format(missing=missing), "--help"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr == f"gossip: the command line needs {missing}: pip install 'fabric-gossip[cli]'\n"

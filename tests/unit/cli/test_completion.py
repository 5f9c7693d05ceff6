"""Completion as a shell asks for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def run_with_gossip(*command: str, **variables: str) -> str:
    """What a command prints that finds ``gossip`` on its path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, **variables}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=True).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_told_how_to_ask(shell: str) -> None:
    assert f"_GOSSIP_COMPLETE=complete_{shell}" in run_with_gossip("gossip", _GOSSIP_COMPLETE=f"source_{shell}")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not on this machine")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["di"], ["diagnose"]),
        (["identity", ""], ["show", "check"]),
        (["diagnose", "--all"], ["--all-from"]),
        (["msp", "check", "/etc/ho"], []),  # files are for the shell itself
    ],
)
def test_bash_completes(typed: list[str], offered: list[str]) -> None:
    script = """
        eval "$(gossip --show-completion)"
        COMP_WORDS=(gossip "$@") COMP_CWORD=$#
        _gossip_completion gossip
        echo "${COMPREPLY[@]}"
    """

    assert run_with_gossip("bash", "-c", script, "bash", *typed).split() == offered

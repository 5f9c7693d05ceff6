"""The changelog names what people can use."""

import re
import tomllib

import pytest
import typer

from gossip.cli.commands import app
from tests.support.source import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
COMMANDS = list(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group, since it has many
EXTRAS = [
    name
    for name in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    if name not in {"cli", "dev", "docs"}  # the command itself, and what only developers have
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there(command: str) -> None:
    assert re.search(rf"`(gossip )?{command}`", CHANGELOG)


@pytest.mark.parametrize("extra", EXTRAS)
def test_every_extra_is_there(extra: str) -> None:
    assert f"The `{extra}` extra" in CHANGELOG

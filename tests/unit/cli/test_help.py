"""What ``--help`` says."""

import inspect
from collections.abc import Iterator

import pytest
import typer

from gossip.cli.commands import app

TERMINAL_COLUMNS = 80


def commands(group: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command that does something, with the words that lead to it."""
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # a group, since it has commands
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_is_explained_and_rich_swallows_nothing(path: tuple[str, ...]) -> None:
    """Rich takes words in brackets for markup, and shows nothing of them."""
    for parameter in COMMANDS[path].params:  # type: ignore[attr-defined]  # a command has parameters
        text = parameter.help
        assert text, parameter.name
        assert text.endswith("."), text
        assert "[" not in text, text


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_lines_that_rich_does_not_join_fit_a_terminal(path: tuple[str, ...]) -> None:
    """It keeps the line breaks of every paragraph but the first, and wraps what is too long once more."""
    paragraphs = inspect.cleandoc(COMMANDS[path].help).split("\n\n")[1:]  # type: ignore[attr-defined]  # a command has it
    broken = [line for paragraph in paragraphs if "\n" in paragraph for line in paragraph.splitlines()]
    assert [line for line in broken if len(line) > TERMINAL_COLUMNS - 2] == []


def test_there_are_as_many_as_there_should_be() -> None:
    assert ("identity", "check") in COMMANDS
    assert len(COMMANDS) >= 13

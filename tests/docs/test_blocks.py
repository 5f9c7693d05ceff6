"""What the pages tell people to type does what the pages say, word for word but for the ports.

Of each page, in a folder of its own: blocks that begin with ``# NAME`` are written to that file; every ``sh`` block is
run as in a new terminal, and has to end well; a ``text`` block right behind one holds lines of its output, with ``…``
for whatever differs. A block that ends in ``gossip serve`` goes on to the end of the page. ``console`` blocks cannot be
run here, and hold nothing else.
"""

import shutil
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.documents import Block, blocks_of, pages
from tests.support.fabric_test_network import running_test_network
from tests.support.terminal import Terminal

PAGES = {name: blocks_of(text) for name, text in pages().items()}
WITH_COMMANDS = [name for name, blocks in PAGES.items() if any(block.language == "sh" for block in blocks)]

LANGUAGES = {"sh", "console", "python", "yaml", "text"}

NOT_RUN = {
    "pip install '": "needs the package index",
    "make ": "sets up an environment of its own",
    "sudo ": "changes the machine",
    "podman ": "needs a container engine",
    "systemctl ": "needs systemd",
    "journalctl ": "needs systemd",
    "./network.sh ": "needs Docker and Fabric's images",
    "cryptogen ": "needs Fabric's tools",
    "docker ": "needs Docker",
    "gossip --install-completion": "changes the user's shell",
    "git ": "needs a repository to change",
}
"""What console blocks may begin with, and why that is not run."""

SURROUNDINGS = {"docs/test-network.md": running_test_network}
"""What a page takes for granted."""


def walk_through(blocks: list[Block], terminal: Terminal) -> None:
    """Do everything that a page says."""
    output = ""
    for before, block in pairwise([Block("", "", 0), *blocks]):
        if block.file_name is not None:
            terminal.write(block.file_name, block.text)
        elif block.language == "sh":
            output = terminal.run(block)
        elif block.language == "text" and before.language == "sh":
            assert terminal.missing_lines(block.text, output) == [], f"line {block.line}, after\n{output}"


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    if any("curl " in block.text for block in PAGES[name]) and shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    with ExitStack() as stack:
        terminal = stack.enter_context(Terminal(tmp_path))
        if name in SURROUNDINGS:
            stack.enter_context(SURROUNDINGS[name](terminal))
        walk_through(PAGES[name], terminal)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_is_run_or_says_why_not(name: str) -> None:
    for block in PAGES[name]:
        assert block.language in LANGUAGES | {""}, f"line {block.line}: {block.language}"
        if block.language == "python":
            assert block.file_name is not None, f"line {block.line}: which file is it, and who runs it?"
        if block.language == "console":
            commands = [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
            assert commands, f"line {block.line}: no command, so text"
            for command in commands:
                assert command.startswith(tuple(NOT_RUN)), f"line {block.line}: why is this not run? {command}"


def test_the_pages_that_matter_have_commands() -> None:
    assert {"README.md", "docs/tutorial.md", "docs/test-network.md", "docs/operations.md"} <= set(WITH_COMMANDS)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("false\ntrue", "exit code 1"),
        ("echo one", "Output"),
        ("gossip serve --listen 127.0.0.1:0", "give --msp-dir"),
    ],
)
def test_a_page_that_is_wrong_is_found(script: str, complaint: str, tmp_path: Path) -> None:
    page = [Block("sh", script + "\n", 1), Block("text", "Output … two\n", 2)]
    with Terminal(tmp_path) as terminal, pytest.raises(AssertionError, match=complaint):
        walk_through(page, terminal)


def test_a_page_that_is_right_passes(tmp_path: Path) -> None:
    page = [
        Block("python", "# say.py\nprint('7051: one, two')\n", 1),
        Block("sh", "python say.py\n", 2),
        Block("text", "7051: … two\n", 3),
    ]
    with Terminal(tmp_path) as terminal:
        walk_through(page, terminal)

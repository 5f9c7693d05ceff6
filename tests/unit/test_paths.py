"""What stands at a path is told alike on every Python, and where nobody can tell, nobody does."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gossip.paths import exists, is_dir, is_fifo, is_file, is_link

EVERY = (exists, is_dir, is_fifo, is_file, is_link)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One of each kind, with a link to it."""
    (tmp_path / "file").touch()
    (tmp_path / "dir").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("file", "dir", "fifo", "nothing"):
        (tmp_path / f"link-to-{name}").symlink_to(name)
    (tmp_path / "circle").symlink_to("circle")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        ("file", {exists, is_file}),
        ("dir", {exists, is_dir}),
        ("fifo", {exists, is_fifo}),
        ("link-to-file", {exists, is_file, is_link}),
        ("link-to-dir", {exists, is_dir, is_link}),
        ("link-to-fifo", {exists, is_fifo, is_link}),
        ("link-to-nothing", {is_link}),
        ("circle", {is_link}),
        ("nothing", set()),
        ("file/below", set()),
        ("no\0path", set()),
    ],
)
def test_it_is_what_it_is(folder: Path, name: str, fitting: set[Callable[[Path], bool]]) -> None:
    assert {each for each in EVERY if each(folder / name)} == fitting


@pytest.mark.parametrize("ask", EVERY)
def test_what_cannot_be_looked_at_is_not_nothing(ask: Callable[[Path], bool], tmp_path: Path) -> None:
    """Of a name that no file can have, as of a folder that may not be entered: which root may."""
    with pytest.raises(OSError, match="File name too long"):
        ask(tmp_path / (300 * "x"))


def test_where_a_link_leads_may_not_be_seen_and_that_it_is_one_is(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(300 * "x")

    assert is_link(link)
    with pytest.raises(OSError, match="File name too long"):
        exists(link)

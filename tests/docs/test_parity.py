"""Every row of the parity tables names something that shows it: a test, or a record of the vectors."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from tests.support.documents import pages
from tests.support.source import ROOT

PAGES = pages()
PARITY = ("docs/parity.md", "docs/parity-identity.md")
SHOWN_BY = "shown by"


def rows(page: str) -> Iterator[list[str]]:
    """The cells of each row of every table whose last column says what shows it."""
    is_table = False
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells or cells[-1] == SHOWN_BY:
            is_table = bool(cells)
        elif is_table and not re.fullmatch("-+", cells[-1]):
            yield cells


@cache
def known() -> frozenset[str]:
    """Names of tests and their files, files of the vectors, and names and categories in them."""
    files = [path for path in ROOT.glob("tests/**/test_*.py") if "vectors" not in path.parts]
    tests = {name for path in files for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))}
    return frozenset(tests | {path.name for path in files} | set(vector_names(ROOT / "tests" / "vectors")))


def vector_names(folder: Path) -> Iterator[str]:
    """What a page may call a record of the vectors."""
    for path in folder.glob("*.json"):
        yield path.name
        for record in json.loads(path.read_text(encoding="utf-8")):
            for key in ("name", "category"):
                yield from str(record.get(key, "")).split("/")
            yield from record.get("views", ())


@pytest.mark.parametrize("name", PARITY)
def test_every_row_names_what_shows_it(name: str) -> None:
    found = list(rows(PAGES[name]))
    assert len(found) > 30
    for cells in found:
        shown_by = re.findall(r"`([^`]+)`", cells[-1])
        assert shown_by, f"nothing shows: {cells[0]}"
        assert [each for each in shown_by if not any(fnmatch(name, each) for name in known())] == [], cells[0]


def test_a_row_that_nothing_shows_is_found() -> None:
    page = "| rule | shown by |\n| --- | --- |\n| one | `test_a` |\n| two | |\n\n| other | table |\n| three | `x` |\n"
    assert list(rows(page)) == [["one", "`test_a`"], ["two", ""]]


def test_every_method_that_the_readme_says_works_has_its_row() -> None:
    table = PAGES["README.md"].partition("## What works")[2].partition("\n## ")[0]
    claimed = {name for line in table.splitlines() if "| all" in line for name in re.findall(r"`([A-Z]\w+)`", line)}
    interfaces = {name for name in claimed if f"`{name}`:" in table}
    shown = {name for cells in rows(PAGES["docs/parity.md"]) for name in re.findall(r"`(\w+)`", cells[0])}

    assert len(interfaces) == 5
    assert claimed - interfaces - {"VerifyBlock"} <= shown

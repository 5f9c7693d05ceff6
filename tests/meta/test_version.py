"""The version stands in one place."""

import re
import tomllib

from gossip import __version__
from tests.support.source import ROOT

TEXT_FILES = {".py", ".toml", ".md", ".yml", ".yaml", ".cfg", ".txt", ""}


def test_it_is_one_that_package_indexes_take() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", __version__)


def test_the_project_reads_it_from_there() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" not in settings["project"]
    assert settings["project"]["dynamic"] == ["version"]
    assert settings["tool"]["hatch"]["version"] == {"path": "gossip/_version.py"}


def test_nobody_else_assigns_it() -> None:
    assigned = [
        path.relative_to(ROOT).as_posix()
        for folder in ("gossip", "gen", "docs", "examples", "bench")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in TEXT_FILES and path.is_file() and f'"{__version__}"' in path.read_text(encoding="utf-8")
    ]
    assert assigned == ["gossip/_version.py"]

"""The map in CONTRIBUTING.md has every room."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source import ROOT

MAP = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def rooms() -> Iterator[tuple[str, str]]:
    """Each folder and file of the package, each kind of test, and what lies around, with how the map writes it."""
    for path in sorted(ROOT.joinpath("gossip").iterdir()):
        if path.is_dir() and any(path.glob("*.py")):
            yield path.name, f"gossip/{path.name} "
        elif path.suffix == ".py" and not path.name.startswith("_"):
            yield path.name, path.name
    for path in sorted(ROOT.joinpath("tests").iterdir()):
        if path.is_dir() and any(_files(path)):
            yield path.name, f"`{path.name}`"
    for path in sorted(ROOT.iterdir()):
        if path.is_dir() and (path / "__init__.py").exists():
            yield path.name, f"{path.name}/"


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix in {".py", ".json"})


@pytest.mark.parametrize("shown", [pytest.param(shown, id=name) for name, shown in rooms()])
def test_every_room_is_on_the_map(shown: str) -> None:
    assert shown in MAP

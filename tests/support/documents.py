"""The pages that users read, and the fenced blocks in them."""

import re
from dataclasses import dataclass

from tests.support.source import ROOT

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# (?P<name>[\w.-]+\.\w+)\n")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line`` is that of its fence."""

    language: str
    text: str
    line: int

    @property
    def file_name(self) -> str | None:
        """The file that the block is to be written to: a comment in its first line names it."""
        found = FILE_NAME.match(self.text)
        return found["name"] if found is not None else None


def pages() -> dict[str, str]:
    """Every page by its path in the repository."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in sorted(found)}


def blocks_of(page: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    return [
        Block(found["language"], found["text"], page.count("\n", 0, found.start()) + 1)
        for found in FENCE.finditer(page)
    ]

"""Our own source, read as text: for tests that hold it to the rules of the house."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class SourceFile:
    """One module; ``name`` as it is imported, such as ``gossip.wire.codec``."""

    name: str
    text: str
    is_package: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module that it names in an import, wherever that stands, with the line.

        ``from a import b`` names ``a.b``, which may be a module or something in one.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                home = self._home_of(node)
                yield from ((f"{home}.{alias.name}", node.lineno) for alias in node.names)

    def calls(self) -> Iterator[tuple[str, int]]:
        """Every name that is called, as it is written, with the line; such as ``datetime.now``."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node.lineno

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, also inside of others."""
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield node

    def _home_of(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        package = self.name.split(".")[: None if self.is_package else -1]
        home = package[: len(package) - node.level + 1]
        return ".".join([*home, node.module] if node.module else home)


def read_source(root: Path = ROOT, package: str = "gossip") -> list[SourceFile]:
    """Every file of a package."""
    files = sorted((root / package).rglob("*.py"))
    assert files, f"no source in {root / package}"
    return [_read(root, path) for path in files]


def _read(root: Path, path: Path) -> SourceFile:
    parts = path.relative_to(root).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return SourceFile(".".join(parts[:-1] if is_package else parts), path.read_text(encoding="utf-8"), is_package)

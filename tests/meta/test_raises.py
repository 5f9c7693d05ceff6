"""What a public function raises stands in its docstring, by name or by a class above it."""

import ast
from collections.abc import Iterator

import pytest

from gossip import errors
from tests.support.source import SourceFile, read_source

ELSEWHERE = "see base"
"""Where the docstring of the Protocol says it."""
RAISED_BY = {"check_argument": "InvalidArgumentError"}
"""Calls that raise in place of the function itself."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """What the function does itself, without the functions inside of it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def raised_by(function: Function) -> set[str]:
    """The classes that it names where it raises."""
    names = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            names.add(ast.unparse(raised))
        elif isinstance(node, ast.Call):
            names.add(RAISED_BY.get(ast.unparse(node.func), ""))
    return {name for name in names if name.isidentifier() and name[0].isupper()}


def is_told(name: str, docstring: str) -> bool:
    """Whether a docstring names a class, or one above it."""
    known = getattr(errors, name, None)
    above = [kind.__name__ for kind in known.__mro__[:-3]] if isinstance(known, type) else [name]
    return ELSEWHERE in docstring or any(each in docstring for each in above)


def public_functions(nodes: list[ast.stmt]) -> Iterator[Function]:
    for node in nodes:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield node


def untold(file: SourceFile) -> Iterator[str]:
    for function in public_functions(file.tree.body):
        for name in sorted(raised_by(function)):
            if not is_told(name, ast.get_docstring(function) or ""):
                yield f"{file.name}.{function.name} raises {name}"


def test_what_is_raised_is_told() -> None:
    """But for commands, whose docstrings are their help."""
    assert [each for file in read_source() if not file.name.startswith("gossip.cli.") for each in untold(file)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('def f():\n    "F."\n    raise ClosedError', ["gossip.x.f raises ClosedError"]),
        ('async def f():\n    "F."\n    raise ClosedError("a") from None', ["gossip.x.f raises ClosedError"]),
        ('def f(a):\n    "F."\n    check_argument("a", a, int)', ["gossip.x.f raises InvalidArgumentError"]),
        ('class A:\n    def f(self):\n        "F."\n        raise KeyError', ["gossip.x.f raises KeyError"]),
        ('def f():\n    "Raises: ClosedError."\n    raise ClosedError', []),
        ('def f():\n    "Raises: WireError."\n    raise UnexpectedMessageError("a")', []),
        ('def f():\n    "F; see base."\n    raise ClosedError', []),
        ('def f():\n    "F."\n    def g():\n        raise ClosedError', []),
        ("def _f():\n    raise ClosedError", []),
        ('def f():\n    "F."\n    raise error', []),
    ],
)
def test_what_is_not_told_is_found(text: str, found: list[str]) -> None:
    assert list(untold(SourceFile("gossip.x", text))) == found

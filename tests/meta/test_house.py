"""Sizes and docstrings: small files, short functions, cancellation and origin told where they matter."""

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Protocol

from tests.support.source import read_source

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50

LONG_FOR_A_REASON = {
    "gossip.wire.decode.decode_fields": "the innermost loop of every decode; a call for each field doubles its time",
}

WITHOUT_COUNTERPART = {
    "gossip.api.comm.Subscription": "in Go a channel",
    "gossip.api.comm.Subscription.close": "in Go a channel that nobody reads any more",
    "gossip.api.options.TlsFiles": "in Go spread over the keys of core.yaml",
}
"""What gossip.api adds to Fabric's interfaces, and why."""


def modules() -> list[ModuleType]:
    return [importlib.import_module(file.name) for file in read_source()]


def classes_of(module: ModuleType) -> list[type]:
    """The public classes that are defined in a module."""
    named = inspect.getmembers(module, inspect.isclass)
    return [found for name, found in named if found.__module__ == module.__name__ and not name.startswith("_")]


def is_coroutine(member: object) -> bool:
    plain = inspect.unwrap(member) if callable(member) else member
    return inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain)


def coroutines_of(owner: type | ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public coroutines, and asynchronous generators and context managers, that are defined right there."""
    for name, member in vars(owner).items():
        is_own = isinstance(owner, type) or getattr(member, "__module__", None) == owner.__name__
        if is_own and is_coroutine(member) and not name.startswith("_"):
            yield name, member


def says_cancellation(member: object) -> bool:
    return "Cancellation:" in (getattr(member, "__doc__", None) or "")


def methods_of(protocol: type) -> dict[str, object]:
    """The methods that a Protocol asks for."""
    return {name: member for name, member in vars(protocol).items() if inspect.isfunction(member) and name[0] != "_"}


def is_protocol(found: type) -> bool:
    return Protocol in found.__bases__


def inherits_cancellation(owner: type, name: str, protocols: list[type]) -> bool:
    """Whether a class has all methods of a Protocol that says it for this one."""
    return any(
        says_cancellation(methods.get(name)) and all(callable(getattr(owner, method, None)) for method in methods)
        for methods in map(methods_of, protocols)
    )


def silent_coroutines(every: list[ModuleType]) -> list[str]:
    """Public coroutines of which nobody learns what their cancellation does."""
    protocols = [found for module in every for found in classes_of(module) if is_protocol(found)]
    silent = [
        f"{module.__name__}.{name}"
        for module in every
        for name, member in coroutines_of(module)
        if not says_cancellation(member)
    ]
    silent += [
        f"{module.__name__}.{owner.__name__}.{name}"
        for module in every
        for owner in classes_of(module)
        for name, member in coroutines_of(owner)
        if not says_cancellation(member) and not inherits_cancellation(owner, name, protocols)
    ]
    return silent


def unmirrored(tree: ast.Module, module: str) -> Iterator[str]:
    """Public classes and methods whose docstring does not name what of Fabric they mirror."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for member in (
                node,
                *(child for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)),
            ):
                if not member.name.startswith("_") and "Mirrors:" not in (ast.get_docstring(member) or ""):
                    yield f"{module}.{node.name}" + (f".{member.name}" if member is not node else "")


def test_cancellation_is_told_of_every_public_coroutine() -> None:
    """In its own docstring, or in that of the Protocol that its class implements."""
    assert silent_coroutines(modules()) == []


def test_silent_coroutines_are_found() -> None:
    module = ModuleType("sample")
    source = """
from contextlib import asynccontextmanager
from typing import Protocol
class Talks(Protocol):
    async def talk(self): "Cancellation: nothing."
    def stop(self): ...
class Talker:
    async def talk(self): "See Talks."
    def stop(self): ...
class Half:
    async def talk(self): "Has no stop, so it is none that Talks."
class Alone:
    async def said(self): "Cancellation: nothing."
    async def unsaid(self): ...
    async def _private(self): ...
async def unsaid(): ...
async def _private(): ...
@asynccontextmanager
async def opened():
    yield
"""
    exec(source, vars(module) | {"__name__": "sample"}, vars(module))
    for found in vars(module).values():
        if isinstance(found, type):
            found.__module__ = "sample"
    assert sorted(silent_coroutines([module])) == [
        "sample.Alone.unsaid",
        "sample.Half.talk",
        "sample.opened",
        "sample.unsaid",
    ]


def test_api_names_what_it_mirrors() -> None:
    found = [name for file in read_source(package="gossip/api") for name in unmirrored(file.tree, file.name)]
    assert sorted(found) == sorted(WITHOUT_COUNTERPART)


def test_unmirrored_is_found() -> None:
    tree = ast.parse(
        'class A:\n    "Mirrors: a."\n    def f(self): "F."\n    async def g(self): "Mirrors: g."\nclass B: ...'
    )
    assert list(unmirrored(tree, "m")) == ["m.A.f", "m.B"]


def test_files_are_short() -> None:
    lengths = {file.name: file.text.count("\n") for file in read_source()}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = [
        f"{file.name}.{function.name}"
        for file in read_source()
        for function in file.functions()
        if (function.end_lineno or 0) - function.lineno + 1 > MAX_FUNCTION_LINES
    ]
    assert long == sorted(LONG_FOR_A_REASON)


def test_every_public_class_and_function_has_a_docstring() -> None:
    bare = [
        f"{file.name}:{node.lineno} {node.name}"
        for file in read_source()
        for node in file.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert bare == []

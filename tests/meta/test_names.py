"""What a function's name promises: whether it returns, raises, waits."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.source import SourceFile, read_source

NONE_IS_WHAT_IT_SAYS = {
    "gossip.cli.handshake.parse_pki_id": "an option that was not given",
    "gossip.msp.config_yaml._parse_node_ous": "NodeOUs that are off",
    "gossip.wire.envelope.parse_at_once": "a frame that is left to parse_in_slices, which raises",
}
"""Functions that read something, and whose None is no way to say that it could not be read."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def parts_of(annotation: ast.expr | None) -> list[str]:
    """The members of a union, or the only type."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return parts_of(annotation.left) + parts_of(annotation.right)
    return [ast.unparse(annotation)] if annotation is not None else []


def broken_promise(function: Function) -> str | None:
    """What the name says and the signature does not."""
    name, returned = function.name.lstrip("_"), parts_of(function.returns)
    if name.startswith("check_") and returned != ["None"]:
        return "returns None or raises"
    if name.startswith(("is_", "has_")) and returned != ["bool"]:
        return "says yes or no"
    if name.startswith("parse_") and "None" in returned:
        return "raises where it cannot read"
    if name.endswith("_nowait") and isinstance(function, ast.AsyncFunctionDef):
        return "never waits"
    return None


def broken_promises(file: SourceFile) -> Iterator[tuple[str, str]]:
    for function in file.functions():
        promise = broken_promise(function)
        if promise is not None:
            yield f"{file.name}.{function.name}", promise


def test_names_keep_what_they_promise() -> None:
    found = dict(promise for file in read_source() for promise in broken_promises(file))
    assert found == dict.fromkeys(NONE_IS_WHAT_IT_SAYS, "raises where it cannot read")


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("def check_a() -> int: ...", "returns None or raises"),
        ("def _check_a() -> None | int: ...", "returns None or raises"),
        ("def is_a() -> bool | None: ...", "says yes or no"),
        ("def has_a(): ...", "says yes or no"),
        ("class A:\n    def parse_a(self) -> bytes | None: ...", "raises where it cannot read"),
        ("async def send_nowait() -> bool: ...", "never waits"),
    ],
)
def test_a_broken_promise_is_found(text: str, promise: str) -> None:
    assert [said for _, said in broken_promises(SourceFile("gossip.x", text))] == [promise]


@pytest.mark.parametrize(
    "text",
    [
        "def check_a() -> None: ...",
        "def is_a() -> bool: ...",
        "def parse_a() -> dict[str, int | None]: ...",
        "def find_a() -> int | None: ...",
        "def send_nowait() -> bool: ...",
    ],
)
def test_a_promise_that_is_kept_is_none(text: str) -> None:
    assert list(broken_promises(SourceFile("gossip.x", text))) == []

"""Messages that pages and examples show people have tags that Fabric takes."""

import ast
from collections.abc import Iterator
from typing import get_type_hints

import pytest

from gossip.messages import GossipMessage, Tag
from gossip.wire.tags import find_tag_fault
from tests.support.documents import blocks_of, pages
from tests.support.source import ROOT

PROGRAMS = {
    f"{name}:{block.line}": block.text
    for name, page in pages().items()
    for block in blocks_of(page)
    if block.language == "python"
} | {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("examples", "tests/typing/project")
    for path in ROOT.glob(f"{folder}/*.py")
}


def messages(program: str) -> Iterator[GossipMessage]:
    """Every gossip message that a program makes: its tag and kind, with nothing in it."""
    contents = get_type_hints(GossipMessage)
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "GossipMessage":
            said = {each.arg: ast.unparse(each.value) for each in node.keywords if each.arg is not None}
            tag = getattr(Tag, said.pop("tag", "Tag.UNDEFINED").removeprefix("Tag."))
            content = {name: contents[name]() for name in said if name not in {"channel", "nonce"}}
            yield GossipMessage(tag=tag, **content)


@pytest.mark.parametrize("name", [name for name, text in PROGRAMS.items() if "GossipMessage(" in text])
def test_tags_are_legal(name: str) -> None:
    found = list(messages(PROGRAMS[name]))

    assert found
    assert [find_tag_fault(message) for message in found] == [None] * len(found)


def test_an_illegal_tag_is_found() -> None:
    program = "GossipMessage(channel=b'c', tag=Tag.CHAN_ONLY, data_msg=DataMessage())\nGossipMessage(conn=c)"

    assert [find_tag_fault(message) for message in messages(program)] == ["Tag should be CHAN_AND_ORG", "Undefined tag"]

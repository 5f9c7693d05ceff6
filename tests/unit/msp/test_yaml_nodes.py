"""What reading YAML is bounded by; without, some of it would take minutes, or the process."""

import sys
from collections.abc import Iterator

import pytest

from gossip.errors import ConfigurationError
from gossip.msp.yaml_nodes import compose_yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 100


@pytest.fixture(autouse=True)
def no_limit_of_python() -> Iterator[None]:
    """Some libraries raise it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ("{", "}"), ("- ", ""), ("a: [", "]"), ("? ", "")], ids=repr
)
def test_as_deep_as_allowed_and_far_deeper(opening: str, closing: str) -> None:
    levels = opening.count("[") + opening.count(":") or 1  # of nodes, each time
    times = MAX_DEPTH // levels - 1

    assert compose_yaml((opening * times + closing * times).encode(), "f", "bad") is not None
    for too_deep in (opening * (times + 2) + closing * (times + 2), opening * 50_000):
        with pytest.raises(ConfigurationError) as refusal:
            compose_yaml(too_deep.encode(), "f", "bad")

        assert str(refusal.value) == "f:1: bad: nested more than 100 deep"


def test_what_was_closed_does_not_count() -> None:
    assert compose_yaml(b"- []\n" * (MAX_DEPTH + 1), "f", "bad") is not None


def test_as_much_as_allowed_and_one_byte_more() -> None:
    text = b"#" * MAX_BYTES

    assert compose_yaml(text, "f", "bad") is None
    with pytest.raises(ConfigurationError) as refusal:
        compose_yaml(text + b"#", "f", "bad")

    assert str(refusal.value) == "f: bad: larger than 262144 bytes"


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quote_that_is_not_closed_is_told_where_it_opens(quote: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        compose_yaml(f"a: 1\nb: {quote}c\nd: 2\n".encode(), "f", "bad")

    assert str(refusal.value) == "f:2: bad: found unexpected end of stream: the quote that opens here is not closed"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nb: caf\xe9\n", "f:2: bad: the byte 0xe9 is not UTF-8 here"),
        (b"# \xc3\xa9\na: 1\nb: \x00\n", "f:3: bad: the character U+0000 may not stand in YAML"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(text: bytes, told: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        compose_yaml(text, "f", "bad")

    assert str(refusal.value) == told

"""What reading YAML is bounded by; each would take minutes or the process without."""

import pytest

from gossip.errors import ConfigurationError
from gossip.msp.yaml_nodes import MAX_BYTES, MAX_OPEN_BRACKETS, compose_yaml


@pytest.mark.parametrize("bracket", ["[", "{"])
def test_as_many_brackets_as_allowed_and_one_more(bracket: str) -> None:
    closing = {"[": "]", "{": "}"}[bracket]

    assert compose_yaml((bracket * MAX_OPEN_BRACKETS + closing * MAX_OPEN_BRACKETS).encode(), "f", "bad") is not None
    with pytest.raises(ConfigurationError) as refusal:
        compose_yaml((bracket * (MAX_OPEN_BRACKETS + 1)).encode(), "f", "bad")

    assert str(refusal.value) == "f:1: bad: more than 100 open brackets"


def test_brackets_that_were_closed_do_not_count() -> None:
    assert compose_yaml(b"- []\n" * (MAX_OPEN_BRACKETS + 1), "f", "bad") is not None


def test_blocks_that_are_too_deep() -> None:
    with pytest.raises(ConfigurationError) as refusal:
        compose_yaml(b"- " * 3000, "f", "bad")

    assert str(refusal.value) == "f: bad: nested too deeply"


def test_as_much_as_allowed_and_one_byte_more() -> None:
    text = b"#" * MAX_BYTES

    assert compose_yaml(text, "f", "bad") is None
    with pytest.raises(ConfigurationError) as refusal:
        compose_yaml(text + b"#", "f", "bad")

    assert str(refusal.value) == "f: bad: larger than 1048576 bytes"

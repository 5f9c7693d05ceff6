"""How often a header block may change the size of its table."""

import pytest

from gossip.transport.http2.table_updates import has_too_many_updates

FIELD = b"\x82"
ZERO = b"\x20"
LONG = b"\x3f\xe1\x1f"  # 4096


@pytest.mark.parametrize("block", [b"", FIELD, ZERO + FIELD, ZERO + LONG + FIELD, LONG, FIELD + ZERO * 3, b"\x3f"])
def test_two_changes_at_the_start_of_a_block_are_not_too_many(block: bytes) -> None:
    assert not has_too_many_updates(block)


@pytest.mark.parametrize(
    "block", [ZERO * 3, ZERO * 4000 + FIELD, LONG * 3 + FIELD, ZERO + LONG + ZERO, LONG * 2 + b"\x3f"]
)
def test_a_third_change_at_the_start_of_a_block_is_too_many(block: bytes) -> None:
    assert has_too_many_updates(block)

"""What is told of a message that we encoded; of those that come in, `test_envelope` tells."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.wire.head import scan_head
from gossip.wire.kinds import MessageKind


def test_kind_nonce_channel_tag_and_where_the_content_starts_are_told() -> None:
    data = bytes.fromhex("0805 12026368 1803 7200")

    assert scan_head(data) == (MessageKind.CONN, 5, b"ch", 3, 10, 10)


@pytest.mark.parametrize("end", [1, 3, 5, 9])
def test_what_is_cut_off_has_none(end: int) -> None:
    with pytest.raises(MalformedMessageError, match="truncated"):
        scan_head(bytes.fromhex("0805 12026368 1803 7201 08")[:end])


@pytest.mark.parametrize(
    ("data", "content_at"),
    [
        ("", 0),
        ("0805", 0),
        ("0805 7200", 4),
        ("0805 7200 0806", -1),
        ("7200 7200", -1),
        ("7200 2200 7200", -1),
        ("f80101 7200", -1),
        ("0805 fb010805fc01 7200", -1),
    ],
    ids=[
        "nothing",
        "no content",
        "the content is last",
        "something behind it",
        "it comes twice",
        "it comes twice with something between",
        "something unknown before it",
        "a group before it",
    ],
)
def test_where_the_content_starts_is_told_if_the_head_knows_all_before_it(data: str, content_at: int) -> None:
    encoded = bytes.fromhex(data)

    assert scan_head(encoded)[4] == content_at

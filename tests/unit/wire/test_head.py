"""What is told of a message that we encoded; of those that come in, `test_envelope` tells."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.wire.head import scan_head
from gossip.wire.kinds import MessageKind


def test_a_head() -> None:
    data = bytes.fromhex("0805 12026368 1803 7200 ff")

    assert scan_head(data, 0, 10) == (MessageKind.CONN, 5, b"ch", 3, 10, 10)


@pytest.mark.parametrize("end", [1, 3, 5, 9])
def test_what_is_cut_off_has_none(end: int) -> None:
    with pytest.raises(MalformedMessageError, match="truncated"):
        scan_head(bytes.fromhex("0805 12026368 1803 7201 08"), 0, end)

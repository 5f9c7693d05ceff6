"""What ``gossip misbehave`` takes for a right ending; the command itself runs in tests/scenario."""

import pytest

from gossip.cli.misbehave import went_right
from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.ending import ALERT, CUT, SERVED, End, Ending, status

REPLACED = status("OK")
REFUSED = Ending(End.UNREACHABLE, "tcp", "connection refused, nothing listens there")


@pytest.mark.parametrize(
    ("name", "connections", "endings", "is_right"),
    [
        ("unasked-acks", 3, {SERVED}, True),
        ("unasked-acks", 3, {SERVED, REPLACED}, True),
        ("goaway-in-mid-stream", 3, {SERVED, Ending(End.RESET, "STREAM_CLOSED")}, True),
        ("unasked-acks", 3, {SERVED, CUT}, False),
        ("unasked-acks", 3, {REPLACED}, False),
        ("unasked-acks", 1, {REPLACED}, False),
        ("unasked-acks", 1, {SERVED, REFUSED}, True),
        ("unasked-acks", 1, {CUT, REFUSED}, False),
        ("silent", 1, {CUT, REFUSED}, True),
        ("silent", 1, {REFUSED}, False),
        ("deaf-asker", 3, {CUT, REPLACED}, True),
        ("costly-certificate", 3, {ALERT, CUT}, True),
        ("costly-certificate", 3, {CUT}, False),
        ("costly-certificate", 1, {ALERT, CUT}, False),
        ("expired", 3, {status("UNKNOWN", "gossipping peer identity expired"), REPLACED}, False),
    ],
)
def test_everything_that_could_connect_must_end_right_unless_another_of_ours_was_in_its_way(
    name: str, connections: int, endings: set[Ending], is_right: bool
) -> None:
    assert went_right(FAULTS[name], endings, connections) is is_right

"""What a measured attack takes for a right outcome."""

import pytest

from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.ending import ALERT, CUT, SERVED, End, Ending
from robustness.measure import went_right

REFUSED = Ending(End.UNREACHABLE, "tls", "the peer closed the connection")


@pytest.mark.parametrize(
    ("name", "endings", "is_right"),
    [
        ("ping-flood", {CUT}, True),
        ("ping-flood", {CUT, REFUSED}, True),
        ("ping-flood", {REFUSED}, False),
        ("ping-flood", {CUT, SERVED}, False),
        ("costly-certificate", {ALERT}, True),
        ("costly-certificate", {ALERT, CUT}, True),
        ("costly-certificate", {CUT}, False),
        ("costly-certificate", {ALERT, SERVED}, False),
        ("unasked-acks", {SERVED}, True),
        ("unasked-acks", {SERVED, REFUSED}, False),
        ("unasked-acks", {SERVED, CUT}, False),
    ],
)
def test_what_others_under_way_change_is_right_where_somebody_ends_as_all_should(
    name: str, endings: set[Ending], is_right: bool
) -> None:
    assert went_right(FAULTS[name], endings) is is_right

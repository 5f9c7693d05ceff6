"""What a measured attack takes for a right outcome."""

import pytest

from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.ending import CUT, SERVED, End, Ending
from robustness.measure import went_right

REFUSED = Ending(End.UNREACHABLE, "tls", "the peer closed the connection")


@pytest.mark.parametrize(
    ("name", "endings", "is_right"),
    [
        ("ping-flood", {CUT}, True),
        ("ping-flood", {CUT, REFUSED}, True),
        ("ping-flood", {REFUSED}, False),
        ("ping-flood", {CUT, SERVED}, False),
        ("unasked-acks", {SERVED}, True),
        ("unasked-acks", {SERVED, REFUSED}, False),
        ("unasked-acks", {SERVED, CUT}, False),
    ],
)
def test_connections_may_be_refused_only_where_others_are_cut(name: str, endings: set[Ending], is_right: bool) -> None:
    assert went_right(FAULTS[name], endings) is is_right

"""How the endings of a storm are counted."""

from gossip.misbehave.ending import CUT, End, Ending, status
from gossip.misbehave.run import MAX_KINDS, Storm


def test_endings_beyond_a_bound_are_told_apart_no_more() -> None:
    storm = Storm()
    expected = status("UNKNOWN", "refused")
    for number in range(MAX_KINDS):
        storm.count(Ending(End.RESET, f"error code {number}"), expected)
    storm.count(Ending(End.RESET, "error code 0"), expected)
    assert (len(storm.endings), storm.endings[Ending(End.RESET, "error code 0")]) == (MAX_KINDS, 2)

    for number in range(10):
        storm.count(status("UNKNOWN", f"{number} was refused"), expected)
        storm.count(status("UNKNOWN", f"{number} was not"), expected)
        storm.count(CUT, expected)
    assert storm.endings[expected] == storm.endings[Ending(End.STATUS)] == storm.endings[CUT] == 10
    assert len(storm.endings) == MAX_KINDS + 3

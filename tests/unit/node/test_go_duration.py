"""Durations as Go reads them."""

import pytest

from gossip.node.go_duration import parse_go_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3s", 3.0),
        ("1500ms", 1.5),
        ("1h2m", 3720.0),
        ("1h2m3.5s", 3723.5),
        ("0", 0.0),
        ("0s", 0.0),
        ("+0", 0.0),
        ("-0", 0.0),
        ("-0s", 0.0),
        ("-0.9ns", 0.0),
        (".5s", 0.5),
        ("5.s", 5.0),
        ("+3s", 3.0),
        ("2562047h47m16.854775807s", 9223372036.854775807),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("1000000ns", 0.001),
        ("0.9ns", 0.0),
        ("1000000.9ns0.9ns", 0.001),
    ],
)
def test_a_duration_in_seconds(text: str, seconds: float) -> None:
    assert parse_go_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("3", "'3' has no unit: write 3s"),
        ("1.5", "has no unit"),
        ("-3s", "is negative"),
        ("-1ns", "is negative"),
        ("00", "has no unit"),
        ("", "is not a duration"),
        ("3 s", "is not a duration"),
        ("++3s", "is not a duration"),
        ("2562047h47m16.854775808s", "is longer than"),
        ("99999999999h", "is longer than"),
        ("3sec", "is not a duration"),
        ("s", "is not a duration"),
        (".s", "is not a duration"),
        ("٣s", "is not a duration"),
        ("1s" * 1000, "is not a duration"),
        ("9" * 1000, "no unit"),
    ],
)
def test_what_is_no_duration_is_refused_in_words(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what) as refusal:
        parse_go_duration(text)
    assert len(str(refusal.value)) < 200

"""What commands print never carries what a terminal would obey."""

import pytest

from gossip.cli.report import Report


def test_names_of_facts_that_others_wrote_are_shown_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """As of ``gossip misbehave``, which counts endings by the peer's own words."""
    Report(as_json=False).record({"observed": {"status UNKNOWN (\x1b]0;pwn\x07\r\nfault ok yes\u202e)": 1}})
    shown = capsys.readouterr().out
    assert shown.removesuffix("\n").isprintable()
    assert "\\x1b]0;pwn\\x07\\r\\nfault" in shown

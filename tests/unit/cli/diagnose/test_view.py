"""A diagnosis on a screen."""

import pytest

from gossip.cli.diagnose.view import show
from gossip.cli.report import Report
from gossip.node.diagnose.diagnosis import Diagnosis, Stage, passed


def test_an_endpoint_that_somebody_wrote_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    """It may stand in a connection profile, which others made."""
    show(Report(as_json=False), [Diagnosis("a\x1b]0;title\x07\u202e:1", (passed(Stage.NAME),))])
    assert capsys.readouterr().out.splitlines()[0] == r"a\x1b]0;title\x07\u202e:1"

"""What the log says of a record that cannot be put into words."""

import io
import json
import logging

import pytest

from gossip.node.logs.handler import LineHandler
from gossip.node.logs.lines import JsonLines

RECORD = logging.LogRecord("gossip.comm", logging.ERROR, "/library.py", 7, "%d of %d", (1,), None)


def test_it_is_told_in_a_line_of_the_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler = LineHandler(stream)
    handler.setFormatter(JsonLines())

    handler.handle(RECORD)

    facts = json.loads(stream.getvalue())
    assert (facts["level"], facts["name"]) == ("error", "gossip.comm")
    assert facts["msg"] == "what /library.py:7 logs cannot be put into words: TypeError"
    assert capsys.readouterr() == ("", "")


def test_it_ends_nobody_where_nothing_can_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    handler = LineHandler(stream)
    stream.close()

    handler.handle(RECORD)

    assert capsys.readouterr() == ("", "")

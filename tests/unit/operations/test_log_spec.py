"""What PUT of ``/logspec`` takes and refuses."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from gossip.node.logs.control import LogControl, logging_to
from gossip.operations.log_spec import change_log_spec, show_log_spec


@pytest.fixture
def log() -> Iterator[LogControl]:
    with logging_to(io.StringIO(), "gossip.comm=error:warn") as control:
        yield control


def test_the_specification_in_force_is_shown(log: LogControl) -> None:
    answer = show_log_spec(log)

    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"spec": "gossip.comm=error:warn"}


def test_another_one_counts_at_once(log: LogControl) -> None:
    answer = change_log_spec(log, b'{"spec": "gossip.comm=debug:info"}')

    assert (answer.status, answer.body) == (204, b"")
    assert log.spec == "gossip.comm=debug:info"
    assert logging.getLogger("gossip.comm").isEnabledFor(logging.DEBUG)


def test_the_complaint_is_fabric_s(log: LogControl) -> None:
    answer = change_log_spec(log, b'{"spec": "gossip=loud"}')

    complaint = "invalid logging specification 'gossip=loud': bad segment 'gossip=loud'"
    assert json.loads(answer.body) == {"error": complaint}


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
        (b"[" * 5_000, "the body is not JSON"),
        (b"[]", "the body has to be"),
        (b"{}", "the body has to be"),
        (b'{"spec": 1}', "the body has to be"),
        (b'{"spec": "gossip.comm=loud"}', "loud"),
    ],
)
def test_a_wrong_one_is_refused_and_changes_nothing(log: LogControl, body: bytes, complaint: str) -> None:
    answer = change_log_spec(log, body)

    assert answer.status == 400
    assert complaint in json.loads(answer.body)["error"]
    assert log.spec == "gossip.comm=error:warn"

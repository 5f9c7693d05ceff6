"""The bars of the attacks: what each lets through, and what it does not; and the table in its document."""

from dataclasses import replace
from pathlib import Path

import pytest

from gossip.misbehave.catalogue import FAULTS
from gossip.transport.gate import Offence
from robustness.__main__ import main
from robustness.measure import Measured
from robustness.parts import MAX_IDENTITIES
from robustness.report import LEFT_MIB, LOG_LINES, MESSAGE_MIB, TOTAL_MIB, bars_missed, write_report

GOOD = Measured(
    fault=FAULTS["ping-flood"],
    connections=50,
    attempts=200,
    outcome="cut",
    is_right=True,
    first_took_s=0.1,
    calm_p99_ms=0.2,
    p99_ms=0.99,
    peak_mib=50.0,
    left_mib=LEFT_MIB,
    left_files=0,
    left_tasks=0,
    identities=MAX_IDENTITIES,
    cut={Offence.FLOOD.value: 200},
    log_lines=LOG_LINES,
)


def test_what_is_within_every_bar_misses_none() -> None:
    assert bars_missed(GOOD) == []


@pytest.mark.parametrize(
    ("changed", "missed"),
    [
        ({"is_right": False}, "outcome"),
        ({"peak_mib": 50.1}, "memory"),
        ({"p99_ms": 1.0}, "p99"),
        ({"p99_ms": float("inf")}, "p99"),
        ({"cut": {}}, "metric"),
        ({"log_lines": LOG_LINES + 1}, "log"),
        ({"identities": MAX_IDENTITIES + 1}, "identities"),
        ({"left_mib": LEFT_MIB + 0.1}, "memory after"),
        ({"left_files": 1}, "files after"),
        ({"left_tasks": 1}, "tasks after"),
    ],
)
def test_each_bar_is_missed_alone(changed: dict[str, object], missed: str) -> None:
    assert bars_missed(replace(GOOD, **changed)) == [missed]  # type: ignore[arg-type]  # each value is its field's


@pytest.mark.parametrize(
    ("fault", "connections", "most_mib"),
    [
        ("ping-flood", 3, 3.0),
        ("ping-flood", 1000, TOTAL_MIB),
        ("data-flood", 2, 2 * MESSAGE_MIB),
        ("many-identities", 1, MESSAGE_MIB),
    ],
)
def test_memory_may_grow_with_the_connections_and_more_once_they_are_authenticated(
    fault: str, connections: int, most_mib: float
) -> None:
    just = replace(GOOD, fault=FAULTS[fault], connections=connections, peak_mib=most_mib)
    assert bars_missed(just) == []
    assert bars_missed(replace(just, peak_mib=most_mib + 0.1)) == ["memory"]


def test_the_table_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- table -->\nold\n<!-- end of table -->\nafter\n", encoding="utf-8")

    write_report(page, [GOOD, replace(GOOD, p99_ms=2.0)])

    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- table -->\n")
    assert text.endswith("<!-- end of table -->\nafter\n")
    assert "old" not in text
    assert "2 attacks, 1 within every bar" in text
    rows = [line for line in text.splitlines() if line.startswith("| `ping-flood`")]
    assert [row.split("|")[-2].strip() for row in rows] == ["", "p99"]


def test_a_page_that_is_not_there_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "robustness.md"
    monkeypatch.setattr("sys.argv", ["robustness", "--out", str(page)])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert f"{page} is not there" in capsys.readouterr().err

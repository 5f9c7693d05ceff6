"""docs/robustness.md: the table, made of what was measured."""

import os
import platform
from pathlib import Path

from gossip.misbehave.fault import Layer
from robustness.measure import Measured
from robustness.parts import MAX_IDENTITIES

AUTHENTICATED = Layer.MESSAGES
MESSAGE_MIB = 100.0
TOTAL_MIB = 64.0
SLOWER = 5.0
LEFT_MIB = 8.0
LOG_LINES = 4
"""One for each thing that is wrong in ten seconds; an attack that lasts longer, or is two things, says more."""


def bars_missed(each: Measured) -> list[str]:
    """Which of the bars an attack broke."""
    is_before = each.fault.layer is not AUTHENTICATED and each.fault.name != "many-identities"
    most_mib = min(each.connections, TOTAL_MIB) if is_before else MESSAGE_MIB * each.connections
    checks = {
        "outcome": each.is_right,
        "memory": each.peak_mib <= most_mib,
        "p99": each.p99_ms < SLOWER * each.calm_p99_ms,
        "metric": each.fault.offence is None or sum(each.cut.values()) > 0,
        "log": each.log_lines <= LOG_LINES,
        "identities": each.identities <= MAX_IDENTITIES,
        "memory after": each.left_mib <= LEFT_MIB,
        "files after": each.left_files <= 0,
        "tasks after": each.left_tasks <= 0,
    }
    return [name for name, holds in checks.items() if not holds]


def write_report(path: Path, measured: list[Measured]) -> None:
    """Put the table between its two marks in the document."""
    text = path.read_text(encoding="utf-8")
    begin, end = "<!-- table -->\n", "<!-- end of table -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(before + begin + _table(measured) + end + after, encoding="utf-8")


def _table(measured: list[Measured]) -> str:
    missed = [each for each in measured if bars_missed(each)]
    lines = [
        f"CPython {platform.python_version()}, {os.cpu_count()} processors, {platform.system()}; "
        f"{len(measured)} attacks, {len(measured) - len(missed)} within every bar.",
        "",
        "| attack | what it does | caught by | tries | memory, MiB | honest p99, ms: calm | attacked "
        "| first cut, s | outcome | misses |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for each in measured:
        cells = (
            f"`{each.fault.name}`",
            each.fault.description,
            each.fault.limit,
            f"{each.attempts}",
            f"{each.peak_mib:+.1f}",
            f"{each.calm_p99_ms:.2f}",
            f"{each.p99_ms:.2f}",
            f"{each.first_took_s:.2f}",
            each.outcome,
            ", ".join(bars_missed(each)) or "",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"

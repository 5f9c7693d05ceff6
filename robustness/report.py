"""docs/robustness.md: the table, made of what was measured."""

import os
import platform
from pathlib import Path

from gossip.misbehave.fault import Layer
from robustness.measure import Measured

BEFORE_AUTHENTICATION = {Layer.TCP, Layer.TLS, Layer.HTTP2, Layer.GRPC, Layer.HANDSHAKE}
MESSAGE_MIB = 100.0
TOTAL_MIB = 64.0
SLOWER = 5.0
LEFT_MIB = 8.0


def bars_missed(each: Measured) -> list[str]:
    """Which of the bars an attack broke."""
    is_before = each.fault.layer in BEFORE_AUTHENTICATION
    per_connection = 1.0 if is_before else MESSAGE_MIB
    most_mib = min(per_connection * each.connections, TOTAL_MIB) if is_before else per_connection * each.connections
    checks = {
        "outcome": each.is_right,
        "memory": each.peak_mib <= max(most_mib, 1.0),
        "p99": each.p99_ms < SLOWER * each.calm_p99_ms,
        "metric": each.fault.offence is None or each.cut.get(each.fault.offence.value, 0) > 0,
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

"""`python -m tests.failures FILE` tries every failure and writes down what came of it, as docs/failures.md has it."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.failures.faults import ELSEWHERE, ON_LINKS, Fault
from tests.failures.rig import Row
from tests.support.lossy_link import why_not

MARK = "<!-- written by make failures -->"


async def run(fault: Fault) -> Row:
    """Try one failure."""
    with tempfile.TemporaryDirectory(prefix="gossip-failures-") as folder:
        return await fault(Path(folder))


def line_of(row: Row) -> str:
    """One line of the table."""
    after = "" if row.after_s is None else f"{row.after_s:.3f} s"
    return f"| {row.fault} | {row.where} | {row.announced} | {after} | {row.lost} | {row.heals} |"


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    page = Path(arguments[0])
    reason = why_not()
    if reason is not None:
        print(f"Links were not tried, since {reason}.")
    rows = [asyncio.run(run(fault)) for fault in (*(ON_LINKS if reason is None else ()), *ELSEWHERE)]
    table = ["| failure | tried on | announced | after | lost | heals |", "| --- | --- | --- | --- | --- | --- |"]
    text, mark, _ = page.read_text().partition(MARK)
    page.write_text("\n".join([text + mark, "", *table, *map(line_of, rows), ""]))
    print(*map(line_of, rows), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Compares what the fixed workloads cost with the committed record: ``python -m bench.check``, ``--record`` renews it.

Instructions under callgrind hardly depend on the machine's load, CPU time does: without valgrind only what became a
third slower is reported.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.workloads import DUMPS

RECORD = Path(__file__).parent / "record.json"
INSTRUCTIONS, CPU = "instructions", "CPU us"
TOLERANCE = {INSTRUCTIONS: 0.03, CPU: 0.33}
LIMIT_S = 1200
WORKLOADS = (sys.executable, "-m", "bench.workloads")


def main() -> None:
    """Exit with 1 when a workload costs more than on record."""
    parser = argparse.ArgumentParser(prog="python -m bench.check", description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help="write what is measured now into the record")
    renews = parser.parse_args().record
    unit = INSTRUCTIONS if shutil.which("valgrind") and shutil.which("vgdb") else CPU
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    costs = _count() if unit == INSTRUCTIONS else _run({})
    if renews:
        record[unit] = {"python": platform.python_version(), "costs": costs}
        RECORD.write_text(json.dumps(record, indent=1) + "\n")
    if unit not in record:
        sys.exit(f"there is no record in {unit}: python -m bench.check --record")
    python = record[unit]["python"]
    if python != platform.python_version():
        print(f"The record is of Python {python}, this is {platform.python_version()}: read the ratios with care.")
    worse = compare(record[unit]["costs"], costs, unit)
    if worse:
        sys.exit(f"worse than on record by more than {TOLERANCE[unit]:.0%}: {', '.join(worse)}")


def compare(record: Mapping[str, int], costs: Mapping[str, int], unit: str) -> list[str]:
    """Print each workload, and return the names of those that became worse."""
    print(f"{'workload':40} {unit + ' then':>20} {'now':>16} {'ratio':>7}")
    worse = []
    for name, cost in costs.items():
        then = record.get(name)
        ratio = cost / then if then else 1.0
        print(f"{name:40} {then or 0:20,} {cost:16,} {ratio:7.3f}")
        if ratio > 1 + TOLERANCE[unit]:
            worse.append(f"{name} ({ratio:.2f})")
    return worse


def _count() -> dict[str, int]:
    with TemporaryDirectory(prefix="gossip-bench-") as folder:
        dumps = Path(folder) / "callgrind"
        valgrind = ("valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={dumps}")
        return _run({DUMPS: str(dumps)}, *valgrind)


def _run(environment: dict[str, str], *under: str) -> dict[str, int]:
    surroundings = os.environ | {"PYTHONHASHSEED": "0"} | environment
    done = subprocess.run((*under, *WORKLOADS), env=surroundings, check=True, stdout=subprocess.PIPE, timeout=LIMIT_S)  # noqa: S603 -- ours
    costs: dict[str, int] = json.loads(done.stdout)
    return costs


if __name__ == "__main__":
    main()

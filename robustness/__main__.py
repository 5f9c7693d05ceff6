"""``python -m robustness``: every attack, or those that are named, and docs/robustness.md when it was every one."""

import argparse
import tempfile
from pathlib import Path

from bench.sides import Side
from gossip.misbehave.catalogue import FAULTS
from robustness.measure import Arena, Measured
from robustness.organizations import Stage
from robustness.report import bars_missed, write_report


def main() -> None:
    """Attack, and tell."""
    parser = argparse.ArgumentParser(prog="robustness", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="names of faults; all of them without any")
    parser.add_argument("--uvloop", action="store_true", help="run all processes on uvloop")
    parser.add_argument("--out", type=Path, help="the page whose table is written anew")
    arguments = parser.parse_args()
    if arguments.out is not None and not arguments.out.is_file():
        parser.error(f"{arguments.out} is not there, and the table goes between two marks in it")
    faults = [FAULTS[name] for name in arguments.faults] or list(FAULTS.values())
    measured: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="gossip-attack-") as name:
        Stage(Path(name)).write()
        with Side(uvloop=arguments.uvloop) as victim, Side() as honest, Side() as attacker:
            arena = Arena(Path(name), victim, honest, attacker)
            for fault in faults:
                measured.append(arena.measure(fault))
                print(line_of(measured[-1]), flush=True)
    if arguments.out is not None:
        write_report(arguments.out, measured)


def line_of(each: Measured) -> str:
    """What people watch go by."""
    missed = bars_missed(each)
    return (
        f"{each.fault.name:24} {each.outcome:28} {each.attempts:6} tries  {each.peak_mib:+7.1f} MiB  "
        f"p99 {each.calm_p99_ms:6.2f} -> {each.p99_ms:7.2f} ms  left {each.left_mib:+.1f} MiB {each.left_files} files "
        f"{each.left_tasks} tasks  log {each.log_lines}  {'; '.join(missed)}"
    )


if __name__ == "__main__":
    main()

"""`python -m tests.soak [SECONDS] [SEED]` runs the soak and prints what it found."""

import asyncio
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from tests.soak.play import soak

ALLOWED_GROWTH_BYTES = 16 * 1024 * 1024


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    seconds = float(arguments[0]) if arguments else 300.0
    seed = int(arguments[1]) if len(arguments) > 1 else SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory(prefix="gossip-soak-") as folder:
        outcome = asyncio.run(soak(seconds, seed, Path(folder), allowed_growth_bytes=ALLOWED_GROWTH_BYTES))
    print(f"seed {outcome.seed}: {outcome.killed} processes killed, {outcome.restarted} peers restarted")
    print(f"{outcome.acknowledged} messages acknowledged, {outcome.delivered} delivered")
    print(f"not acknowledged: {dict(outcome.failures)}")
    for fault in outcome.faults:
        print(fault)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

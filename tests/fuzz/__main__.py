"""`python -m tests.fuzz [SECONDS] [SEED]` fuzzes every target for an equal share of the time.

A case that fails ends the run; what it printed makes the case again:
`python -m tests.fuzz again TARGET SEED CASE`. Keep the input as a test in test_found.py.
"""

import logging
import sys
import time
import traceback
from collections import Counter
from contextlib import closing
from random import Random, SystemRandom

from tests.fuzz.target import FoundError, run_cases
from tests.fuzz.targets import TARGETS

BATCH = 50


def fuzz(seconds: float, seed: int) -> bool:
    """Fuzz every target; returns whether nothing was found."""
    fine = True
    for name, make in TARGETS.items():
        outcomes, batch = Counter[str](), seed
        end_at_s = time.monotonic() + seconds / len(TARGETS)
        try:
            with closing(make()) as target:
                while time.monotonic() < end_at_s:
                    outcomes += run_cases(name, target, BATCH, batch)
                    batch += 1
        except FoundError as error:
            fine = False
            traceback.print_exception(error)
            print(f"again: python -m tests.fuzz again {error.name} {error.seed} {error.case}")
        shown = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common(6))
        print(f"{name:<13} {outcomes.total():>8} cases, seeds {seed} to {batch}: {shown}", flush=True)
    return fine


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    logging.getLogger().addHandler(logging.NullHandler())  # what the cases are told would go to stderr
    match arguments:
        case ["again", name, seed, case]:
            with closing(TARGETS[name]()) as target:
                print(target.try_one(Random(f"{name} {seed} {case}")))
            return 0
        case _:
            seconds = float(arguments[0]) if arguments else 60.0
            first = int(arguments[1]) if len(arguments) > 1 else SystemRandom().randrange(10**6) * 1000
            return 0 if fuzz(seconds, first) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

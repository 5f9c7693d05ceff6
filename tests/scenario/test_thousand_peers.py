"""A day in a network of a thousand peers, in seconds; a failure repeats from its seed.

Play one seed again, in full::

    GOSSIP_SEED=7 pytest tests/scenario/test_thousand_peers.py
"""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.support.epidemic import Plan, play

SEED = int(os.environ.get("GOSSIP_SEED", "1"))
SMALL = Plan(SEED, peers=60, hours=12, calm_hours=6, faults=60)


def test_everybody_hears_everything_and_only_failed_links_are_mourned() -> None:
    plan = Plan(SEED)
    outcome = play(plan)
    assert outcome.unaware == [], f"{plan}: run with GOSSIP_SEED={SEED} to see it again"
    assert outcome.deaths, f"{plan}: links were cut and nobody noticed"
    assert set(outcome.deaths) <= outcome.links_that_failed, f"{plan}: somebody was presumed dead over a sound link"


@pytest.mark.parametrize("seed", [SEED, SEED + 1, SEED + 2])
def test_one_seed_is_one_course_of_events(seed: int) -> None:
    plan = replace(SMALL, seed=seed)
    first, second = play(plan), play(plan)
    assert first.log == second.log, plan
    assert first.unaware == [], plan


def test_another_process_plays_the_same_seed_alike() -> None:
    """Hash seeds differ from process to process; they decide nothing."""
    program = (
        "from tests.support.epidemic import *; "
        f"print(play(Plan({SMALL.seed}, peers={SMALL.peers}, hours={SMALL.hours}, "
        f"calm_hours={SMALL.calm_hours}, faults={SMALL.faults})).digest)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == play(SMALL).digest


def test_another_seed_is_another_course_of_events() -> None:
    assert play(SMALL).log != play(replace(SMALL, seed=SEED + 1)).log

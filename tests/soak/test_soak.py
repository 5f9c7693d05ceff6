"""The short form of ``make soak``."""

import asyncio
from pathlib import Path

from tests.soak.play import soak

SECONDS = 6.0
ALLOWED_GROWTH_BYTES = 16 * 1024 * 1024


def test_peers_that_die_and_come_back_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    outcome = asyncio.run(soak(SECONDS, 3, tmp_path, allowed_growth_bytes=ALLOWED_GROWTH_BYTES))

    assert outcome.faults == []
    assert outcome.killed + outcome.restarted > 0
    assert outcome.acknowledged > 20 * 19

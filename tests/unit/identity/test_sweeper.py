"""The one task that wakes when an identity may have to go."""

import asyncio
import logging
from datetime import datetime

import pytest

from gossip.identity.sweeper import Sweeper
from tests.support.virtual_time import VirtualClock, run_virtual


@pytest.mark.parametrize("error", [ZeroDivisionError(), asyncio.CancelledError()])
def test_one_sweep_that_fails_is_not_the_last(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """A user's code says who is in use."""
    sweeps: list[float] = []

    def sweep() -> datetime | None:
        sweeps.append(asyncio.get_running_loop().time())
        if len(sweeps) == 1:
            raise error
        return None

    async def main() -> None:
        sweeper = Sweeper(VirtualClock(), sweep, interval_s=10)
        sweeper.start()
        await asyncio.sleep(25)
        await sweeper.close()

    with caplog.at_level(logging.ERROR, "gossip.identity"):
        run_virtual(main())
    assert sweeps == [0, 10, 20]
    assert caplog.messages == ["identities could not be looked through"]

"""The end of probes and handshakes that are under way."""

import asyncio

import pytest

from gossip.comm.handshake.attempts import Attempts
from gossip.errors import ClosedError
from tests.support.virtual_time import run_virtual


def test_the_end_waits_until_all_have_cleaned_up() -> None:
    async def main() -> None:
        attempts = Attempts()

        async def try_for_long(cleaning_s: float) -> None:
            async with attempts.attempt():
                try:
                    await asyncio.Event().wait()
                finally:
                    await asyncio.sleep(cleaning_s)

        trying = [asyncio.create_task(try_for_long(cleaning_s)) for cleaning_s in (1, 3)]
        await asyncio.sleep(0)
        assert len(attempts) == 2
        await attempts.end()
        assert (len(attempts), asyncio.get_running_loop().time()) == (0, 3)
        for each in trying:
            with pytest.raises(ClosedError):
                await each
        await attempts.end()
        assert asyncio.get_running_loop().time() == 3

    run_virtual(main())


def test_a_time_out_of_what_is_attempted_is_its_own() -> None:
    async def main() -> None:
        attempts = Attempts()
        with pytest.raises(TimeoutError, match="the user's own"):
            async with attempts.attempt():
                raise TimeoutError("the user's own")
        assert len(attempts) == 0

    run_virtual(main())

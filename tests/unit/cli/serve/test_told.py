"""What signals do to a peer that is served."""

import asyncio
import os
import signal

from gossip.cli.serve.told import Told
from tests.support.bounded import run_bounded
from tests.support.peers import settle


def test_who_is_told_to_stop_again_while_the_beginning_winds_up_goes_on_with_that() -> None:
    async def main() -> None:
        faults: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        told, wound_up = Told(), asyncio.Event()

        async with told.giving_up():
            os.kill(os.getpid(), signal.SIGINT)
            try:
                await asyncio.Event().wait()
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                await settle()
                wound_up.set()

        assert (faults, told.to_stop.is_set(), wound_up.is_set()) == ([], True, True)

    run_bounded(main)

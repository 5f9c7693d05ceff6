"""Many deadlines on one timer."""

import asyncio
from functools import partial

from gossip.comm.sending.deadlines import Deadlines
from tests.support.virtual_time import run_virtual


class Log:
    """What expired, and when."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.deadlines = Deadlines(self.loop)
        self.seen: list[tuple[str, float]] = []

    def ask(self, name: str, timeout_s: float) -> "Wait":
        """Wait so long."""
        wait = Wait(self, name)
        self.deadlines.add(wait.expire, timeout_s)
        return wait


class Wait:
    """One of them."""

    def __init__(self, log: Log, name: str) -> None:
        self._log, self._name = log, name

    def expire(self) -> None:
        """Its time is over."""
        self._log.seen.append((self._name, self._log.loop.time()))


def test_each_ends_in_its_own_time_whatever_the_order() -> None:
    async def main() -> None:
        log = Log()
        for name, timeout_s in (("c", 3), ("a", 1), ("d", 5), ("b", 1)):
            log.ask(name, timeout_s)
        await asyncio.sleep(10)
        assert log.seen == [("a", 1), ("b", 1), ("c", 3), ("d", 5)]
        assert len(log.deadlines) == 0

    run_virtual(main())


def test_what_was_discarded_does_not_end() -> None:
    async def main() -> None:
        log = Log()
        early, late = log.ask("early", 1), log.ask("late", 2)
        log.deadlines.discard(early.expire)
        log.deadlines.discard(early.expire)
        await asyncio.sleep(1.5)
        assert log.seen == []
        await asyncio.sleep(1)
        log.deadlines.discard(late.expire)
        assert log.seen == [("late", 2)]

    run_virtual(main())


def test_one_that_is_added_while_others_end_ends_too() -> None:
    async def main() -> None:
        log = Log()
        log.deadlines.add(partial(log.ask, "next", 1), 1)
        await asyncio.sleep(3)
        assert log.seen == [("next", 2)]

    run_virtual(main())


def test_no_timer_stands_while_nothing_waits() -> None:
    async def main() -> None:
        log = Log()
        wait = log.ask("only", 5)
        log.deadlines.rest()
        assert log.deadlines._timer is not None
        log.deadlines.discard(wait.expire)
        log.deadlines.rest()
        assert log.deadlines._timer is None

    run_virtual(main())

"""Notices reach every subscriber, and wait for none."""

from gossip.comm.subscriptions.feed import Feed
from gossip.comm.subscriptions.notices import Notices
from gossip.types import PkiId
from tests.support.virtual_time import run_virtual


async def drain(feed: Feed[PkiId]) -> list[PkiId]:
    return [pki_id async for pki_id in feed]


def test_every_subscriber_hears_what_happens_from_then_on() -> None:
    async def main() -> None:
        notices = Notices("presumed_dead")
        early = notices.subscribe()
        notices.tell(PkiId(b"1"))
        late = notices.subscribe()
        notices.tell(PkiId(b"2"))
        notices.end()
        notices.end()
        notices.tell(PkiId(b"3"))
        assert await drain(early) == [b"1", b"2"]
        assert await drain(late) == [b"2"]

    run_virtual(main())


def test_a_slow_subscriber_loses_the_oldest() -> None:
    async def main() -> None:
        notices = Notices("presumed_dead")
        feed = notices.subscribe()
        told = [PkiId(number.to_bytes(2)) for number in range(105)]
        for pki_id in told:
            notices.tell(pki_id)
        notices.end()
        assert await drain(feed) == told[5:]

    run_virtual(main())


def test_a_closed_subscription_is_forgotten() -> None:
    async def main() -> None:
        notices = Notices("presumed_dead")
        with notices.subscribe() as feed:
            assert list(notices._feeds) == [feed]
        assert list(notices._feeds) == []
        notices.tell(PkiId(b"1"))
        assert len(feed) == 0
        assert await drain(feed) == []

    run_virtual(main())

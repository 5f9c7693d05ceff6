"""What ``gossip serve`` does with messages."""

import asyncio
import weakref
from typing import cast

from gossip.api.comm import ReceivedMessage
from gossip.cli.answering import Answering
from gossip.cli.serve import serving
from gossip.cli.serve.events import EventPrinter
from gossip.comm.subscriptions.feed import Feed
from tests.support.bounded import run_bounded
from tests.support.peers import settle


class Message:
    """One that somebody may look whether it is there."""


class Taker:
    """Printer and answering, neither of which does anything."""

    def __init__(self) -> None:
        self.taken = 0

    async def reader_takes(self) -> None:
        pass

    def received(self, message: Message) -> None:
        self.taken += 1

    def answer(self, message: Message) -> None:
        self.taken += 1


def test_a_message_that_was_printed_and_answered_is_not_kept_until_the_next_comes() -> None:
    async def main() -> None:
        feed, taker, message = Feed[ReceivedMessage](3), Taker(), Message()
        printing = asyncio.create_task(
            serving._print_messages(feed, cast("EventPrinter", taker), cast("Answering", taker))
        )
        feed.offer_nowait(cast("ReceivedMessage", message))
        seen = weakref.ref(message)
        del message
        await settle()
        assert taker.taken == 2
        assert seen() is None
        feed.end()
        await printing

    run_bounded(main)

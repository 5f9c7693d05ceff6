"""Tells every subscriber of an event that concerns one peer."""

import logging

from gossip.comm.subscriptions.feed import Feed
from gossip.types import PkiId

logger = logging.getLogger("gossip.comm")

MAX_WAITING = 100


class Notices:
    """PKI-IDs for any number of subscribers; one that does not read loses the oldest, and nobody waits for it.

    Mirrors: gossip/comm/comm_impl.go, the channels deadEndpoints and identityChanges.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._feeds: dict[Feed[PkiId], None] = {}

    def subscribe(self) -> Feed[PkiId]:
        """Hear of what happens from now on."""
        feed = Feed[PkiId](MAX_WAITING, on_close=self._forget)
        self._feeds[feed] = None
        return feed

    def tell(self, pki_id: PkiId) -> None:
        """Let every subscriber know."""
        for feed in self._feeds:
            if not feed.offer_nowait(pki_id):
                feed.drop_oldest()
                feed.offer_nowait(pki_id)
                logger.debug("A subscriber to %s reads too slowly; the oldest notice was dropped", self._what)

    def end(self) -> None:
        """End every subscription."""
        for feed in self._feeds:
            feed.end()

    def _forget(self, feed: Feed[PkiId]) -> None:
        self._feeds.pop(feed, None)

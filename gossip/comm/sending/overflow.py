"""Counts the messages that full send buffers cost, and says so."""

import logging
from collections import OrderedDict

from gossip.errors import QueueFullError
from gossip.metrics import Metrics
from gossip.throttle import Throttle
from gossip.types import PkiId

logger = logging.getLogger("gossip.comm")

MAX_PEERS = 4096


class Overflow:
    """One counter for each of the latest ``MAX_PEERS`` that lost messages. Fabric only counts them together."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._dropped: OrderedDict[PkiId, int] = OrderedDict()
        self._throttle = Throttle()

    def count(self, pki_id: PkiId, error: QueueFullError, now_s: float) -> None:
        """Record one dropped message; warn of it, seldom."""
        self._metrics.overflow(pki_id)
        self._dropped[pki_id] = self._dropped.pop(pki_id, 0) + 1
        if len(self._dropped) > MAX_PEERS:
            self._dropped.popitem(last=False)
        if self._throttle.admit(pki_id, now_s) is not None:
            logger.warning("A message was dropped, %d so far for this peer: %s", self._dropped[pki_id], error)

    def dropped(self, pki_id: PkiId) -> int:
        """How many messages this peer lost."""
        return self._dropped.get(pki_id, 0)

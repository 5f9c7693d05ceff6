"""A user's metrics, kept from breaking what they count."""

import logging
import time
from collections.abc import Callable

from gossip.metrics import Metrics, NoMetrics, Outcome
from gossip.throttle import Throttle
from gossip.types import PkiId

logger = logging.getLogger("gossip.comm")


class GuardedMetrics:
    """Passes each figure on; what the other metrics raise is logged once in a while, and goes no further."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._throttle = Throttle()

    def messages_sent(self, count: int) -> None:
        """Pass it on."""
        self._guard(lambda: self._metrics.messages_sent(count))

    def messages_received(self, count: int) -> None:
        """Pass it on."""
        self._guard(lambda: self._metrics.messages_received(count))

    def overflow(self, pki_id: PkiId) -> None:
        """Pass it on."""
        self._guard(lambda: self._metrics.overflow(pki_id))

    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        """Pass it on."""
        self._guard(lambda: self._metrics.handshake(outcome, initiator=initiator))

    def connections(self, count: int) -> None:
        """Pass it on."""
        self._guard(lambda: self._metrics.connections(count))

    def connection_cut(self, offence: str) -> None:
        """Pass it on."""
        self._guard(lambda: self._metrics.connection_cut(offence))

    def _guard(self, count: Callable[[], None]) -> None:
        try:
            count()
        except Exception as error:
            if self._throttle.admit(type(error).__name__, time.monotonic()) is not None:
                logger.exception("Metrics failed")


def guarded(metrics: Metrics | None) -> Metrics:
    """The metrics, guarded; none count nothing."""
    if metrics is None:
        return NoMetrics()
    return GuardedMetrics(metrics)

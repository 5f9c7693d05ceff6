"""A user's metrics, kept from breaking what they count."""

from gossip.checks import check_answers_at_once
from gossip.comm.users_code import UsersCode
from gossip.metrics import Metrics, NoMetrics, Outcome
from gossip.types import PkiId

METHODS = tuple(name for name in vars(NoMetrics) if not name.startswith("_"))


class GuardedMetrics:
    """Passes each figure on; what the other metrics raise is logged once in a while, and goes no further."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._users = UsersCode("Metrics")

    def messages_sent(self, count: int) -> None:
        """Pass it on."""
        self._users.call(lambda: self._metrics.messages_sent(count))

    def messages_received(self, count: int) -> None:
        """Pass it on."""
        self._users.call(lambda: self._metrics.messages_received(count))

    def overflow(self, pki_id: PkiId) -> None:
        """Pass it on."""
        self._users.call(lambda: self._metrics.overflow(pki_id))

    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        """Pass it on."""
        self._users.call(lambda: self._metrics.handshake(outcome, initiator=initiator))

    def connections(self, count: int) -> None:
        """Pass it on."""
        self._users.call(lambda: self._metrics.connections(count))

    def connection_cut(self, offence: str) -> None:
        """Pass it on."""
        self._users.call(lambda: self._metrics.connection_cut(offence))


def guarded(metrics: Metrics | None) -> Metrics:
    """The metrics, guarded; none count nothing.

    Raises:
        ConfigurationError: One of their methods is missing, or must be awaited.
    """
    if metrics is None:
        return NoMetrics()
    check_answers_at_once("metrics", metrics, METHODS)
    return GuardedMetrics(metrics)

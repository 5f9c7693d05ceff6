"""Which acknowledgements are waited for, and by whom; pure."""

from collections.abc import Callable

from gossip.errors import GossipError, NegativeAckError
from gossip.types import PkiId

OnAck = Callable[[PkiId, GossipError | None], None]
"""Told once of whom and how the wait ended: None for a positive acknowledgement."""


class AckBook:
    """One entry for each peer and nonce. Late, repeated and foreign acknowledgements find none, and are nothing.

    Mirrors: gossip/comm/ack.go and gossip/util/pubsub.go, as far as acknowledgements use it.
    """

    def __init__(self) -> None:
        self._waiting: dict[PkiId, dict[int, OnAck]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def expect(self, pki_id: PkiId, nonce: int, on_ack: OnAck) -> None:
        """Call ``on_ack`` when this peer acknowledges this nonce, or never will."""
        self._waiting.setdefault(pki_id, {})[nonce] = on_ack

    def forget(self, pki_id: PkiId, nonce: int) -> OnAck | None:
        """Wait no longer.

        Returns:
            Who waited, or None when nobody did.
        """
        nonces = self._waiting.get(pki_id)
        if nonces is None:
            return None
        on_ack = nonces.pop(nonce, None)
        if not nonces:
            del self._waiting[pki_id]
        return on_ack

    def answer(self, pki_id: PkiId, nonce: int, refusal: str) -> None:
        """Take an acknowledgement from an authenticated peer; ``refusal`` is empty when it is positive."""
        on_ack = self.forget(pki_id, nonce)
        if on_ack is not None:
            on_ack(pki_id, NegativeAckError(refusal) if refusal else None)

    def abandon(self, pki_id: PkiId, error: GossipError) -> None:
        """End every wait for a peer that can answer no more."""
        for on_ack in self._waiting.pop(pki_id, {}).values():
            on_ack(pki_id, error)

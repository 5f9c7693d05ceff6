"""How hard each attack is tried."""

from dataclasses import dataclass

from gossip.misbehave.fault import Fault, Layer

MESSAGE_KIB = 90 * 1024


@dataclass(frozen=True, slots=True)
class Strength:
    """On how many connections at once, for how long, and how often what can be done any number of times."""

    connections: int = 50
    duration_s: float = 3.0
    amount: int = 1000


_OF_FAULT = {
    "connection-flood": Strength(connections=2),
    "many-identities": Strength(connections=1, amount=12_000),
    "ack-flood": Strength(connections=10, amount=100_000),
    "data-flood": Strength(connections=10, amount=20_000),
    "question-flood": Strength(connections=10, amount=5_000),
    "half-huge-message": Strength(connections=2, amount=MESSAGE_KIB),
}
_OF_LAYER = {Layer.MESSAGES: Strength(connections=10)}


def strength_of(fault: Fault) -> Strength:
    """The full strength of an attack."""
    return _OF_FAULT.get(fault.name) or _OF_LAYER.get(fault.layer) or Strength()

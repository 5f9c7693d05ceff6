"""How hard each attack is tried."""

from dataclasses import dataclass

from gossip.misbehave.fault import Fault, Layer
from gossip.misbehave.tcp import MAX_CONNECTIONS
from gossip.transport.limits import ServerLimits

MESSAGE_KIB = 90 * 1024


@dataclass(frozen=True, slots=True)
class Strength:
    """How many attack at once, on how many connections each, for how long; how often what has no natural number."""

    attackers: int = 50
    connections_each: int = 1
    duration_s: float = 2.5
    amount: int = 1000


_OF_FAULT = {
    "connection-flood": Strength(attackers=2, connections_each=MAX_CONNECTIONS),
    "half-hellos": Strength(attackers=ServerLimits().max_unauthenticated),
    "many-identities": Strength(attackers=4, duration_s=12.0, amount=100),
    "ack-flood": Strength(attackers=10, amount=100_000),
    "ack-frames": Strength(attackers=10, amount=100_000),
    "data-flood": Strength(attackers=10, amount=20_000),
    "dense-flood": Strength(attackers=10, amount=5_000),
    "question-flood": Strength(attackers=10, amount=5_000),
    "half-huge-message": Strength(attackers=2, amount=MESSAGE_KIB),
    "huge-messages": Strength(attackers=2, duration_s=6.0, amount=MESSAGE_KIB),
}
_OF_LAYER = {Layer.MESSAGES: Strength(attackers=10)}


def strength_of(fault: Fault) -> Strength:
    """The full strength of an attack."""
    return _OF_FAULT.get(fault.name) or _OF_LAYER.get(fault.layer) or Strength()

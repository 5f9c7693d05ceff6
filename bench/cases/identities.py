"""What judging an identity and checking a signature costs."""

from collections.abc import Iterator

from bench.figures import Figure
from bench.material import Material
from bench.repeat import best_us
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService
from gossip.node.organizations import load_organizations

CASE = "MSP"
PEERS = 1
ROUNDS = 1
MESSAGE = bytes(1024)


def measure(material: Material) -> Iterator[Figure]:
    """A member of our own organisation, seen for the first time and again."""
    organizations = load_organizations(material.settings(0, "peer0", listen=False))

    def crypto(max_cached: int) -> MspCryptoService:
        registry = MspRegistry(organizations.local, organizations.channels, max_cached=max_cached)
        return MspCryptoService(registry, organizations.signing_identity)

    fresh, used = crypto(0), crypto(1024)
    identity = used.identity
    signature = used.sign(MESSAGE)
    work = {
        "validate, first time": lambda: fresh.validate_identity(identity),
        "validate, known": lambda: used.validate_identity(identity),
        "verify 1 KiB, known": lambda: used.verify(identity, signature, MESSAGE),
        "sign 1 KiB": lambda: used.sign(MESSAGE),
    }
    for name, call in work.items():
        yield Figure(CASE, name, "ours", {"us": best_us(call)})

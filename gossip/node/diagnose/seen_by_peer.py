"""What the peer saw of our side of TLS, by the words of its refusal."""

import re

from gossip.comm.handshake.machine import certificate_hash
from gossip.errors import RefusedByPeerError
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence

NO_CERTIFICATE = "no TLS certificate"

_HASHES = re.compile(r"Expected (\[[0-9 ]*\]|\S+) in remote hash of TLS cert, but got (\[[0-9 ]*\]|\S+)")
"""Go prints bytes as decimal numbers in brackets; here they are hex."""


def has_seen_another(evidence: Evidence) -> bool:
    """Whether the peer saw another certificate than the one that we presented, or none: something ends TLS between."""
    refusal, link = evidence.errors.get(Stage.VERDICT), evidence.link
    if not isinstance(refusal, RefusedByPeerError) or link is None or link.own_certificate is None:
        return False
    seen, _ = find_hashes(refusal.reason)
    return NO_CERTIFICATE in refusal.reason or (seen is not None and seen != certificate_hash(link.own_certificate))


def find_hashes(reason: str) -> tuple[bytes | None, bytes | None]:
    """The two hashes of a refusal: the certificate that the peer saw, and the one that came signed."""
    found = _HASHES.search(reason)
    return (None, None) if found is None else (_find_hash(found[1]), _find_hash(found[2]))


def _find_hash(text: str) -> bytes | None:
    try:
        return bytes(map(int, text[1:-1].split())) if text.startswith("[") else bytes.fromhex(text)
    except ValueError:
        return None

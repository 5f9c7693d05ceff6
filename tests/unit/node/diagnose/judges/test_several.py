"""When it is said that several peers answer at one endpoint."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.msp.tls_facts import TlsCertificate, read_tls_certificate
from gossip.node.diagnose.evidence import Evidence, Looked, Seen
from gossip.node.diagnose.judges.several import find_several
from gossip.node.diagnose.own_side import load_own_side
from gossip.transport.base import Link
from tests.support.in_thread import peer_settings
from tests.support.organizations import NOW, peer


def leaf_of(number: int) -> TlsCertificate:
    return read_tls_certificate(peer(number).tls.certificate.public_bytes(Encoding.DER))


PEER, OTHER = leaf_of(1), leaf_of(2)


def evidence_of(*seen: TlsCertificate | None, addresses: tuple[str, ...] = ("192.0.2.1:7051",)) -> Evidence:
    evidence = Evidence("peer:7051", load_own_side(peer_settings(), NOW), NOW, host="peer")
    evidence.addresses = evidence.answered = addresses
    places = addresses if len(addresses) > 1 else addresses * len(seen)
    evidence.seen = tuple(map(Seen, places, seen))
    return evidence


def connected(evidence: Evidence) -> Evidence:
    evidence.link, evidence.leaf = Link("192.0.2.1:7051", b"", b""), PEER
    return evidence


TWO = ("192.0.2.1:7051", "192.0.2.2:7051")


@pytest.mark.parametrize(
    "evidence",
    [
        evidence_of(),
        evidence_of(None, None, None),
        evidence_of(PEER, PEER, PEER),
        connected(evidence_of(PEER, None, PEER)),  # it was too busy for a look
        connected(evidence_of(None, None, addresses=TWO)),  # it wants a client certificate
        connected(evidence_of(OTHER, OTHER, addresses=TWO)),  # what is in front shows its own to whoever gives no name
    ],
)
def test_one_peer(evidence: Evidence) -> None:
    assert find_several(evidence) is None


@pytest.mark.parametrize(
    ("evidence", "names"),
    [
        (connected(evidence_of(PEER, OTHER, PEER)), ["peer0.org1", "peer0.org2"]),
        (connected(evidence_of(OTHER, OTHER, OTHER)), ["peer0.org1", "peer0.org2"]),
        (evidence_of(PEER, None, PEER), ["no certificate", "peer0.org1"]),
        (evidence_of(PEER, OTHER, addresses=TWO), ["at 192.0.2.1:7051", "peer0.org1", "peer0.org2"]),
        (connected(evidence_of(PEER, None, addresses=TWO)), ["no certificate at 192.0.2.2:7051", "peer0.org1"]),
    ],
)
def test_several(evidence: Evidence, names: list[str]) -> None:
    found = find_several(evidence)

    assert found is not None
    assert [name for name in names if name not in found] == []


def test_what_the_look_behind_a_failed_dial_showed_counts() -> None:
    evidence = evidence_of(OTHER, OTHER, OTHER)
    evidence.looked = Looked(leaf=PEER)

    assert find_several(evidence) is not None


@pytest.mark.parametrize(("addresses", "is_told"), [(TWO[:1], False), (TWO, True)])
def test_silence_tells_addresses_apart_but_not_looks_at_one(addresses: tuple[str, ...], *, is_told: bool) -> None:
    """A peer, or what is in front of it, may take so many connections at once and no more."""
    evidence = evidence_of(addresses=addresses)
    evidence.seen = (Seen(addresses[0], PEER), Seen(addresses[-1], None, is_silent=True))

    assert (find_several(evidence) is not None) is is_told

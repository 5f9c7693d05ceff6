"""How many names are kept, and how often new ones are looked for."""

import pytest

from gossip.api.peer import PeerIdentityInfo
from gossip.msp.certificate import pki_id_of
from gossip.msp.claim import parse_claim
from gossip.node.logs import names as module
from gossip.node.logs.names import PeerNames
from gossip.types import OrgIdentityType, PkiId
from tests.support.organizations import peer, serialized


def test_sixteen_thousand_names_are_kept_and_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = parse_claim(serialized(peer(1)))
    monkeypatch.setattr(module, "parse_claim", lambda _: claim)
    infos = [
        PeerIdentityInfo(PkiId(number.to_bytes(32)), serialized(peer(1)), OrgIdentityType(b"Org1MSP"))
        for number in range(16_385)
    ]
    names = PeerNames(lambda: infos)
    first, second, last = (infos[number].pki_id.hex() for number in (0, 1, -1))
    assert [len(list(names.named_in(pki_id))) for pki_id in (first, second, last)] == [0, 1, 1]


def test_new_names_are_looked_for_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at_s = iter((100.0, 100.9, 101.0))
    monkeypatch.setattr("gossip.node.logs.names.time.monotonic", lambda: next(looked_at_s))
    infos: list[PeerIdentityInfo] = []
    names = PeerNames(lambda: infos)
    pki_id = pki_id_of("Org1MSP", peer(1).identity.certificate_pem)
    found = []
    for _ in range(3):
        found.append(len(list(names.named_in(pki_id.hex()))))
        infos = [PeerIdentityInfo(pki_id, serialized(peer(1)), OrgIdentityType(b"Org1MSP"))]
    assert found == [0, 0, 1]

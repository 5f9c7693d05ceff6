"""How many names are kept, and how often new ones are looked for."""

import pytest

from gossip.api.peer import PeerIdentityInfo
from gossip.msp.certificate import pki_id_of
from gossip.msp.claim import Claim, parse_claim
from gossip.node.logs import names as module
from gossip.node.logs.names import PeerNames
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId
from tests.support.organizations import peer, serialized


def test_sixteen_thousand_names_are_kept_and_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = parse_claim(serialized(peer(1)))
    monkeypatch.setattr(module, "parse_claim", lambda _: claim)
    monkeypatch.setattr("gossip.node.logs.names.time.monotonic", lambda: 100.0)
    infos = [
        PeerIdentityInfo(PkiId(number.to_bytes(32)), serialized(peer(1)), OrgIdentityType(b"Org1MSP"))
        for number in range(16_385)
    ]
    names = PeerNames(lambda: infos)
    assert all(len(list(names.named_in(info.pki_id.hex()))) == 1 for info in infos)
    first, second, last = (infos[number].pki_id.hex() for number in (0, 1, -1))
    assert [len(list(names.named_in(pki_id))) for pki_id in (first, second, last)] == [0, 1, 1]


def test_no_identity_is_read_that_no_line_names(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[PeerIdentityType] = []

    def note(identity: PeerIdentityType) -> Claim:
        read.append(identity)
        return parse_claim(identity)

    monkeypatch.setattr(module, "parse_claim", note)
    identities = [serialized(peer(number), f"Org{number}MSP") for number in (1, 2)]
    pki_ids = [pki_id_of(f"Org{number}MSP", peer(number).identity.certificate_pem) for number in (1, 2)]
    known = [PeerIdentityInfo(*each, OrgIdentityType(b"")) for each in zip(pki_ids, identities, strict=True)]
    names = PeerNames(lambda: known)

    assert names.spell_out(pki_ids[1].hex()) == f"{pki_ids[1].hex()} (peer0.org2.example.com, Org2MSP)"
    assert read == identities[1:]
    known.clear()
    assert names.spell_out(pki_ids[0].hex()) == f"{pki_ids[0].hex()} (peer0.org1.example.com, Org1MSP)", "who just left"


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

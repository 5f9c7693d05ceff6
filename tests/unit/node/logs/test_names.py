"""How many names are kept."""

import pytest

from gossip.api.peer import PeerIdentityInfo
from gossip.node.logs import names as module
from gossip.node.logs.names import PeerNames
from gossip.types import OrgIdentityType, PkiId
from tests.support.organisations import peer, serialized


def test_sixteen_thousand_names_are_kept_and_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    claim = module.parse_claim(serialized(peer(1)))
    monkeypatch.setattr(module, "parse_claim", lambda _: claim)
    infos = [
        PeerIdentityInfo(PkiId(number.to_bytes(32)), serialized(peer(1)), OrgIdentityType(b"Org1MSP"))
        for number in range(16_385)
    ]
    names = PeerNames(lambda: infos)
    first, second, last = (infos[number].pki_id.hex() for number in (0, 1, -1))
    assert [len(list(names.named_in(pki_id))) for pki_id in (first, second, last)] == [0, 1, 1]

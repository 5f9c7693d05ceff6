"""What a fresh mapper says of every identity in identities.json: the verdict of Fabric's own, over the same MSPs."""

from datetime import UTC, datetime

import pytest

from gossip.errors import IdentityError
from gossip.identity.mapper import IdentityMapper
from gossip.types import PkiId
from tests.support.fabric_peers import VIEWS, fabric_peer, identity_of, identity_records
from tests.support.fake_clock import FakeClock

WHEN_FABRIC_WAS_ASKED = datetime(2026, 11, 15, tzinfo=UTC)

GISTS = (
    "PKIID is nil",
    "failed classifying identity",
    "identity doesn't match the computed pkiID",
    "gossipping peer identity expired",
)

each_view = pytest.mark.parametrize("view", VIEWS)
each_identity = pytest.mark.parametrize("name", identity_records())


def fresh_mapper(view: str) -> IdentityMapper:
    peer = fabric_peer(view)
    return IdentityMapper(peer.crypto.identity, peer.crypto, peer.advisor, clock=FakeClock(WHEN_FABRIC_WAS_ASKED))


def gist_of(error: str) -> str:
    return next(gist for gist in GISTS if error.startswith(gist))


@each_view
@each_identity
def test_put(view: str, name: str) -> None:
    expected = identity_records()[name]["views"][view]["mapper_put"]
    mapper, identity = fresh_mapper(view), identity_of(name)
    pki_id = mapper.get_pki_id_of_cert(identity) or PkiId(b"")
    if expected["ok"]:
        mapper.put(pki_id, identity)
        assert mapper.get(pki_id) == identity
    else:
        with pytest.raises(IdentityError) as caught:
            mapper.put(pki_id, identity)
        assert str(caught.value).startswith(gist_of(expected["error"]))
        assert len(mapper.identity_info()) == 1


@each_view
@each_identity
def test_put_with_another_pki_id(view: str, name: str) -> None:
    views = identity_records()[name]["views"][view]
    expected = views.get("mapper_put_wrong_pkiid", views["mapper_put"])
    assert not expected["ok"]
    mapper, identity = fresh_mapper(view), identity_of(name)
    pki_id = mapper.get_pki_id_of_cert(identity) or PkiId(b"\x00")
    flipped = PkiId(bytes([pki_id[0] ^ 1]) + pki_id[1:])
    with pytest.raises(IdentityError) as caught:
        mapper.put(flipped, identity)
    # Go tells an empty identity from a missing one; on the wire they are the same.
    gist = "identity is nil" if not identity else gist_of(expected["error"])
    assert str(caught.value).startswith(gist)
    assert len(mapper.identity_info()) == 1

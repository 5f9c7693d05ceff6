"""What every Mapper owes its callers, whatever the identities are: the words of gossip.api.mapper, one test each."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gossip.api.mapper import Mapper
from gossip.errors import IdentityError, PkiIdMismatchError, SignatureError, UnknownIdentityError
from gossip.identity.mapper import IdentityMapper
from gossip.types import PeerIdentityType, PkiId
from tests.support import fabric_peers, hmac_crypto
from tests.support.fake_clock import FakeClock

VIEW = "local_org1_channel_org1_org2"


@dataclass(frozen=True)
class Case:
    """A mapper of ``own``, two peers of other names that it would store, and one identity that it would not."""

    mapper: Mapper
    own: PeerIdentityType
    others: tuple[PeerIdentityType, PeerIdentityType]
    invalid: PeerIdentityType

    def put(self, identity: PeerIdentityType) -> PkiId:
        pki_id = self.mapper.get_pki_id_of_cert(identity)
        assert pki_id is not None
        self.mapper.put(pki_id, identity)
        return pki_id


def with_names_and_shared_keys() -> Case:
    own = hmac_crypto.identity_of("own")
    crypto = hmac_crypto.HmacCrypto(own)
    invalid = hmac_crypto.identity_of("mallory")
    crypto.untrusted.add(invalid)
    mapper = IdentityMapper(own, crypto, hmac_crypto.PrefixAdvisor(), clock=FakeClock())
    return Case(mapper, own, (hmac_crypto.identity_of("alice"), hmac_crypto.identity_of("bob", "org2")), invalid)


def with_certificates_and_msps() -> Case:
    peer = fabric_peers.fabric_peer(VIEW)
    others = (fabric_peers.identity_of("org1/peer1"), fabric_peers.identity_of("org2/peer1"))
    mapper = IdentityMapper(peer.crypto.identity, peer.crypto, peer.advisor, clock=FakeClock())
    return Case(mapper, peer.crypto.identity, others, fabric_peers.identity_of("org2/revoked"))


CASES = {"names": with_names_and_shared_keys, "certificates": with_certificates_and_msps}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    make: Callable[[], Case] = CASES[request.param]
    return make()


def test_own_identity_is_there_from_the_start(case: Case) -> None:
    pki_id = case.mapper.get_pki_id_of_cert(case.own)
    assert pki_id is not None
    assert case.mapper.get(pki_id) == case.own
    assert [info.identity for info in case.mapper.identity_info()] == [case.own]


def test_put_then_get(case: Case) -> None:
    for identity in case.others:
        assert case.mapper.get(case.put(identity)) == identity
        case.put(identity)
    assert {info.identity for info in case.mapper.identity_info()} == {case.own, *case.others}


def test_info_names_identity_and_organization(case: Case) -> None:
    pki_ids = [case.put(identity) for identity in case.others]
    info = case.mapper.identity_info()
    assert [info.by_id()[pki_id].identity for pki_id in pki_ids] == list(case.others)
    assert sorted(map(len, info.by_org().values())) == [1, 2]


def test_identity_that_does_not_hold_is_not_stored(case: Case) -> None:
    with pytest.raises(IdentityError):
        case.put(case.invalid)
    assert len(case.mapper.identity_info()) == 1


def test_foreign_pki_id_is_refused_and_leaves_what_is_stored(case: Case) -> None:
    one, other = case.others
    pki_id = case.put(one)
    with pytest.raises(PkiIdMismatchError):
        case.mapper.put(pki_id, other)
    assert case.mapper.get(pki_id) == one
    assert len(case.mapper.identity_info()) == 2


def test_empty_pki_id_and_empty_identity_are_refused(case: Case) -> None:
    with pytest.raises(IdentityError):
        case.mapper.put(PkiId(b""), case.others[0])
    with pytest.raises(IdentityError):
        case.mapper.put(PkiId(b"\x01"), PeerIdentityType(b""))
    assert len(case.mapper.identity_info()) == 1


def test_unknown_pki_id(case: Case) -> None:
    unknown = PkiId(b"\x01" * 32)
    with pytest.raises(UnknownIdentityError) as caught:
        case.mapper.get(unknown)
    assert caught.value.pki_id == unknown
    with pytest.raises(UnknownIdentityError):
        case.mapper.verify(unknown, b"", b"")


def test_own_signature_verifies_over_its_own_message_alone(case: Case) -> None:
    pki_id = case.mapper.get_pki_id_of_cert(case.own)
    assert pki_id is not None
    signature = case.mapper.sign(b"message")
    case.mapper.verify(pki_id, signature, b"message")
    with pytest.raises(SignatureError):
        case.mapper.verify(pki_id, signature, b"another message")
    with pytest.raises(SignatureError):
        case.mapper.verify(case.put(case.others[0]), signature, b"message")


def test_suspicion_of_good_identities_removes_none(case: Case) -> None:
    for identity in case.others:
        case.put(identity)
    suspected: set[PeerIdentityType] = set()

    def is_suspected(identity: PeerIdentityType) -> bool:
        suspected.add(identity)
        return True

    case.mapper.suspect_peers(is_suspected)
    assert suspected >= set(case.others)
    assert len(case.mapper.identity_info()) == 3


def test_stop_may_be_called_twice_and_forgets_nothing(case: Case) -> None:
    pki_id = case.put(case.others[0])
    case.mapper.stop()
    case.mapper.stop()
    assert case.mapper.get(pki_id) == case.others[0]

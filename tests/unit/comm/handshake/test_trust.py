"""Who we are, whom we store, and who may stand in for whom."""

from datetime import timedelta

import pytest

from gossip.api.peer import AuthInfo, ConnectionInfo
from gossip.clock import SystemClock
from gossip.comm.handshake.trust import Trust
from gossip.errors import IdentityError, SignatureError, UntrustedIdentityError
from gossip.identity.mapper import IdentityMapper
from gossip.transport.base import Link
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId
from gossip.wire.envelope import parse_envelope
from tests.support.connections import info_of
from tests.support.fake_clock import FakeClock
from tests.support.hmac_crypto import HmacCrypto, PrefixAdvisor, identity_of, pki_id_of

ALICE = identity_of("alice")
LINK = Link(remote="bob:7051", peer_certificate=None, own_certificate=None)


class Parts:
    def __init__(self) -> None:
        self.crypto = HmacCrypto(ALICE)
        self.mapper = IdentityMapper(ALICE, self.crypto, PrefixAdvisor(), clock=SystemClock())
        self.trust = Trust(ALICE, self.crypto, PrefixAdvisor(), self.mapper, SystemClock())


def identity_in_conn_establish(trust: Trust) -> bytes:
    identity: bytes = parse_envelope(trust.conn_establish(LINK.own_certificate)).message.conn.identity
    return identity


def test_an_identity_of_ours_that_cannot_be_read_is_refused() -> None:
    parts = Parts()
    with pytest.raises(IdentityError, match="our own identity cannot be read"):
        Trust(PeerIdentityType(b"no slash"), parts.crypto, PrefixAdvisor(), parts.mapper, SystemClock())


def test_another_identity_is_spoken_for_from_then_on() -> None:
    trust = Parts().trust
    assert identity_in_conn_establish(trust) == ALICE
    renewed = identity_of("alice2")
    trust.set_identity(renewed)
    assert identity_in_conn_establish(trust) == renewed
    assert trust.pki_id == pki_id_of(renewed)


def test_an_identity_that_cannot_be_read_leaves_the_old_one() -> None:
    trust = Parts().trust
    with pytest.raises(IdentityError):
        trust.set_identity(PeerIdentityType(b"no slash"))
    assert identity_in_conn_establish(trust) == ALICE
    assert trust.pki_id == pki_id_of(ALICE)


def test_who_was_proved_is_stored() -> None:
    parts, info = Parts(), info_of("bob")
    parts.trust.admit(info)
    assert parts.mapper.get(info.pki_id) == info.identity


def test_a_handshake_is_use_of_the_identity_that_it_proved() -> None:
    """Mirrors: authenticateRemotePeer, which verifies through the mapper."""
    clock, crypto = FakeClock(), HmacCrypto(ALICE)
    mapper = IdentityMapper(ALICE, crypto, PrefixAdvisor(), clock=clock, usage_threshold_s=100)
    trust, info = Trust(ALICE, crypto, PrefixAdvisor(), mapper, clock), info_of("bob")
    for _ in range(2):
        trust.admit(info)
        clock.move(timedelta(seconds=80))
    mapper.suspect_peers(lambda _: False)
    assert info.pki_id in mapper.identity_info().by_id()


def test_who_cannot_be_stored_is_refused() -> None:
    parts, info = Parts(), info_of("bob")
    parts.crypto.untrusted.add(info.identity)
    with pytest.raises(UntrustedIdentityError):
        parts.trust.admit(info)


@pytest.mark.parametrize("signed_by_stored", [True, False])
def test_another_identity_of_a_stored_pki_id_is_admitted_where_the_stored_one_signed(signed_by_stored: bool) -> None:
    """Mirrors: authenticateRemotePeer, which verifies with the identity that is stored under the PKI-ID."""

    class NamingCrypto(HmacCrypto):
        def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
            return PkiId(identity.partition(b"/")[2])

    crypto, pki_id = NamingCrypto(ALICE), PkiId(b"bob")
    mapper = IdentityMapper(ALICE, crypto, PrefixAdvisor(), clock=SystemClock())
    trust = Trust(ALICE, crypto, PrefixAdvisor(), mapper, SystemClock())
    stored, other = identity_of("bob"), identity_of("bob", "org2")
    mapper.put(pki_id, stored)
    signer = HmacCrypto(stored if signed_by_stored else other)
    info = ConnectionInfo(pki_id, other, "bob:7051", AuthInfo(b"signed", signer.sign(b"signed")))
    if signed_by_stored:
        trust.admit(info)
    else:
        with pytest.raises(SignatureError):
            trust.admit(info)
    assert mapper.get(pki_id) == stored


def test_only_one_of_the_same_organization_stands_in_and_only_for_somebody_known() -> None:
    parts, bob = Parts(), info_of("bob")
    expected = parts.trust.or_of_same_organization(bob.pki_id)
    assert expected.pki_id == bob.pki_id
    assert not expected.is_stand_in(identity_of("bob2")), "nobody knows which organization bob belongs to"
    parts.trust.admit(bob)
    assert expected.is_stand_in(identity_of("bob2"))
    assert not expected.is_stand_in(identity_of("bob2", "org2"))
    assert not expected.is_stand_in(PeerIdentityType(b"of no organization"))


def test_nobody_stands_in_where_no_organization_is_known() -> None:
    """Two identities of no organization are not of the same one."""

    class NoAdvice:
        def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
            return None

    parts, bob = Parts(), info_of("bob")
    trust = Trust(ALICE, parts.crypto, NoAdvice(), parts.mapper, SystemClock())
    trust.admit(bob)
    assert not trust.or_of_same_organization(bob.pki_id).is_stand_in(identity_of("bob2"))

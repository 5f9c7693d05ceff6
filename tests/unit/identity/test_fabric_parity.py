"""Fabric's own tests of its identity mapper, by their names. Mirrors: gossip/identity/identity_test.go."""

from datetime import timedelta

import pytest

from gossip.errors import (
    IdentityError,
    PkiIdMismatchError,
    SignatureError,
    UnknownIdentityError,
    UntrustedIdentityError,
)
from gossip.identity.entry import PurgeReason
from gossip.identity.mapper import IdentityMapper
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId
from tests.support.hmac_crypto import HmacCrypto, PrefixAdvisor, identity_of, pki_id_of
from tests.support.virtual_time import VirtualClock, run_virtual

SELF = identity_of("self")
ALICE, BOB = identity_of("alice"), identity_of("bob", "org2")
ALICE_ID, BOB_ID = pki_id_of(ALICE), pki_id_of(BOB)


def test_put() -> None:
    async def main() -> None:
        mapper = IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=VirtualClock())
        mapper.put(ALICE_ID, ALICE)
        mapper.put(ALICE_ID, ALICE)
        with pytest.raises(IdentityError, match=r"^PKIID is nil"):
            mapper.put(PkiId(b""), ALICE)
        with pytest.raises(IdentityError, match=r"^identity is nil"):
            mapper.put(BOB_ID, PeerIdentityType(b""))
        for pki_id, identity in ((BOB_ID, ALICE), (ALICE_ID, BOB)):
            with pytest.raises(PkiIdMismatchError, match=r"^identity doesn't match the computed pkiID") as caught:
                mapper.put(pki_id, identity)
            assert (caught.value.claimed, caught.value.computed) == (pki_id, pki_id_of(identity))
        assert {info.pki_id for info in mapper.identity_info()} == {pki_id_of(SELF), ALICE_ID}

    run_virtual(main())


def test_get() -> None:
    async def main() -> None:
        mapper = IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=VirtualClock())
        mapper.put(ALICE_ID, ALICE)
        assert mapper.get(ALICE_ID) == ALICE
        with pytest.raises(UnknownIdentityError, match=r"^PKIID wasn't found") as caught:
            mapper.get(BOB_ID)
        assert caught.value.pki_id == BOB_ID

    run_virtual(main())


def test_verify() -> None:
    async def main() -> None:
        mapper = IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=VirtualClock())
        mapper.put(ALICE_ID, ALICE)
        signature = HmacCrypto(ALICE).sign(b"a message")
        mapper.verify(ALICE_ID, signature, b"a message")
        mapper.verify(pki_id_of(SELF), mapper.sign(b"ours"), b"ours")
        with pytest.raises(SignatureError):
            mapper.verify(ALICE_ID, signature, b"another message")
        with pytest.raises(UnknownIdentityError):
            mapper.verify(BOB_ID, signature, b"a message")

    run_virtual(main())


def test_list_invalid_identities() -> None:
    async def main() -> None:
        purged: list[tuple[PkiId, PeerIdentityType, PurgeReason]] = []
        clock, crypto = VirtualClock(), HmacCrypto(SELF)
        mapper = IdentityMapper(
            SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=lambda *told: purged.append(told), usage_threshold_s=10
        )
        async with mapper:
            mapper.put(ALICE_ID, ALICE)
            crypto.untrusted.add(ALICE)
            mapper.suspect_peers(lambda identity: identity != ALICE)
            assert mapper.get(ALICE_ID) == ALICE
            mapper.suspect_peers(lambda _: True)
            with pytest.raises(UnknownIdentityError):
                mapper.get(ALICE_ID)
            assert purged == [(ALICE_ID, ALICE, PurgeReason.SUSPECTED)]

            crypto.untrusted.clear()
            mapper.put(ALICE_ID, ALICE)
            mapper.put(BOB_ID, BOB)
            for _ in range(12):
                await clock.sleep(1)
                mapper.get(BOB_ID)
            assert purged[1:] == [(ALICE_ID, ALICE, PurgeReason.UNUSED)]
            assert {info.pki_id for info in mapper.identity_info()} == {pki_id_of(SELF), BOB_ID}

    run_virtual(main())


def test_expiration() -> None:
    async def main() -> None:
        purged: list[tuple[PkiId, PurgeReason]] = []
        clock, crypto = VirtualClock(), HmacCrypto(SELF)
        crypto.ends_at[ALICE] = clock.now() + timedelta(seconds=2)
        unsupported = PeerIdentityType(b"of no scheme")
        mapper = IdentityMapper(
            SELF,
            crypto,
            PrefixAdvisor(),
            clock=clock,
            on_purge=lambda pki_id, _, reason: purged.append((pki_id, reason)),
        )
        async with mapper:
            mapper.put(ALICE_ID, ALICE)
            mapper.put(BOB_ID, BOB)
            with pytest.raises(UntrustedIdentityError, match="nobody vouches for it"):
                mapper.put(pki_id_of(unsupported), unsupported)
            assert mapper.get(ALICE_ID) == ALICE
            assert mapper.get(BOB_ID) == BOB
            await clock.sleep(3)
            assert purged == [(ALICE_ID, PurgeReason.EXPIRED)]
            with pytest.raises(UnknownIdentityError, match="PKIID wasn't found"):
                mapper.get(ALICE_ID)
            assert mapper.get(BOB_ID) == BOB
            crypto.untrusted.add(BOB)
            mapper.suspect_peers(lambda _: True)
            assert purged[1:] == [(BOB_ID, PurgeReason.SUSPECTED)]

    run_virtual(main())


def test_expiration_panic() -> None:
    """Where Go panics, because its own identity cannot be classified, the constructor raises why."""

    async def main() -> None:
        crypto = HmacCrypto(SELF)
        crypto.untrusted.add(SELF)
        with pytest.raises(UntrustedIdentityError, match="nobody vouches for it"):
            IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=VirtualClock())

    run_virtual(main())


def test_identity_info() -> None:
    async def main() -> None:
        mapper = IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=VirtualClock())
        mapper.put(ALICE_ID, ALICE)
        mapper.put(BOB_ID, BOB)
        info = mapper.identity_info()
        assert len(info) == 3
        assert info.by_id()[ALICE_ID].identity == ALICE
        by_org = info.by_org()
        assert {entry.identity for entry in by_org[OrgIdentityType(b"org1")]} == {SELF, ALICE}
        assert {entry.identity for entry in by_org[OrgIdentityType(b"org2")]} == {BOB}

    run_virtual(main())

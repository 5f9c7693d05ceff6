"""What the mapper promises beyond Fabric's tests: order of checks, exact times, bounds, callbacks that misbehave."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from gossip.errors import (
    ConfigurationError,
    IdentityError,
    IdentityExpiredError,
    IdentityRevokedError,
    InvalidArgumentError,
    PkiIdMismatchError,
    SignatureError,
    UnknownIdentityError,
    UntrustedIdentityError,
)
from gossip.identity.entry import PurgeReason
from gossip.identity.mapper import IdentityMapper, PurgeHandler
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId
from tests.support.fake_clock import FakeClock
from tests.support.hmac_crypto import HmacCrypto, PrefixAdvisor, identity_of, pki_id_of
from tests.support.virtual_time import VirtualClock, run_virtual

SELF = identity_of("self")
SELF_ID = pki_id_of(SELF)
ALICE, BOB, CAROL = identity_of("alice"), identity_of("bob"), identity_of("carol")
ALICE_ID, BOB_ID, CAROL_ID = pki_id_of(ALICE), pki_id_of(BOB), pki_id_of(CAROL)
HOUR_S = 3600.0


class Purges(list[tuple[PkiId, PurgeReason]]):
    """Notes who was purged and why."""

    def __call__(self, pki_id: PkiId, identity: PeerIdentityType, reason: PurgeReason) -> None:
        assert pki_id == pki_id_of(identity)
        self.append((pki_id, reason))


class Fixture:
    """A mapper on a clock that stands still."""

    def __init__(self, *, max_identities: int = 100, on_purge: PurgeHandler | None = None) -> None:
        self.in_use: set[PkiId] = set()
        self.clock = FakeClock()
        self.crypto = HmacCrypto(SELF)
        self.purges = Purges()
        self.mapper = IdentityMapper(
            SELF,
            self.crypto,
            PrefixAdvisor(),
            clock=self.clock,
            max_identities=max_identities,
            on_purge=on_purge or self.purges,
            is_in_use=self.in_use.__contains__,
        )

    def put(self, *identities: PeerIdentityType) -> None:
        for identity in identities:
            self.mapper.put(pki_id_of(identity), identity)

    def stored(self) -> set[PkiId]:
        return {info.pki_id for info in self.mapper.identity_info()}


class NamingCrypto(HmacCrypto):
    """Gives every identity of one name the same PKI-ID, as a user's own may do for renewed ones."""

    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        return PkiId(identity.partition(b"/")[2])


class UnclassifiableCrypto(HmacCrypto):
    """Cannot tell when anybody but us ends."""

    error: IdentityError = UntrustedIdentityError("no MSP found")

    def expiration(self, identity: PeerIdentityType) -> datetime | None:
        if identity != SELF:
            raise self.error
        return None


@pytest.mark.parametrize("kind", [IdentityError, UntrustedIdentityError, IdentityRevokedError])
def test_identity_whose_end_cannot_be_told_is_refused_with_its_reason(kind: type[IdentityError]) -> None:
    crypto = UnclassifiableCrypto(SELF)
    crypto.error = kind("of no MSP")
    mapper = IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=FakeClock())
    with pytest.raises(IdentityError, match=r"^failed classifying identity: of no MSP") as caught:
        mapper.put(ALICE_ID, ALICE)
    assert type(caught.value) is kind
    assert caught.value.pki_id == ALICE_ID
    assert caught.value.__cause__ is crypto.error


def test_checks_come_in_fabrics_order() -> None:
    fixture = Fixture()
    fixture.crypto.ends_at[ALICE] = fixture.clock.now() - timedelta(days=1)
    fixture.crypto.untrusted.add(ALICE)
    with pytest.raises(UntrustedIdentityError):
        fixture.mapper.put(BOB_ID, ALICE)
    fixture.crypto.untrusted.clear()
    with pytest.raises(PkiIdMismatchError):
        fixture.mapper.put(BOB_ID, ALICE)
    with pytest.raises(IdentityExpiredError, match="gossipping peer identity expired at 2025-12-31") as caught:
        fixture.mapper.put(ALICE_ID, ALICE)
    assert caught.value.expired_at == fixture.crypto.ends_at[ALICE]
    assert fixture.stored() == {SELF_ID}


def test_identity_that_names_no_pki_id_does_not_match() -> None:
    class NamelessCrypto(HmacCrypto):
        def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
            return SELF_ID if identity == SELF else None

    mapper = IdentityMapper(SELF, NamelessCrypto(SELF), PrefixAdvisor(), clock=FakeClock())
    with pytest.raises(PkiIdMismatchError):
        mapper.put(ALICE_ID, ALICE)
    assert mapper.get_pki_id_of_cert(ALICE) is None


def test_stored_in_its_last_moment_and_gone_one_millisecond_later() -> None:
    fixture = Fixture()
    fixture.crypto.ends_at[ALICE] = fixture.clock.now()
    fixture.put(ALICE)
    fixture.clock.move(timedelta(microseconds=999))
    assert fixture.mapper.get(ALICE_ID) == ALICE
    fixture.clock.move(timedelta(microseconds=1))
    assert ALICE_ID not in fixture.stored()
    with pytest.raises(UnknownIdentityError):
        fixture.mapper.get(ALICE_ID)
    with pytest.raises(UnknownIdentityError):
        fixture.mapper.verify(ALICE_ID, HmacCrypto(ALICE).sign(b""), b"")
    assert fixture.purges == [(ALICE_ID, PurgeReason.EXPIRED)]


def test_one_that_ended_does_not_keep_the_next_of_its_pki_id_out() -> None:
    """Fabric's timer has removed it by then; here the task may not have run."""
    clock, crypto, purged = FakeClock(), NamingCrypto(SELF), []
    crypto.ends_at[ALICE] = clock.now()
    mapper = IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=lambda *told: purged.append(told))
    pki_id, renewed = PkiId(b"alice"), identity_of("alice", "renewed")
    mapper.put(pki_id, ALICE)
    mapper.put(pki_id, renewed)
    assert mapper.get(pki_id) == ALICE
    clock.move(timedelta(milliseconds=1))
    mapper.put(pki_id, renewed)
    assert mapper.get(pki_id) == renewed
    assert purged == [(pki_id, ALICE, PurgeReason.EXPIRED)]


def test_not_yet_valid_or_never_ending_or_ending_with_the_calendar_is_stored() -> None:
    fixture = Fixture()
    fixture.crypto.ends_at[ALICE] = datetime.max.replace(tzinfo=UTC)
    fixture.crypto.ends_at[BOB] = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    fixture.crypto.ends_at[CAROL] = datetime.max.replace(tzinfo=timezone(timedelta(hours=14)))
    fixture.put(ALICE, BOB, CAROL)
    assert fixture.stored() == {SELF_ID, ALICE_ID, BOB_ID, CAROL_ID}


def test_unclear_organization_is_empty() -> None:
    class NobodyAdvisor(PrefixAdvisor):
        def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
            return None

    mapper = IdentityMapper(SELF, HmacCrypto(SELF), NobodyAdvisor(), clock=FakeClock())
    assert mapper.identity_info()[0].organization == b""


@pytest.mark.parametrize("threshold_s", [0, -1, float("nan")])
def test_threshold_must_be_positive(threshold_s: float) -> None:
    with pytest.raises(ConfigurationError, match=r"usage_threshold_s must be (positive|a number)"):
        IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), usage_threshold_s=threshold_s)


def test_there_must_be_room_for_somebody_else() -> None:
    with pytest.raises(ConfigurationError, match="max_identities must be at least 2, our own and another, not 1"):
        IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), max_identities=1)
    half: Any = 2.5
    with pytest.raises(ConfigurationError, match=r"max_identities must be a whole number, not 2\.5"):
        IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), max_identities=half)


def test_own_identity_must_be_good() -> None:
    crypto, clock = HmacCrypto(SELF), FakeClock()
    with pytest.raises(IdentityError, match="our own identity cannot be read"):
        IdentityMapper(PeerIdentityType(b"?"), crypto, PrefixAdvisor(), clock=clock)
    crypto.ends_at[SELF] = clock.now() - timedelta(seconds=1)
    with pytest.raises(IdentityExpiredError):
        IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda mapper: mapper.get(SELF_ID.hex()), "pki_id"),
        (lambda mapper: mapper.get(None), "pki_id"),
        (lambda mapper: mapper.put(ALICE_ID.hex(), ALICE), "pki_id"),
        (lambda mapper: mapper.put(ALICE_ID, "alice"), "identity"),
        (lambda mapper: mapper.verify(SELF_ID.hex(), b"", b""), "pki_id"),
        (lambda mapper: mapper.verify(SELF_ID, "signature", b""), "signature"),
        (lambda mapper: mapper.verify(SELF_ID, b"", "message"), "message"),
        (lambda mapper: mapper.sign("message"), "message"),
        (lambda mapper: mapper.get_pki_id_of_cert("alice"), "identity"),
        (lambda mapper: mapper.set_identity("self"), "identity"),
    ],
)
def test_what_is_not_bytes_is_refused_by_name(call: Callable[[Any], object], argument: str) -> None:
    fixture = Fixture()
    with pytest.raises(InvalidArgumentError, match=rf"^{argument} must be bytes, not "):
        call(fixture.mapper)
    assert list(fixture.mapper.identity_info().by_id()) == [SELF_ID]


def test_our_own_identity_is_bytes_and_the_clock_is_one() -> None:
    crypto, advisor, clock = HmacCrypto(SELF), PrefixAdvisor(), FakeClock()
    with pytest.raises(InvalidArgumentError, match=r"^identity must be bytes, not 'self'$"):
        IdentityMapper("self", crypto, advisor, clock=clock)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"^clock has no method now: int$"):
        IdentityMapper(SELF, crypto, advisor, clock=3)  # type: ignore[arg-type]


async def suspecting(_: PeerIdentityType) -> bool:
    return False


@pytest.mark.parametrize(
    ("is_suspected", "text"),
    [
        (None, "is_suspected must be a function, not None"),
        (suspecting, "is_suspected must not wait, and suspecting is a coroutine function"),
    ],
)
def test_a_suspector_answers_at_once(is_suspected: Any, text: str) -> None:
    fixture = Fixture()
    fixture.put(ALICE)
    fixture.crypto.untrusted.add(ALICE)
    with pytest.raises(InvalidArgumentError, match=f"^{text}$"):
        fixture.mapper.suspect_peers(is_suspected)
    assert fixture.stored() == {SELF_ID, ALICE_ID}


def test_least_recently_used_leaves_when_full_and_never_our_own() -> None:
    fixture = Fixture(max_identities=3)
    fixture.put(ALICE, BOB)
    fixture.mapper.get(ALICE_ID)
    fixture.put(CAROL)
    assert fixture.purges == [(BOB_ID, PurgeReason.EVICTED)]
    fixture.put(ALICE)  # stored already, which is no use of it
    fixture.mapper.verify(CAROL_ID, HmacCrypto(CAROL).sign(b"m"), b"m")
    fixture.put(BOB)
    assert fixture.purges[1:] == [(ALICE_ID, PurgeReason.EVICTED)]
    assert fixture.stored() == {SELF_ID, BOB_ID, CAROL_ID}


def test_least_recently_used_leaves_when_all_together_are_too_long() -> None:
    fixture = Fixture(max_identities=100)
    long = [identity_of(f"{number} {'x' * 16_000}") for number in range(20)]
    fixture.put(ALICE, *long)
    kept = {info.identity for info in fixture.mapper.identity_info()}
    assert sum(map(len, kept)) <= 100 * 2048 < sum(map(len, kept)) + len(long[0])
    assert kept == {SELF, *long[-len(kept) + 1 :]}
    assert set(fixture.purges) == {
        (pki_id_of(each), PurgeReason.EVICTED) for each in (ALICE, *long) if each not in kept
    }


def test_nothing_is_stored_where_nobody_can_say_who_is_in_use() -> None:
    def fail(_: PkiId) -> bool:
        raise LookupError("asked too early")

    mapper = IdentityMapper(
        SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), max_identities=2, is_in_use=fail
    )
    mapper.put(ALICE_ID, ALICE)
    for newcomer in (BOB, CAROL):
        with pytest.raises(LookupError, match="asked too early"):
            mapper.put(pki_id_of(newcomer), newcomer)
    assert set(mapper.identity_info().by_id()) == {SELF_ID, ALICE_ID}


def test_where_nobody_is_told_of_removals_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    mapper = IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), max_identities=2)
    for identity in (ALICE, BOB):
        mapper.put(pki_id_of(identity), identity)
    assert set(mapper.identity_info().by_id()) == {SELF_ID, BOB_ID}
    assert caplog.messages == []


def test_nobody_is_in_use_unless_the_mapper_is_told() -> None:
    purges = Purges()
    mapper = IdentityMapper(
        SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), max_identities=3, on_purge=purges
    )
    for identity in (ALICE, BOB, CAROL):
        mapper.put(pki_id_of(identity), identity)
    assert purges == [(ALICE_ID, PurgeReason.EVICTED)]


def test_one_that_is_stored_again_and_again_takes_its_room_once() -> None:
    fixture = Fixture(max_identities=3)
    long = identity_of("x" * 16_000)
    fixture.put(ALICE, *[long] * 20)  # twenty of them would be too long
    assert fixture.purges == []
    assert fixture.stored() == {SELF_ID, ALICE_ID, pki_id_of(long)}


def test_who_is_in_use_is_not_pushed_out_by_newcomers() -> None:
    fixture = Fixture(max_identities=4)
    fixture.put(ALICE, BOB)
    fixture.in_use |= {ALICE_ID, BOB_ID}
    newcomers = [identity_of(f"newcomer{number}") for number in range(20)]
    fixture.put(*newcomers)
    assert fixture.purges == [(pki_id_of(each), PurgeReason.EVICTED) for each in newcomers[:-1]]
    assert fixture.stored() == {SELF_ID, ALICE_ID, BOB_ID, pki_id_of(newcomers[-1])}


def test_who_is_in_use_is_looked_at_once_for_many_newcomers() -> None:
    """Or each of them would have to wait until thousands were asked about."""
    asked: list[PkiId] = []
    in_use = {pki_id_of(each): each for each in (identity_of(f"in use {number}") for number in range(50))}

    def is_in_use(pki_id: PkiId) -> bool:
        asked.extend({pki_id} & in_use.keys())
        return pki_id in in_use

    mapper = IdentityMapper(
        SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=FakeClock(), max_identities=61, is_in_use=is_in_use
    )
    for pki_id, identity in in_use.items():
        mapper.put(pki_id, identity)
    looks = []
    for newcomer in (identity_of(f"newcomer {number}") for number in range(31)):
        mapper.put(pki_id_of(newcomer), newcomer)
        looks.append(len(asked))
        asked.clear()
    assert [(number, look) for number, look in enumerate(looks) if look] == [(10, 50), (21, 50)]
    assert set(mapper.identity_info().by_id()) > in_use.keys()


def test_the_bound_holds_where_everybody_is_in_use_and_the_newest_stays() -> None:
    fixture = Fixture(max_identities=3)
    fixture.in_use |= {ALICE_ID, BOB_ID, CAROL_ID}
    fixture.put(ALICE, BOB, CAROL)
    assert len(fixture.stored()) == 3
    assert CAROL_ID in fixture.stored()


def test_the_newest_stays_beside_one_that_is_in_use() -> None:
    fixture = Fixture(max_identities=2)
    fixture.in_use |= {ALICE_ID, BOB_ID, CAROL_ID}
    fixture.put(ALICE, BOB)
    assert fixture.stored() == {SELF_ID, BOB_ID}
    fixture.put(CAROL)
    assert fixture.purges == [(ALICE_ID, PurgeReason.EVICTED), (BOB_ID, PurgeReason.EVICTED)]


def test_who_is_not_in_use_leaves_before_who_is_and_was_used_longer_ago() -> None:
    fixture = Fixture(max_identities=3)
    fixture.in_use |= {ALICE_ID}
    fixture.put(ALICE, BOB, CAROL)
    assert fixture.purges == [(BOB_ID, PurgeReason.EVICTED)]


def test_ended_identities_make_room_before_others_do() -> None:
    fixture = Fixture(max_identities=3)
    fixture.crypto.ends_at[BOB] = fixture.clock.now() + timedelta(seconds=1)
    fixture.put(ALICE, BOB)
    fixture.clock.move(timedelta(seconds=2))
    fixture.put(CAROL)
    assert fixture.purges == [(BOB_ID, PurgeReason.EXPIRED)]
    assert fixture.stored() == {SELF_ID, ALICE_ID, CAROL_ID}


def test_suspicion_that_raises_removes_nothing() -> None:
    fixture = Fixture()
    fixture.put(ALICE, BOB)
    fixture.crypto.untrusted |= {ALICE, BOB, SELF}

    def is_suspected(identity: PeerIdentityType) -> bool:
        if identity == BOB:
            raise ZeroDivisionError
        return True

    with pytest.raises(ZeroDivisionError):
        fixture.mapper.suspect_peers(is_suspected)
    assert fixture.stored() == {SELF_ID, ALICE_ID, BOB_ID}
    fixture.mapper.suspect_peers(lambda identity: identity != SELF or pytest.fail("asked about ourselves"))
    assert fixture.stored() == {SELF_ID}
    assert fixture.purges == [(ALICE_ID, PurgeReason.SUSPECTED), (BOB_ID, PurgeReason.SUSPECTED)]


def test_suspicion_hears_every_refusal_and_takes_no_failure_for_one() -> None:
    """A user's crypto service may refuse with any error of a peer's; Fabric removes whatever the error is."""
    fixture = Fixture()
    fixture.put(ALICE, BOB)

    def validate_identity(identity: PeerIdentityType) -> None:
        if identity == ALICE:
            raise SignatureError("nobody signed it any more")
        raise ConnectionError("the directory is gone")

    fixture.crypto.validate_identity = validate_identity  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        fixture.mapper.suspect_peers(lambda identity: identity == BOB)
    fixture.mapper.suspect_peers(lambda identity: identity == ALICE)
    assert fixture.stored() == {SELF_ID, BOB_ID}
    assert fixture.purges == [(ALICE_ID, PurgeReason.SUSPECTED)]


def test_suspicion_finds_what_ended_or_was_not_used_too() -> None:
    fixture = Fixture()
    fixture.crypto.ends_at[ALICE] = fixture.clock.now() + timedelta(hours=2)
    fixture.put(ALICE, BOB)
    fixture.clock.move(timedelta(hours=3))
    fixture.put(CAROL)
    fixture.mapper.suspect_peers(lambda _: False)
    assert fixture.purges == [(ALICE_ID, PurgeReason.EXPIRED), (BOB_ID, PurgeReason.UNUSED)]


def test_suspicion_that_an_identity_stands_is_use_of_it() -> None:
    fixture = Fixture()
    fixture.put(ALICE, BOB)
    for _ in range(3):
        fixture.clock.move(timedelta(minutes=50))
        fixture.mapper.suspect_peers(lambda identity: identity == ALICE)
    assert fixture.purges == [(BOB_ID, PurgeReason.UNUSED)]
    assert fixture.mapper.get(ALICE_ID) == ALICE


def test_whoever_is_told_of_one_removal_finds_none_of_the_others() -> None:
    seen: list[set[PkiId]] = []
    fixture = Fixture(on_purge=lambda *_: seen.append(fixture.stored()))
    fixture.put(ALICE, BOB)
    fixture.crypto.untrusted |= {ALICE, BOB}
    fixture.mapper.suspect_peers(lambda _: True)
    assert seen == [{SELF_ID}, {SELF_ID}]


def test_judging_again_begins_with_who_is_in_use_and_lets_others_go_on_after_each() -> None:
    fixture = Fixture()
    fixture.put(ALICE, BOB, CAROL)
    fixture.in_use.add(BOB_ID)
    fixture.crypto.untrusted |= {ALICE, BOB, SELF}
    rounds = 0
    judged: dict[PeerIdentityType, int] = {}
    validate = fixture.crypto.validate_identity

    def validate_identity(identity: PeerIdentityType) -> None:
        judged[identity] = rounds
        validate(identity)

    fixture.crypto.validate_identity = validate_identity  # type: ignore[method-assign]

    async def count_rounds() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    async def main() -> None:
        counting = asyncio.create_task(count_rounds())
        await fixture.mapper.judge_again()
        counting.cancel()

    asyncio.run(main())
    assert list(judged) == [BOB, ALICE, CAROL]
    assert len(set(judged.values())) == 3
    assert fixture.purges == [(BOB_ID, PurgeReason.SUSPECTED), (ALICE_ID, PurgeReason.SUSPECTED)]
    assert fixture.stored() == {SELF_ID, CAROL_ID}


def test_judging_again_removes_what_ended_or_was_not_used_and_is_use_of_what_stands() -> None:
    fixture = Fixture()
    fixture.put(ALICE, BOB)
    for _ in range(3):
        fixture.clock.move(timedelta(minutes=50))
        asyncio.run(fixture.mapper.judge_again())
    assert fixture.stored() == {SELF_ID, ALICE_ID, BOB_ID}
    fixture.crypto.ends_at[CAROL] = fixture.clock.now() + timedelta(minutes=1)
    fixture.put(CAROL)
    fixture.clock.move(timedelta(minutes=61))
    asyncio.run(fixture.mapper.judge_again())
    unused = PurgeReason.UNUSED
    assert fixture.purges == [(CAROL_ID, PurgeReason.EXPIRED), (ALICE_ID, unused), (BOB_ID, unused)]


def test_judging_again_that_is_cancelled_leaves_those_it_has_not_come_to() -> None:
    fixture = Fixture()
    fixture.put(ALICE, BOB)
    fixture.crypto.untrusted |= {ALICE, BOB}

    async def main() -> None:
        judging = asyncio.create_task(fixture.mapper.judge_again())
        await asyncio.sleep(0)
        judging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await judging

    asyncio.run(main())
    assert fixture.purges == [(ALICE_ID, PurgeReason.SUSPECTED)]
    assert fixture.stored() == {SELF_ID, BOB_ID}


def test_judging_again_takes_no_failure_for_a_refusal() -> None:
    fixture = Fixture()
    fixture.put(ALICE)

    def validate_identity(identity: PeerIdentityType) -> None:
        raise ConnectionError("the directory is gone")

    fixture.crypto.validate_identity = validate_identity  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        asyncio.run(fixture.mapper.judge_again())
    assert fixture.stored() == {SELF_ID, ALICE_ID}


def test_new_own_identity_is_kept_and_the_former_one_ages() -> None:
    fixture = Fixture(max_identities=3)
    renewed = identity_of("self renewed")
    fixture.put(ALICE)
    fixture.mapper.set_identity(renewed)
    assert fixture.stored() == {SELF_ID, ALICE_ID, pki_id_of(renewed)}
    fixture.crypto.untrusted |= {SELF, renewed}
    fixture.mapper.suspect_peers(lambda _: True)
    assert fixture.purges == [(SELF_ID, PurgeReason.SUSPECTED)]
    assert fixture.mapper.get(pki_id_of(renewed)) == renewed


def test_one_that_never_ends_stays_when_a_former_one_of_its_pki_id_would_have_ended() -> None:
    clock, crypto = FakeClock(), NamingCrypto(SELF)
    crypto.ends_at[ALICE] = clock.now() + timedelta(minutes=1)
    mapper = IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock)
    pki_id, renewed = PkiId(b"alice"), identity_of("alice", "renewed")
    mapper.put(pki_id, ALICE)
    crypto.untrusted.add(ALICE)
    mapper.suspect_peers(lambda _: True)
    mapper.put(pki_id, renewed)
    clock.move(timedelta(minutes=2))
    mapper.suspect_peers(lambda _: False)
    assert mapper.get(pki_id) == renewed


@pytest.mark.parametrize("name", ["self", "alice"])
def test_new_own_identity_takes_the_place_of_another_one_of_its_pki_id(name: str) -> None:
    clock, crypto = FakeClock(), NamingCrypto(SELF)
    crypto.ends_at[SELF] = crypto.ends_at[ALICE] = clock.now()
    mapper = IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock)
    pki_id, renewed = PkiId(name.encode()), identity_of(name, "renewed")
    mapper.put(PkiId(b"alice"), ALICE)
    mapper.set_identity(renewed)
    assert mapper.get(pki_id) == renewed
    assert mapper.identity_info().by_id()[pki_id].organization == b"renewed"
    clock.move(timedelta(hours=2))
    mapper.suspect_peers(lambda _: False)
    assert [info.identity for info in mapper.identity_info()] == [renewed]


def test_own_identity_that_cannot_be_taken_leaves_the_former_one() -> None:
    fixture = Fixture()
    fixture.crypto.untrusted.add(ALICE)
    with pytest.raises(UntrustedIdentityError):
        fixture.mapper.set_identity(ALICE)
    fixture.crypto.untrusted.add(SELF)
    fixture.mapper.suspect_peers(lambda _: True)
    assert fixture.stored() == {SELF_ID}


def test_new_own_identity_makes_room_for_itself() -> None:
    fixture = Fixture(max_identities=2)
    fixture.put(ALICE)
    fixture.mapper.set_identity(BOB)
    assert fixture.stored() == {SELF_ID, BOB_ID}
    assert fixture.purges == [(ALICE_ID, PurgeReason.EVICTED)]


def test_own_identity_stays_though_it_ended_and_was_not_used() -> None:
    async def main() -> None:
        clock, crypto, purges = VirtualClock(), HmacCrypto(SELF), Purges()
        crypto.ends_at[SELF] = clock.now() + timedelta(hours=1)
        async with IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=purges) as mapper:
            await clock.sleep(24 * HOUR_S)
            assert mapper.get(SELF_ID) == SELF
            assert [info.identity for info in mapper.identity_info()] == [SELF]
            mapper.put(ALICE_ID, ALICE)
            mapper.set_identity(ALICE)
            await clock.sleep(1)
        assert purges == [(SELF_ID, PurgeReason.EXPIRED)]

    run_virtual(main())


def test_former_own_identity_leaves_at_its_end() -> None:
    async def main() -> None:
        clock, crypto, purges = VirtualClock(), HmacCrypto(SELF), Purges()
        crypto.ends_at[SELF] = clock.now() + timedelta(seconds=30)
        async with IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=purges) as mapper:
            await clock.sleep(1)
            mapper.set_identity(ALICE)
            await clock.sleep(29)
            assert purges == []
            await clock.sleep(0.001)
            assert purges == [(SELF_ID, PurgeReason.EXPIRED)]
        assert len(asyncio.all_tasks()) == 1

    run_virtual(main())


def test_purged_one_millisecond_after_the_end_by_the_task() -> None:
    async def main() -> list[timedelta]:
        clock, crypto, purged_after = VirtualClock(), HmacCrypto(SELF), []
        started_at = clock.now()
        for number, identity in enumerate((ALICE, BOB, CAROL)):
            crypto.ends_at[identity] = started_at + timedelta(seconds=30 - 10 * number)
        mapper = IdentityMapper(
            SELF,
            crypto,
            PrefixAdvisor(),
            clock=clock,
            on_purge=lambda *_: purged_after.append(clock.now() - started_at),
        )
        async with mapper:
            for identity in (ALICE, BOB, CAROL):
                mapper.put(pki_id_of(identity), identity)
                await clock.sleep(1)
            await clock.sleep(60)
        return purged_after

    assert run_virtual(main()) == [timedelta(seconds=end_s, milliseconds=1) for end_s in (10, 20, 30)]


def test_unused_is_purged_within_a_tenth_of_the_threshold() -> None:
    async def main() -> None:
        clock, purges = VirtualClock(), Purges()
        mapper = IdentityMapper(
            SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=clock, usage_threshold_s=100, on_purge=purges
        )
        async with mapper:
            mapper.put(ALICE_ID, ALICE)
            mapper.put(BOB_ID, BOB)
            await clock.sleep(50)
            mapper.get(BOB_ID)
            await clock.sleep(50)
            assert purges == []
            await clock.sleep(10.5)
            assert purges == [(ALICE_ID, PurgeReason.UNUSED)]
            await clock.sleep(50)
            assert purges == [(ALICE_ID, PurgeReason.UNUSED), (BOB_ID, PurgeReason.UNUSED)]

    run_virtual(main())


def test_who_is_in_use_is_not_purged_as_unused() -> None:
    async def main() -> None:
        clock, purges, in_use = VirtualClock(), Purges(), {ALICE_ID}
        mapper = IdentityMapper(
            SELF,
            HmacCrypto(SELF),
            PrefixAdvisor(),
            clock=clock,
            usage_threshold_s=100,
            on_purge=purges,
            is_in_use=in_use.__contains__,
        )
        async with mapper:
            mapper.put(ALICE_ID, ALICE)
            mapper.put(BOB_ID, BOB)
            await clock.sleep(500)
            assert purges == [(BOB_ID, PurgeReason.UNUSED)]
            in_use.clear()
            await clock.sleep(120)
            assert purges == [(BOB_ID, PurgeReason.UNUSED), (ALICE_ID, PurgeReason.UNUSED)]

    run_virtual(main())


def test_clock_set_forward_is_noticed_within_a_minute() -> None:
    async def main() -> None:
        clock, crypto, purges = VirtualClock(), HmacCrypto(SELF), Purges()
        crypto.ends_at[ALICE] = clock.now() + timedelta(days=30)
        async with IdentityMapper(
            SELF, crypto, PrefixAdvisor(), clock=clock, usage_threshold_s=1e9, on_purge=purges
        ) as mapper:
            mapper.put(ALICE_ID, ALICE)
            await clock.sleep(1)
            clock.jump(timedelta(days=31))
            assert ALICE_ID not in mapper.identity_info().by_id()
            await clock.sleep(60)
        assert purges == [(ALICE_ID, PurgeReason.EXPIRED)]

    run_virtual(main())


def test_clock_set_back_does_not_keep_unused_identities() -> None:
    async def main() -> None:
        clock, purges = VirtualClock(), Purges()
        async with IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=clock, on_purge=purges) as mapper:
            mapper.put(ALICE_ID, ALICE)
            await clock.sleep(1)
            clock.jump(timedelta(days=-365))
            await clock.sleep(HOUR_S)
            assert purges == []
            await clock.sleep(121)
        assert purges == [(ALICE_ID, PurgeReason.UNUSED)]

    run_virtual(main())


def test_a_clock_that_goes_astray_between_two_looks_does_not_keep_unused_identities() -> None:
    """Whoever is used in that time, or stored, was used in what is the future then."""

    async def main() -> None:
        clock, purges = VirtualClock(), Purges()
        async with IdentityMapper(SELF, HmacCrypto(SELF), PrefixAdvisor(), clock=clock, on_purge=purges) as mapper:
            mapper.put(ALICE_ID, ALICE)
            await clock.sleep(1)
            clock.jump(timedelta(days=1))
            mapper.get(ALICE_ID)
            mapper.put(BOB_ID, BOB)
            clock.jump(timedelta(days=-1))
            await clock.sleep(HOUR_S + 121)
        assert purges == [(ALICE_ID, PurgeReason.UNUSED), (BOB_ID, PurgeReason.UNUSED)]

    run_virtual(main())


def test_thousands_of_identities_are_one_task_and_one_timer() -> None:
    async def main() -> None:
        clock, crypto, purges = VirtualClock(), HmacCrypto(SELF), Purges()
        async with IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=purges) as mapper:
            await asyncio.sleep(0)
            for number in range(3000):
                identity = identity_of(f"peer {number}")
                crypto.ends_at[identity] = clock.now() + timedelta(seconds=100 + number % 7)
                mapper.put(pki_id_of(identity), identity)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert len(asyncio.all_tasks()) == 2
            await clock.sleep(110)
            assert len(purges) == len(set(purges)) == 3000
            assert len(mapper.identity_info()) == 1

    run_virtual(main())


def test_nothing_is_purged_by_time_after_stop_and_again_after_start() -> None:
    async def main() -> None:
        clock, crypto, purges = VirtualClock(), HmacCrypto(SELF), Purges()
        crypto.ends_at[BOB] = clock.now() + timedelta(seconds=5)
        mapper = IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=purges)
        mapper.start()
        mapper.start()
        mapper.put(ALICE_ID, ALICE)
        await asyncio.sleep(0)
        mapper.stop()
        mapper.stop()
        mapper.put(BOB_ID, BOB)
        await clock.sleep(5 * HOUR_S)
        assert purges == []
        assert len(asyncio.all_tasks()) == 1
        mapper.start()
        await asyncio.sleep(0)
        assert purges == [(BOB_ID, PurgeReason.EXPIRED), (ALICE_ID, PurgeReason.UNUSED)]
        mapper.stop()

    run_virtual(main())


def test_callback_that_raises_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        clock, crypto, told = VirtualClock(), HmacCrypto(SELF), []

        def on_purge(pki_id: PkiId, identity: PeerIdentityType, reason: PurgeReason) -> None:
            told.append(pki_id)
            raise ZeroDivisionError("in on_purge")

        async with IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=on_purge) as mapper:
            for end_s, identity in ((1, ALICE), (1, BOB), (2, CAROL)):
                crypto.ends_at[identity] = clock.now() + timedelta(seconds=end_s)
                mapper.put(pki_id_of(identity), identity)
            await clock.sleep(3)
            assert told == [ALICE_ID, BOB_ID, CAROL_ID]
            assert [info.identity for info in mapper.identity_info()] == [SELF]

    run_virtual(main())
    assert f"on_purge failed for the identity {ALICE_ID.hex()}, which is expired" in caplog.text


def test_callback_finds_the_purged_gone_and_may_call_the_mapper() -> None:
    async def main() -> None:
        clock, crypto = VirtualClock(), HmacCrypto(SELF)
        seen: list[set[PkiId]] = []

        def on_purge(pki_id: PkiId, identity: PeerIdentityType, reason: PurgeReason) -> None:
            seen.append({info.pki_id for info in mapper.identity_info()})
            with pytest.raises(UnknownIdentityError):
                mapper.get(pki_id)
            mapper.put(CAROL_ID, CAROL)
            mapper.suspect_peers(lambda _: True)
            if len(seen) == 2:
                mapper.stop()

        mapper = IdentityMapper(SELF, crypto, PrefixAdvisor(), clock=clock, on_purge=on_purge)
        mapper.start()
        for identity in (ALICE, BOB):
            crypto.ends_at[identity] = clock.now() + timedelta(seconds=1)
            mapper.put(pki_id_of(identity), identity)
        await clock.sleep(5 * HOUR_S)
        assert seen == [{SELF_ID}, {SELF_ID, CAROL_ID}]
        assert mapper.get(CAROL_ID) == CAROL
        assert len(asyncio.all_tasks()) == 1

    run_virtual(main())


def test_callback_that_puts_back_what_was_evicted_comes_to_an_end(caplog: pytest.LogCaptureFixture) -> None:
    def put_back(pki_id: PkiId, identity: PeerIdentityType, reason: PurgeReason) -> None:
        fixture.mapper.put(pki_id, identity)

    fixture = Fixture(max_identities=3, on_purge=put_back)
    fixture.put(ALICE, BOB, CAROL)
    assert "RecursionError" in caplog.text
    fixture.mapper.stop()
    assert SELF_ID in fixture.stored()
    assert fixture.stored() <= {SELF_ID, ALICE_ID, BOB_ID, CAROL_ID}


@pytest.mark.parametrize("answer", [False, True])
def test_a_verdict_that_is_answered_and_not_raised_is_none(answer: bool) -> None:
    fixture = Fixture()
    fixture.put(ALICE)
    crypto = fixture.crypto
    for method in ("validate_identity", "verify"):
        setattr(crypto, method, lambda *_: answer)
    refused = f"must return None or raise, and answered {answer}$"
    with pytest.raises(InvalidArgumentError, match=refused):
        fixture.mapper.put(BOB_ID, BOB)
    with pytest.raises(InvalidArgumentError, match=refused):
        fixture.mapper.verify(ALICE_ID, b"signature", b"message")
    with pytest.raises(InvalidArgumentError, match=refused):
        fixture.mapper.suspect_peers(lambda _: True)
    assert fixture.stored() == {SELF_ID, ALICE_ID}


@pytest.mark.parametrize("answer", [datetime(2099, 1, 1), 4070908800.0, "2099-01-01"])
def test_an_end_without_a_zone_is_none(answer: object) -> None:
    fixture = Fixture()
    setattr(fixture.crypto, "expiration", lambda _: answer)  # noqa: B010 -- mypy refuses to assign to a method
    with pytest.raises(InvalidArgumentError, match="must return an aware datetime or None, and answered") as caught:
        fixture.mapper.put(ALICE_ID, ALICE)
    assert str(caught.value).endswith(repr(answer))
    assert fixture.stored() == {SELF_ID}


def test_a_name_that_is_no_bytes_is_none() -> None:
    fixture = Fixture()
    setattr(fixture.crypto, "get_pki_id_of_cert", lambda _: "alice")  # noqa: B010 -- mypy refuses to assign to a method
    refused = "must return bytes or None, and answered 'alice'$"
    with pytest.raises(InvalidArgumentError, match=refused):
        fixture.mapper.put(ALICE_ID, ALICE)
    with pytest.raises(InvalidArgumentError, match=refused):
        fixture.mapper.get_pki_id_of_cert(ALICE)
    assert fixture.stored() == {SELF_ID}


def test_that_a_future_was_cancelled_that_on_purge_asks_cancels_nobody(caplog: pytest.LogCaptureFixture) -> None:
    told: list[PkiId] = []

    def tell(pki_id: PkiId, _identity: PeerIdentityType, _reason: PurgeReason) -> None:
        told.append(pki_id)
        raise asyncio.CancelledError

    fixture = Fixture(on_purge=tell)
    fixture.put(ALICE, BOB)
    fixture.crypto.untrusted |= {ALICE, BOB}
    fixture.mapper.suspect_peers(lambda _: True)
    assert told == [ALICE_ID, BOB_ID]
    assert caplog.text.count("on_purge failed") == 2


def test_an_organization_that_is_no_bytes_is_none() -> None:
    advisor = PrefixAdvisor()
    setattr(advisor, "org_by_peer_identity", lambda _: "org1")  # noqa: B010 -- mypy refuses to assign to a method
    with pytest.raises(InvalidArgumentError, match=r"must return bytes or None, and answered 'org1'$"):
        IdentityMapper(SELF, HmacCrypto(SELF), advisor, clock=FakeClock())

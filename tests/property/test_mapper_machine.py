"""The mapper under any order of puts, uses, passing time, set clocks, suspicion, renewal and stops, against a model."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gossip.errors import IdentityError, IdentityExpiredError, UnknownIdentityError, UntrustedIdentityError
from gossip.identity.entry import PurgeReason
from gossip.identity.mapper import IdentityMapper
from gossip.types import PeerIdentityType, PkiId
from tests.support.hmac_crypto import HmacCrypto, PrefixAdvisor, identity_of, pki_id_of
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

PEERS = [identity_of(f"peer{number}", f"org{number % 2}") for number in range(7)]
THRESHOLD_S = 100.0
SWEEP_S = THRESHOLD_S / 10
MAX_IDENTITIES = 4
AFTER_END = timedelta(milliseconds=1)

peers = st.sampled_from(PEERS)
short_s = st.sampled_from([0.0, 0.001, 1.0, 9.999, 10.0, 55.5, 100.0, 111.0, 300.0])


@dataclass
class Stored:
    """What the model knows of a stored identity: since when, by the loop, nobody has used it."""

    used_at_s: float


class MapperMachine(RuleBasedStateMachine):
    """Keeps a set of who may be stored, fed by what the mapper tells, and checks that each telling had its reason."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.clock = VirtualClock(self.loop)
        self.own = PEERS[0]
        self.crypto = HmacCrypto(self.own)
        self.stored: dict[PkiId, Stored] = {pki_id_of(self.own): Stored(0)}
        self.is_running = False
        self.clock_was_set = False
        self.failures: list[BaseException] = []

    @initialize(raising=st.booleans())
    def make(self, raising: bool) -> None:
        self.raising = raising
        self.mapper = IdentityMapper(
            self.own,
            self.crypto,
            PrefixAdvisor(),
            clock=self.clock,
            usage_threshold_s=THRESHOLD_S,
            max_identities=MAX_IDENTITIES,
            on_purge=self.purged,
        )

    def purged(self, pki_id: PkiId, identity: PeerIdentityType, reason: PurgeReason) -> None:
        """What is raised here the mapper only logs, so a failure is kept for the next invariant."""
        try:
            self.check_purge(pki_id, identity, reason)
        except (AssertionError, LookupError) as failure:
            self.failures.append(failure)
        if self.raising:
            raise ZeroDivisionError

    def check_purge(self, pki_id: PkiId, identity: PeerIdentityType, reason: PurgeReason) -> None:
        """Each removal is told once, of somebody who was stored, is not our own, and for a reason that holds."""
        assert pki_id == pki_id_of(identity)
        assert identity != self.own
        entry = self.stored.pop(pki_id)
        assert pki_id not in self.mapper.identity_info().by_id()
        if reason is PurgeReason.EXPIRED:
            assert self.clock.now() >= self.ends_at(identity) + AFTER_END
        elif reason is PurgeReason.UNUSED:
            assert self.clock_was_set or self.loop.time() - entry.used_at_s > THRESHOLD_S
        elif reason is PurgeReason.SUSPECTED:
            assert identity in self.crypto.untrusted
        else:
            assert len(self.stored) == MAX_IDENTITIES
            others = [other for other_id, other in self.stored.items() if other_id != pki_id_of(self.own)]
            assert entry.used_at_s <= min(other.used_at_s for other in others)

    def ends_at(self, identity: PeerIdentityType) -> datetime:
        return self.crypto.ends_at[identity]

    def is_ended(self, identity: PeerIdentityType) -> bool:
        ends_at = self.crypto.ends_at.get(identity)
        return ends_at is not None and self.clock.now() >= ends_at + AFTER_END

    @rule(identity=peers, ends_in_s=st.one_of(st.none(), short_s, st.just(-1.0)))
    def certify(self, identity: PeerIdentityType, ends_in_s: float | None) -> None:
        """A certificate's end is fixed: only identities that are not stored get another."""
        if pki_id_of(identity) in self.stored:
            return
        if ends_in_s is None:
            self.crypto.ends_at.pop(identity, None)
        else:
            self.crypto.ends_at[identity] = self.clock.now() + timedelta(seconds=ends_in_s)

    @rule(identity=peers)
    def put(self, identity: PeerIdentityType) -> None:
        pki_id, ends_at = pki_id_of(identity), self.crypto.ends_at.get(identity)
        if identity in self.crypto.untrusted:
            with pytest.raises(UntrustedIdentityError):
                self.mapper.put(pki_id, identity)
        elif ends_at is not None and self.clock.now() > ends_at:
            with pytest.raises(IdentityExpiredError):
                self.mapper.put(pki_id, identity)
        else:
            self.stored.setdefault(pki_id, Stored(self.loop.time()))
            self.mapper.put(pki_id, identity)

    @rule(identity=peers, by_verifying=st.booleans())
    def use(self, identity: PeerIdentityType, by_verifying: bool) -> None:
        pki_id = pki_id_of(identity)
        is_given_out = pki_id in self.stored and (identity == self.own or not self.is_ended(identity))
        if by_verifying and is_given_out and identity in self.crypto.untrusted:
            with pytest.raises(IdentityError):
                self.mapper.verify(pki_id, b"", b"")
        elif by_verifying and is_given_out:
            self.mapper.verify(pki_id, HmacCrypto(identity).sign(b"m"), b"m")
        elif is_given_out:
            assert self.mapper.get(pki_id) == identity
        else:
            with pytest.raises(UnknownIdentityError):
                self.mapper.get(pki_id)
            assert pki_id not in self.stored
        if is_given_out:
            self.stored[pki_id].used_at_s = self.loop.time()

    @rule(seconds=short_s)
    def pass_time(self, seconds: float) -> None:
        self.loop.run_for(seconds)

    @rule(seconds=st.sampled_from([-1e6, -50.0, 50.0, 1e6]))
    def set_clock(self, seconds: float) -> None:
        self.clock.jump(timedelta(seconds=seconds))
        self.clock_was_set = True

    def suspect(self, suspected: set[PeerIdentityType]) -> None:
        """Those that hold count as used."""
        self.mapper.suspect_peers(lambda identity: identity in suspected)
        for pki_id in {pki_id_of(identity) for identity in suspected - {self.own}} & self.stored.keys():
            self.stored[pki_id].used_at_s = self.loop.time()

    @rule(distrusted=st.sets(peers), suspected=st.sets(peers))
    def distrust_and_suspect(self, distrusted: set[PeerIdentityType], suspected: set[PeerIdentityType]) -> None:
        self.crypto.untrusted = set(distrusted)
        self.suspect(suspected)
        assert not {pki_id_of(identity) for identity in distrusted & suspected - {self.own}} & self.stored.keys()

    @rule(distrusted=st.sets(peers), renewed=peers)
    def reload(self, distrusted: set[PeerIdentityType], renewed: PeerIdentityType) -> None:
        """New MSPs, and perhaps a new own certificate: all are judged again."""
        self.crypto.untrusted = distrusted - {self.own}
        ends_at = self.crypto.ends_at.get(renewed)
        if renewed in self.crypto.untrusted or (ends_at is not None and self.clock.now() > ends_at):
            with pytest.raises(IdentityError):
                self.mapper.set_identity(renewed)
        else:
            self.stored[pki_id_of(self.own)].used_at_s = self.loop.time()
            self.own = renewed
            self.stored.setdefault(pki_id_of(renewed), Stored(self.loop.time()))
            self.mapper.set_identity(renewed)
        self.suspect(set(PEERS))
        assert not {pki_id_of(identity) for identity in self.crypto.untrusted} & self.stored.keys()

    @rule()
    def start(self) -> None:
        self.loop.call_soon(self.mapper.start)
        self.loop.run_for(0)
        self.is_running = True

    @rule()
    def stop(self) -> None:
        self.mapper.stop()
        self.is_running = False

    @invariant()
    def was_told_of_removals_for_good_reason(self) -> None:
        if self.failures:
            raise self.failures[0]

    @invariant()
    def shows_what_is_stored_and_has_not_ended(self) -> None:
        expected = {
            pki_id_of(identity)
            for identity in PEERS
            if pki_id_of(identity) in self.stored and (identity == self.own or not self.is_ended(identity))
        }
        assert set(self.mapper.identity_info().by_id()) == expected

    @invariant()
    def stays_within_its_bound(self) -> None:
        assert len(self.stored) <= MAX_IDENTITIES

    @invariant()
    def keeps_nobody_who_has_to_go_while_it_runs(self) -> None:
        if not self.is_running or self.clock_was_set:
            return
        for pki_id, entry in self.stored.items():
            if pki_id != pki_id_of(self.own):
                assert self.loop.time() - entry.used_at_s <= THRESHOLD_S + SWEEP_S + 1e-6
        late = timedelta(seconds=0.0011)
        for identity in PEERS:
            if pki_id_of(identity) in self.stored and identity != self.own and identity in self.crypto.ends_at:
                assert self.clock.now() < self.ends_at(identity) + AFTER_END + late

    def teardown(self) -> None:
        self.mapper.stop()
        self.loop.run_for(0)
        self.loop.close()


TestMapper = MapperMachine.TestCase
TestMapper.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, database=None)

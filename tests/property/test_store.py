"""Two peers' stores, fed with the same connections in any order, settle on the same one."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from gossip.comm.connections.connection import Connection
from gossip.comm.connections.store import ConnectionStore
from gossip.types import PkiId
from tests.support.connections import info_of, quiet_connection
from tests.support.virtual_time import run_virtual

SETTLE_S = 2.0
LOW, HIGH = sorted((info_of("ann").pki_id, info_of("bob").pki_id))
NAMES = {info_of(name).pki_id: name for name in ("ann", "bob")}


@dataclass
class Side:
    """One peer's view: its store, and its ends of the connections by the peer that dialled."""

    own: PkiId
    other: PkiId

    def __post_init__(self) -> None:
        self.store = ConnectionStore(self.own, SETTLE_S)
        self.ends: dict[PkiId, Connection] = {}

    def add(self, dialler: PkiId, now_s: float) -> None:
        end = quiet_connection(NAMES[self.other], outgoing=dialler == self.own)
        self.ends[dialler] = end
        self.store.add(end, now_s)

    def sent_on(self) -> PkiId | None:
        """Who dialled the connection that this side sends on."""
        current = self.store.find(self.other)
        return next((dialler for dialler, end in self.ends.items() if end is current), None)


within_settling = st.floats(0, SETTLE_S, exclude_max=True)


@given(
    arrivals=st.permutations([(side, dialler) for side in (LOW, HIGH) for dialler in (LOW, HIGH)]),
    gaps_s=st.lists(st.floats(0, SETTLE_S / 4, exclude_max=True), min_size=4, max_size=4),
)
def test_two_simultaneous_connections_settle_on_the_higher_peers(
    arrivals: list[tuple[PkiId, PkiId]], gaps_s: list[float]
) -> None:
    async def main() -> None:
        sides = {LOW: Side(LOW, HIGH), HIGH: Side(HIGH, LOW)}
        now_s = 0.0
        for (side, dialler), gap_s in zip(arrivals, gaps_s, strict=True):
            now_s += gap_s
            sides[side].add(dialler, now_s)
        assert {own: side.sent_on() for own, side in sides.items()} == {LOW: LOW, HIGH: HIGH}, "each uses its own"
        assert sides[LOW].store.change_over(sides[LOW].ends[HIGH]) is sides[LOW].ends[LOW]
        assert {side.sent_on() for side in sides.values()} == {HIGH}

    run_virtual(main())


@given(
    arrivals=st.permutations([(side, dialler) for side in (LOW, HIGH) for dialler in (LOW, HIGH)]),
    dead=st.sampled_from([LOW, HIGH]),
    who_notices_first=st.sampled_from([LOW, HIGH]),
    gaps_s=st.lists(within_settling, min_size=4, max_size=4),
)
def test_when_one_of_the_two_dies_both_settle_on_the_other(
    arrivals: list[tuple[PkiId, PkiId]], dead: PkiId, who_notices_first: PkiId, gaps_s: list[float]
) -> None:
    """However far apart they came, so even where the two sides disagreed on which one to send on."""

    async def main() -> None:
        sides = {LOW: Side(LOW, HIGH), HIGH: Side(HIGH, LOW)}
        now_s = 0.0
        for (side, dialler), gap_s in zip(arrivals, gaps_s, strict=True):
            now_s += gap_s
            sides[side].add(dialler, now_s)
        for side in (who_notices_first, LOW if who_notices_first == HIGH else HIGH):
            assert not sides[side].store.discard(sides[side].ends[dead]), "the other connection is left"
        assert {side.sent_on() for side in sides.values()} == {LOW if dead == HIGH else HIGH}

    run_virtual(main())

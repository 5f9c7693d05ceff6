"""The handshake under any order of calls: a ConnEstablish that holds, one that does not, bytes that are none."""

from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gossip.comm.handshake.machine import Expectation, Handshake, State
from gossip.errors import GossipError, OutOfOrderError
from gossip.transport.base import Link
from gossip.types import PkiId
from tests.fuzz.handshakes import (
    FIRST_MESSAGES,
    LEGAL,
    NAMES,
    NOW,
    OUR_CONN_ESTABLISH,
    OUR_LEAF,
    THEIR_LEAF,
    FirstMessage,
)
from tests.support.hmac_crypto import HmacCrypto, identity_of, pki_id_of
from tests.support.wire_mutations import mutate


class HandshakeMachine(RuleBasedStateMachine):
    """One side of one handshake, and what must be true of it after every call."""

    @initialize(
        expected=st.none() | st.sampled_from([pki_id_of(identity_of(name)) for name in NAMES]),
        has_certificate=st.sampled_from([True, True, True, False]),
        is_begun=st.sampled_from([True, True, False]),
    )
    def begin(self, expected: PkiId | None, has_certificate: bool, is_begun: bool) -> None:
        self.expected = expected
        self.has_certificate = has_certificate
        link = Link("10.0.0.2:7051", THEIR_LEAF if has_certificate else None, OUR_LEAF)
        expectation = Expectation(expected) if expected is not None else None
        self.handshake = Handshake(HmacCrypto(identity_of("alice")), link, OUR_CONN_ESTABLISH, expectation)
        self.before = State.NEW
        if is_begun:
            self.send()
            self.before = self.handshake.state

    @rule()
    def send(self) -> None:
        try:
            assert self.handshake.conn_establish() == OUR_CONN_ESTABLISH
        except OutOfOrderError:
            assert self.handshake.state is self.before is not State.NEW
        except GossipError:
            assert not self.has_certificate
            assert self.handshake.state is State.REFUSED
        else:
            assert (self.before, self.handshake.state) == (State.NEW, State.SENT)

    @rule(conn_establish=st.sampled_from(FIRST_MESSAGES))
    def receive_a_real_conn_establish(self, conn_establish: FirstMessage) -> None:
        holds = conn_establish.is_bound and self.expected in (None, conn_establish.pki_id)
        if self.before is not State.SENT:
            self.refuse(conn_establish.frame, State(self.before))
        elif not holds:
            self.refuse(conn_establish.frame, State.REFUSED)
        else:
            assert self.handshake.receive(conn_establish.frame, NOW).pki_id == conn_establish.pki_id
            assert self.handshake.state is (State.PROBED if conn_establish.probe else State.PROVEN)

    @rule(data=st.binary(max_size=300))
    def receive_bytes(self, data: bytes) -> None:
        self.refuse(data, State.REFUSED if self.before is State.SENT else State(self.before))

    @rule(conn_establish=st.sampled_from(FIRST_MESSAGES), seed=st.integers(0, 2**32))
    def receive_a_bent_conn_establish(self, conn_establish: FirstMessage, seed: int) -> None:
        """Some changes leave what was signed alone, such as an unknown field beside it."""
        try:
            info = self.handshake.receive(mutate(conn_establish.frame, Random(seed)), NOW)
        except GossipError:
            return
        assert info.auth.signed_data in conn_establish.frame
        assert info.pki_id == conn_establish.pki_id
        assert conn_establish.is_bound

    @invariant()
    def never_leaves_a_final_state(self) -> None:
        if not hasattr(self, "handshake"):
            return
        after = self.handshake.state
        assert after is self.before or after in LEGAL.get(State(self.before), set())
        self.before = after

    def refuse(self, frame: bytes, state: State) -> None:
        """The frame must be refused, and leave the handshake in ``state``."""
        try:
            self.handshake.receive(frame, NOW)
        except GossipError:
            assert self.handshake.state is state
        else:
            raise AssertionError(f"taken: {frame.hex()}")


TestHandshakeMachine = HandshakeMachine.TestCase
TestHandshakeMachine.settings = settings(
    max_examples=200, stateful_step_count=8, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

"""The handshake machine under any order of calls and bytes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from gossip.comm.handshake.machine import Expectation, Handshake, State, certificate_hash
from gossip.errors import GossipError, OutOfOrderError
from gossip.transport.base import Link
from gossip.types import PkiId
from gossip.wire.conn_establish import encode_conn_establish
from tests.fuzz.edits import edit
from tests.support.hmac_crypto import HmacCrypto, identity_of, pki_id_of
from tests.support.wire_mutations import mutate

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OUR_LEAF, THEIR_LEAF = b"our leaf", b"their leaf"
NAMES = ("alice", "bob", "carol")
LEGAL = {
    State.NEW: {State.SENT, State.REFUSED},
    State.SENT: {State.PROVEN, State.PROBED, State.REFUSED},
}
"""Whatever is not here stays."""


@dataclass(frozen=True)
class FirstMessage:
    """A ConnEstablish that was really signed."""

    frame: bytes
    pki_id: PkiId
    is_bound: bool
    probe: bool


def _conn_establish(name: str, leaf: bytes, *, probe: bool) -> FirstMessage:
    identity = identity_of(name)
    crypto, pki_id = HmacCrypto(identity), pki_id_of(identity)
    frame = encode_conn_establish(pki_id, identity, certificate_hash(leaf), probe=probe, sign=crypto.sign)
    return FirstMessage(frame, pki_id, leaf == THEIR_LEAF, probe)


FIRST_MESSAGES = [
    _conn_establish(name, leaf, probe=probe)
    for name in NAMES
    for leaf in (OUR_LEAF, THEIR_LEAF)
    for probe in (True, False)
]
OUR_CONN_ESTABLISH = FIRST_MESSAGES[0].frame


class Handshakes:
    """Whoever is proven signed for this connection, and is the peer that was expected."""

    def close(self) -> None:
        """Hold nothing."""

    def try_one(self, random: Random) -> str:
        link = Link("10.0.0.2:7051", random.choice((THEIR_LEAF, THEIR_LEAF, THEIR_LEAF, None)), OUR_LEAF)
        expected = random.choice((None, *(Expectation(pki_id_of(identity_of(name))) for name in NAMES)))
        handshake = Handshake(HmacCrypto(identity_of("alice")), link, OUR_CONN_ESTABLISH, expected)
        for _ in range(random.randrange(1, 6)):
            self._step(handshake, expected, random)
        return handshake.state.value

    def _step(self, handshake: Handshake, expected: Expectation | None, random: Random) -> None:
        before = handshake.state
        try:
            if random.random() < 0.4:
                assert handshake.conn_establish() == OUR_CONN_ESTABLISH
            else:
                self._receive(handshake, expected, random)
        except OutOfOrderError:
            assert handshake.state is before
        except GossipError:
            assert handshake.state is State.REFUSED
        assert handshake.state is before or handshake.state in LEGAL.get(before, set())

    @staticmethod
    def _receive(handshake: Handshake, expected: Expectation | None, random: Random) -> None:
        frame = random.choice(FIRST_MESSAGES).frame
        match random.randrange(4):
            case 0:
                frame = mutate(frame, random)
            case 1:
                frame = edit(frame, random, [conn_establish.frame[:80] for conn_establish in FIRST_MESSAGES])
        info = handshake.receive(frame, NOW)
        proven = [
            conn_establish
            for conn_establish in FIRST_MESSAGES
            if info.auth.signed_data in conn_establish.frame and conn_establish.is_bound
        ]
        assert [conn_establish.pki_id for conn_establish in proven] == [info.pki_id], frame.hex()
        assert expected is None or expected.pki_id == info.pki_id, frame.hex()
        assert (handshake.state is State.PROBED) == proven[0].probe, frame.hex()

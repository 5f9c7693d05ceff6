"""Every state, every check, in order, without I/O."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from gossip.comm.handshake.machine import Expectation, Handshake, State
from gossip.errors import (
    GossipError,
    HandshakeError,
    IdentityError,
    IdentityExpiredError,
    InvalidArgumentError,
    MalformedMessageError,
    NoCertificateError,
    OutOfOrderError,
    PkiIdMismatchError,
    SignatureError,
    TlsBindingError,
    UnexpectedMessageError,
    UntrustedIdentityError,
    WrongPeerError,
)
from gossip.messages import Empty, GossipMessage, SecretEnvelope
from gossip.transport.base import Link
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import encode_conn_establish
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.signed import noop_sign
from tests.support.hmac_crypto import HmacCrypto, identity_of, pki_id_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALICE, BOB = identity_of("alice"), identity_of("bob")
BOB_ID = pki_id_of(BOB)
ALICE_LEAF, BOB_LEAF = b"alice's leaf", b"bob's leaf"
ALICE_LINK = Link(remote="10.0.0.2:7051", peer_certificate=BOB_LEAF, own_certificate=ALICE_LEAF)


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@dataclass(frozen=True)
class FirstMessage:
    """Bob's ConnEstablish, each part of which a test can get wrong."""

    pki_id: PkiId = BOB_ID
    identity: PeerIdentityType = BOB
    tls_cert_hash: bytes = digest(BOB_LEAF)
    probe: bool = False
    sign: Callable[[bytes], bytes] = HmacCrypto(BOB).sign

    def frame(self) -> bytes:
        return encode_conn_establish(self.pki_id, self.identity, self.tls_cert_hash, probe=self.probe, sign=self.sign)


def begun(crypto: HmacCrypto | None = None, link: Link = ALICE_LINK, expected: Expectation | None = None) -> Handshake:
    handshake = Handshake(crypto or HmacCrypto(ALICE), link, b"our hello", expected)
    assert handshake.conn_establish() == b"our hello"
    return handshake


def refusal(frame: bytes, handshake: Handshake) -> GossipError:
    with pytest.raises(GossipError) as caught:
        handshake.receive(frame, NOW)
    assert handshake.state is State.REFUSED
    return caught.value


def test_a_good_conn_establish_proves_who_is_there() -> None:
    handshake = begun()
    frame = FirstMessage().frame()
    info = handshake.receive(frame, NOW)
    signed = parse_envelope(frame)
    assert handshake.state is State.PROVEN
    assert (info.pki_id, info.identity, info.endpoint) == (pki_id_of(BOB), BOB, "10.0.0.2:7051")
    assert (info.auth.signed_data, info.auth.signature) == (signed.payload, signed.signature)


def test_a_probe_is_a_state_and_not_an_error() -> None:
    handshake = begun()
    assert handshake.receive(FirstMessage(probe=True).frame(), NOW).identity == BOB
    assert handshake.state is State.PROBED


def test_nothing_is_sent_to_a_peer_without_certificate() -> None:
    handshake = Handshake(HmacCrypto(ALICE), replace(ALICE_LINK, peer_certificate=None), b"our hello")
    with pytest.raises(NoCertificateError, match=r"no TLS certificate from 10\.0\.0\.2:7051"):
        handshake.conn_establish()
    assert handshake.state is State.REFUSED


@pytest.mark.parametrize("claimed", [b"", digest(BOB_LEAF)])
def test_without_tls_nothing_is_bound(claimed: bytes) -> None:
    link = Link(remote="10.0.0.2:7051", peer_certificate=None, own_certificate=None)
    assert begun(link=link).receive(FirstMessage(tls_cert_hash=claimed).frame(), NOW).identity == BOB


@pytest.mark.parametrize("state", [State.NEW, State.PROVEN, State.PROBED, State.REFUSED])
def test_a_conn_establish_is_read_only_after_ours_was_sent(state: State) -> None:
    handshake = begun()
    handshake.state = state
    with pytest.raises(OutOfOrderError, match=f"the handshake is {state.value}, not sent"):
        handshake.receive(FirstMessage().frame(), NOW)
    assert handshake.state is state


def test_our_conn_establish_is_sent_once() -> None:
    handshake = begun()
    with pytest.raises(OutOfOrderError, match="the handshake is sent, not new"):
        handshake.conn_establish()
    assert handshake.state is State.SENT


def test_bytes_that_are_no_envelope() -> None:
    assert isinstance(refusal(b"\x0a\x05abc", begun()), MalformedMessageError)


def test_check_1_it_is_a_conn_message() -> None:
    error = refusal(noop_sign(GossipMessage(empty=Empty())).envelope, begun())
    assert isinstance(error, UnexpectedMessageError)
    assert "wrong type" in str(error)


def test_check_2_it_has_a_pki_id() -> None:
    error = refusal(FirstMessage(pki_id=PkiId(b"")).frame(), begun())
    assert type(error) is HandshakeError
    assert "no PKI-ID" in str(error)


def test_check_3_there_is_an_identity() -> None:
    error = refusal(FirstMessage(identity=PeerIdentityType(b"")).frame(), begun())
    assert type(error) is IdentityError
    assert "identity is nil" in str(error)


def test_check_3_the_identity_is_trusted() -> None:
    crypto = HmacCrypto(ALICE)
    crypto.untrusted.add(BOB)
    assert isinstance(refusal(FirstMessage().frame(), begun(crypto)), UntrustedIdentityError)


@pytest.mark.parametrize(("seconds_left", "is_refused"), [(0, False), (-1, True), (1, False)])
def test_check_3_the_identity_has_not_expired(seconds_left: int, is_refused: bool) -> None:
    crypto = HmacCrypto(ALICE)
    crypto.ends_at[BOB] = NOW + timedelta(seconds=seconds_left)
    handshake = begun(crypto)
    if not is_refused:
        assert handshake.receive(FirstMessage().frame(), NOW).identity == BOB
        return
    error = refusal(FirstMessage().frame(), handshake)
    assert isinstance(error, IdentityExpiredError)
    assert error.expired_at == crypto.ends_at[BOB]
    assert "gossipping peer identity expired" in str(error)


class NamelessCrypto(HmacCrypto):
    """Takes every identity, and can name none."""

    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        return None


def test_check_4_an_identity_that_names_no_pki_id_is_refused() -> None:
    error = refusal(FirstMessage().frame(), begun(NamelessCrypto(ALICE)))
    assert isinstance(error, PkiIdMismatchError)
    assert (error.claimed, error.computed) == (BOB_ID, b"")


def test_check_4_the_pki_id_is_the_identitys_own() -> None:
    error = refusal(FirstMessage(pki_id=pki_id_of(ALICE)).frame(), begun())
    assert isinstance(error, PkiIdMismatchError)
    assert (error.claimed, error.computed) == (pki_id_of(ALICE), pki_id_of(BOB))


@pytest.mark.parametrize("claimed", [b"", digest(ALICE_LEAF), digest(BOB_LEAF)[:-1]])
def test_check_5_it_speaks_of_the_certificate_on_this_connection(claimed: bytes) -> None:
    error = refusal(FirstMessage(tls_cert_hash=claimed).frame(), begun())
    assert isinstance(error, TlsBindingError)
    assert (error.expected, error.got) == (digest(BOB_LEAF), claimed)


def test_check_5_our_own_conn_establish_sent_back_is_refused() -> None:
    reflected = FirstMessage(pki_id_of(ALICE), ALICE, digest(ALICE_LEAF), sign=HmacCrypto(ALICE).sign)
    assert isinstance(refusal(reflected.frame(), begun()), TlsBindingError)


def test_check_6_the_signature_holds() -> None:
    assert isinstance(refusal(FirstMessage(sign=HmacCrypto(ALICE).sign).frame(), begun()), SignatureError)


def test_check_6_there_is_a_signature() -> None:
    assert isinstance(refusal(FirstMessage(sign=lambda _: b"").frame(), begun()), SignatureError)


def test_check_6_the_secret_envelope_is_verified_too() -> None:
    signed = parse_envelope(FirstMessage().frame())
    for signature, holds in ((HmacCrypto(BOB).sign(b"secret"), True), (b"no signature of it", False)):
        secret = SecretEnvelope(payload=b"secret", signature=signature)
        frame = encode_envelope(signed.payload, signed.signature, secret)
        if holds:
            assert begun().receive(frame, NOW).identity == BOB
        else:
            assert isinstance(refusal(frame, begun()), SignatureError)


def test_check_7_it_is_the_peer_that_was_asked_for() -> None:
    error = refusal(FirstMessage().frame(), begun(expected=Expectation(pki_id_of(ALICE))))
    assert isinstance(error, WrongPeerError)
    assert (error.expected, error.got) == (pki_id_of(ALICE), pki_id_of(BOB))
    assert "PKI-ID of remote peer doesn't match expected PKI-ID" in str(error)


def test_check_7_a_stand_in_is_taken_where_one_may_be() -> None:
    asked: list[PeerIdentityType] = []

    def is_stand_in(identity: PeerIdentityType) -> bool:
        asked.append(identity)
        return True

    expected = Expectation(pki_id_of(ALICE), is_stand_in)
    assert begun(expected=expected).receive(FirstMessage().frame(), NOW).pki_id == pki_id_of(BOB)
    assert asked == [BOB]


def test_the_earlier_check_decides() -> None:
    """Everything is wrong at once; mending the first fault each time shows the order."""
    crypto = HmacCrypto(ALICE)
    crypto.ends_at[BOB] = NOW - timedelta(days=1)
    crypto.untrusted.add(BOB)
    conn_establish = FirstMessage(PkiId(b""), tls_cert_hash=b"", sign=lambda _: b"wrong")
    expected = Expectation(pki_id_of(ALICE))

    def kind() -> type[GossipError]:
        return type(refusal(conn_establish.frame(), begun(crypto, expected=expected)))

    order = [kind()]
    conn_establish = replace(conn_establish, pki_id=pki_id_of(ALICE))
    order.append(kind())
    crypto.untrusted.clear()
    order.append(kind())
    conn_establish = replace(conn_establish, pki_id=pki_id_of(BOB))
    order.append(kind())
    crypto.ends_at.clear()
    order.append(kind())
    conn_establish = replace(conn_establish, tls_cert_hash=digest(BOB_LEAF))
    order.append(kind())
    conn_establish = replace(conn_establish, sign=HmacCrypto(BOB).sign)
    order.append(kind())
    assert order == [
        HandshakeError,
        UntrustedIdentityError,
        PkiIdMismatchError,
        IdentityExpiredError,
        TlsBindingError,
        SignatureError,
        WrongPeerError,
    ]


@pytest.mark.parametrize("method", ["validate_identity", "verify"])
@pytest.mark.parametrize("answer", [False, True])
def test_a_verdict_that_is_answered_and_not_raised_lets_nobody_in(method: str, answer: bool) -> None:
    crypto = HmacCrypto(ALICE)
    setattr(crypto, method, lambda *_: answer)
    error = refusal(FirstMessage().frame(), begun(crypto))
    assert type(error) is InvalidArgumentError
    assert f"must return None or raise, and answered {answer}" in str(error)

"""Shakes hands in order to learn: goes on to the peer's own verdict where a real handshake would stop at ours."""

from datetime import datetime

from gossip.api.peer import ConnectionInfo
from gossip.clock import Clock
from gossip.comm.handshake.exchange import await_verdict, exchange
from gossip.comm.handshake.machine import Expectation, Handshake, certificate_hash
from gossip.errors import (
    GossipError,
    IdentityError,
    PeerSilentError,
    RefusedByPeerError,
    SignatureError,
    StreamBrokenError,
    TlsBindingError,
    UntrustedIdentityError,
    WireError,
    WrongPeerError,
)
from gossip.messages import ConnEstablish
from gossip.msp.claim import parse_claim
from gossip.msp.issuers import find_mspids_of_issuer, find_tls_issuing_mspids, has_namesake
from gossip.msp.registry import MspRegistry
from gossip.msp.rule_source import find_rule_source
from gossip.msp.service import MspCryptoService
from gossip.msp.verdict import judge_identity
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence, Theirs
from gossip.node.diagnose.stopwatch import timing
from gossip.transport.base import Channel, FrameStream
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import encode_conn_establish, parse_conn_establish
from gossip.wire.envelope import parse_envelope


class HearingHandshake(Handshake):
    """A handshake that keeps what it heard in ``heard``, accepted or not."""

    heard: bytes | None = None

    def receive(self, frame: bytes, now: datetime) -> ConnectionInfo:
        """Keep the other side's envelope and judge it."""
        self.heard = frame
        return super().receive(frame, now)


async def shake_hands(
    evidence: Evidence, channel: Channel, crypto: MspCryptoService, registry: MspRegistry, clock: Clock
) -> None:
    """Exchange ConnEstablish and wait for the peer's verdict; everything that happens goes into ``evidence``.

    Cancellation: the stream is left to its connection, which is to be cut.
    """
    timeout_s = evidence.own.settings.comm.conn_timeout_s
    try:
        stream = await channel.open_stream()
    except GossipError as error:
        evidence.errors[Stage.CONN_ESTABLISH] = error
        return
    handshake = _handshake(evidence, channel, crypto)
    with timing(evidence, Stage.CONN_ESTABLISH):
        refusal = await _exchange(stream, handshake, clock, timeout_s)
    if handshake.heard is not None:
        evidence.theirs = _read(handshake.heard, registry, evidence.now)
    if refusal is not None:
        evidence.errors[stage_of(refusal)] = refusal
        if isinstance(refusal, RefusedByPeerError | PeerSilentError | StreamBrokenError):
            return
    if evidence.theirs is None:
        return  # who has not said who it is has no say
    with timing(evidence, Stage.VERDICT):
        try:
            await await_verdict(stream, timeout_s)
            evidence.heard_verdict = True
        except GossipError as error:
            evidence.errors[Stage.VERDICT] = error


def stage_of(error: GossipError) -> Stage:
    """The stage that a refused ConnEstablish fails at."""
    match error:
        case TlsBindingError():
            return Stage.BINDING
        case SignatureError():
            return Stage.SIGNATURE
        case WrongPeerError():
            return Stage.EXPECTED
        case RefusedByPeerError():
            return Stage.VERDICT
        case IdentityError():
            return Stage.IDENTITY
        case _:
            return Stage.CONN_ESTABLISH


def _handshake(evidence: Evidence, channel: Channel, crypto: MspCryptoService) -> HearingHandshake:
    identity = crypto.identity
    pki_id = crypto.get_pki_id_of_cert(identity)
    assert pki_id is not None  # it is an identity that the service wrote itself
    bound_to = certificate_hash(channel.link.own_certificate)
    conn_establish = encode_conn_establish(pki_id, identity, bound_to, probe=True, sign=crypto.sign)
    expected = Expectation(evidence.expected) if evidence.expected is not None else None
    return HearingHandshake(crypto, channel.link, conn_establish, expected)


async def _exchange(
    stream: FrameStream, handshake: HearingHandshake, clock: Clock, timeout_s: float
) -> GossipError | None:
    try:
        await exchange(stream, handshake, clock, timeout_s)
    except GossipError as error:
        return error
    return None


def _read(frame: bytes, registry: MspRegistry, now: datetime) -> Theirs | None:
    try:
        conn: ConnEstablish = parse_conn_establish(parse_envelope(frame))
    except WireError:
        return None
    identity = PeerIdentityType(conn.identity)
    try:
        claim = parse_claim(identity)
    except UntrustedIdentityError:
        return Theirs(PkiId(conn.pki_id))
    issuing = find_mspids_of_issuer(registry.msps, claim.certificate)
    return Theirs(
        PkiId(conn.pki_id),
        claim,
        judge_identity(registry, identity, now=now),
        issuing_mspids=issuing,
        tls_issuing_mspids=find_tls_issuing_mspids(registry.msps, claim.certificate),
        has_namesake=not issuing and has_namesake(registry.msps, claim),
        rule_source=_find_rule(registry, identity),
    )


def _find_rule(registry: MspRegistry, identity: PeerIdentityType) -> str | None:
    try:
        registry.judge(identity)
    except IdentityError as refusal:
        return find_rule_source(refusal)
    return None

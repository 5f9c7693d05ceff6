"""The handshake as a state machine without I/O: one signed ConnEstablish out, one in, seven checks in order."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial

from gossip.api.crypto import MessageCryptoService
from gossip.api.peer import AuthInfo, ConnectionInfo
from gossip.errors import (
    HandshakeError,
    NoCertificateError,
    OutOfOrderError,
    TlsBindingError,
    WrongPeerError,
)
from gossip.identity_check import vet_identity
from gossip.messages import ConnEstablish
from gossip.transport.base import Link
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.conn_establish import parse_conn_establish, parse_first
from gossip.wire.signed import SignedMessage, check_signatures


class State(Enum):
    """How far one handshake has come. PROVEN, PROBED and REFUSED are final."""

    NEW = "new"
    SENT = "sent"
    PROVEN = "proven"
    PROBED = "probed"
    REFUSED = "refused"


def _nobody(_identity: PeerIdentityType) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Expectation:
    """Who an initiator asked for, and which other identities may answer in its place: none unless told."""

    pki_id: PkiId
    is_stand_in: Callable[[PeerIdentityType], bool] = _nobody


def certificate_hash(certificate: bytes | None) -> bytes:
    """SHA-256 over a certificate in DER; empty without one, as in a ConnEstablish without TLS."""
    return hashlib.sha256(certificate).digest() if certificate else b""


class Handshake:
    """One side of one handshake on one connection.

    Mirrors: gossip/comm/comm_impl.go, commImpl.authenticateRemotePeer; here every check comes before the store.
    """

    def __init__(
        self, crypto: MessageCryptoService, link: Link, conn_establish: bytes, expected: Expectation | None = None
    ) -> None:
        """Start in NEW.

        Args:
            crypto: Judges the other side's identity and signature.
            link: The connection, whose certificates the two ConnEstablish must name.
            conn_establish: Our own ConnEstablish, signed, as an encoded envelope.
            expected: Who must answer; None takes whoever proves an identity.
        """
        self.state = State.NEW
        self._crypto = crypto
        self._link = link
        self._conn_establish = conn_establish
        self._expected = expected

    def conn_establish(self) -> bytes:
        """Our ConnEstablish, to be sent first; moves from NEW to SENT.

        Raises:
            NoCertificateError: The other side gave nothing to bind an identity to; moves to REFUSED.
            OutOfOrderError: Not in NEW; the state stays.
        """
        self._leave(State.NEW)
        if self._link.own_certificate is not None and self._link.peer_certificate is None:
            raise NoCertificateError(f"no TLS certificate from {self._link.remote}")
        self.state = State.SENT
        return self._conn_establish

    def receive(self, frame: bytes, now: datetime) -> ConnectionInfo:
        """Judge the other side's first envelope; moves from SENT to PROVEN, or to PROBED when it only asks.

        Returns:
            Who proved to be at the other end.

        Raises:
            WireError, IdentityError, HandshakeError, SignatureError: The first check that failed; moves to REFUSED.
            OutOfOrderError: Not in SENT; the state stays.
        """
        self._leave(State.SENT)
        signed = parse_first(frame)
        conn = self._judge(signed, now)
        self.state = State.PROBED if conn.probe else State.PROVEN
        return ConnectionInfo(
            pki_id=PkiId(conn.pki_id),
            identity=PeerIdentityType(conn.identity),
            endpoint=self._link.remote,
            auth=AuthInfo(signed_data=signed.payload, signature=signed.signature),
        )

    def _leave(self, state: State) -> None:
        """Fall to REFUSED until the step that follows has succeeded."""
        if self.state is not state:
            raise OutOfOrderError(f"the handshake is {self.state.value}, not {state.value}")
        self.state = State.REFUSED

    def _judge(self, signed: SignedMessage, now: datetime) -> ConnEstablish:
        conn = parse_conn_establish(signed)  # 1: it is a ConnEstablish
        pki_id, identity = PkiId(conn.pki_id), PeerIdentityType(conn.identity)
        if not pki_id:  # 2: it has a PKI-ID
            raise HandshakeError(f"no PKI-ID in the ConnEstablish from {self._link.remote}")
        vet_identity(self._crypto, pki_id, identity, now)  # 3 and 4: the identity is valid, and the PKI-ID its own
        self._check_binding(conn.tls_cert_hash)  # 5: it speaks of the certificate on this very connection
        check_signatures(signed, partial(self._crypto.verify, identity))  # 6: its key signed all this
        self._check_expected(identity, pki_id)  # 7: it is the peer that was asked for
        return conn

    def _check_binding(self, claimed: bytes) -> None:
        if self._link.own_certificate is None:
            return  # without TLS there is nothing to bind to
        presented = certificate_hash(self._link.peer_certificate)
        if not hmac.compare_digest(presented, claimed):
            raise TlsBindingError(expected=presented, got=claimed)

    def _check_expected(self, identity: PeerIdentityType, pki_id: PkiId) -> None:
        expected = self._expected
        if expected is None or expected.pki_id == pki_id or expected.is_stand_in(identity):
            return
        raise WrongPeerError(expected=expected.pki_id, got=pki_id)

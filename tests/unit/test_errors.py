"""Errors travel: between processes, through executors, and as copies."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gossip import errors
from gossip.api.peer import RemotePeer
from gossip.comm.sending.sending import by_pki_id
from gossip.errors import GossipError
from gossip.shown import MAX_SHOWN
from gossip.types import PkiId

PKI_ID = PkiId(b"\x01\x02")
MADE = [
    errors.GossipError("text"),
    errors.ConfigurationError("text", path="core.yaml"),
    errors.ClosedError("text"),
    errors.OutOfOrderError("text"),
    errors.InvalidArgumentError("timeout_s", "must be a number, not nan"),
    errors.WireError("text"),
    errors.MalformedMessageError("wire type 6", offset=3, field="Envelope.payload"),
    errors.MalformedEnvelopeError("wire type 6", offset=3, field="Envelope.payload"),
    errors.InvalidMessageError("not bytes", field="Envelope.payload"),
    errors.FrameTooLargeError(2, 1),
    errors.UnexpectedMessageError("text"),
    errors.IdentityError("text", pki_id=PKI_ID),
    errors.UnknownIdentityError(PKI_ID),
    errors.PkiIdMismatchError(claimed=PKI_ID, computed=PkiId(b"\x03")),
    errors.IdentityExpiredError(datetime(2026, 1, 1, tzinfo=UTC), pki_id=PKI_ID),
    errors.IdentityRevokedError("text", pki_id=PKI_ID, source="crls/crl.pem"),
    errors.UntrustedIdentityError("text", pki_id=PKI_ID, source="config.yaml:3"),
    errors.SignatureError("text"),
    errors.HandshakeError("text"),
    errors.NoCertificateError("text"),
    errors.TlsBindingError(expected=b"\x01", got=b"\x02"),
    errors.WrongPeerError(expected=PKI_ID, got=PkiId(b"\x03")),
    errors.RefusedByPeerError(grpc_status="UNKNOWN", reason="no"),
    errors.TransportError("text"),
    errors.DialError("localhost:7051", "tcp", "refused"),
    errors.PeerSilentError("localhost:7051", waited_for="Ping", waited_s=3.0),
    errors.StreamBrokenError("text"),
    errors.SendError("text"),
    errors.UnnamedPeerError("text"),
    errors.QueueFullError("text"),
    errors.AckTimeoutError("text"),
    errors.NegativeAckError("no"),
]


def through_pickle(error: Any) -> Any:
    return pickle.loads(pickle.dumps(error))


def test_every_error_is_here() -> None:
    ours = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, GossipError)}
    assert ours == {type(error) for error in MADE}


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, through_pickle])
@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_a_copy_says_the_same(error: GossipError, again: Callable[[Any], Any]) -> None:
    copied = again(error)
    assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))


def test_what_a_peer_wrote_is_one_short_line() -> None:
    forged = "no\n2026-11-25 WARN [gossip] all is well\x1b[31m"
    for error in (errors.NegativeAckError(forged), errors.RefusedByPeerError(grpc_status="UNKNOWN", reason=forged)):
        assert "no\\n2026" in str(error)
        assert str(error).isprintable()
        assert error.reason == forged
    assert len(str(errors.NegativeAckError("x" * 10_000))) < 1100


def test_names_that_are_too_long_for_names_are_shown_in_part() -> None:
    long = PkiId(bytes(60_000))
    for error in (
        errors.PkiIdMismatchError(claimed=long, computed=PKI_ID),
        errors.TlsBindingError(expected=b"\x01", got=long),
        errors.WrongPeerError(expected=PKI_ID, got=long),
        errors.IdentityError("text", pki_id=long),
    ):
        assert f"{'00' * 32}... (60000 bytes)" in str(error)
        assert len(str(error)) < 300


@pytest.mark.parametrize("endpoint", ["evil\x1b[31m\nWARNING forged:1", "a\rb:1", "x" * 100_000 + ":1"])
def test_an_endpoint_that_others_told_is_shown_in_one_short_line(endpoint: str) -> None:
    with pytest.raises(errors.UnnamedPeerError) as unnamed:
        by_pki_id([RemotePeer(endpoint)])
    dial = errors.DialError(endpoint, "tcp", "refused")
    for text in (str(RemotePeer(endpoint, PKI_ID)), str(dial), str(unnamed.value)):
        assert text.isprintable()
        assert len(text) < MAX_SHOWN + 100
    assert dial.endpoint == endpoint

"""ConnEstablish, there and back."""

from base64 import b64decode
from collections.abc import Iterator

import pytest

from gossip.errors import MalformedMessageError, UnexpectedMessageError
from gossip.messages import ConnEstablish, Empty, GossipMessage
from gossip.types import PeerIdentityType, PkiId
from gossip.wire import conn_establish
from gossip.wire.conn_establish import encode_conn_establish, parse_conn_establish, parse_first
from gossip.wire.envelope import parse_envelope
from gossip.wire.envelope_bytes import encode_envelope
from gossip.wire.signed import SignedMessage, noop_sign
from gossip.wire.slices import parse_in_slices
from tests.support.vectors import load_vectors

MAX_SLICES = 12
SLICE_BYTES = 512


def test_conn_establish_is_signed_and_read_again() -> None:
    frame = encode_conn_establish(
        PkiId(b"id"), PeerIdentityType(b"who"), b"hash", probe=True, sign=lambda payload: b"s:" + payload
    )

    signed = parse_envelope(frame)

    assert signed.payload.hex() == "1801" + "7211" + "0a026964" + "120377686f" + "1a0468617368" + "2001"
    assert signed.signature == b"s:" + signed.payload
    assert parse_conn_establish(signed) == ConnEstablish(
        pki_id=b"id", identity=b"who", tls_cert_hash=b"hash", probe=True
    )


def test_conn_establish_is_written_as_a_real_peer_writes_it() -> None:
    recorded = [record for record in load_vectors("captures/org1-peer2.jsonl") if record["kind"] == "conn"]
    assert len(recorded) > 1
    for record in recorded:
        frame = b64decode(record["envelope_b64"])
        signed = parse_envelope(frame)
        conn = parse_conn_establish(signed)

        again = encode_conn_establish(
            PkiId(conn.pki_id),
            PeerIdentityType(conn.identity),
            conn.tls_cert_hash,
            probe=conn.probe,
            sign=lambda _, signature=signed.signature: signature,  # type: ignore[misc]  # mypy infers no type for it
        )

        assert again == frame


def test_another_message_is_the_wrong_type() -> None:
    with pytest.raises(UnexpectedMessageError, match="wrong type: expected CONN, got EMPTY"):
        parse_conn_establish(noop_sign(GossipMessage(empty=Empty())))


@pytest.mark.parametrize("length", [100, 2000, 16_000, 65_000])
def test_a_first_message_may_be_long(length: int) -> None:
    frame = encode_conn_establish(PkiId(b"id"), PeerIdentityType(bytes(length)), b"hash", probe=True, sign=bytes)
    assert parse_first(frame).envelope == parse_envelope(frame).envelope == frame


@pytest.mark.parametrize("field", ["7801", "a00600", "a201020a00"], ids=["unknown", "unknown, two", "state response"])
def test_a_first_message_of_many_fields_is_not_read_to_its_end(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = []

    def note(frame: bytes) -> Iterator[SignedMessage | None]:
        for each in parse_in_slices(frame):
            slices.append(each)
            yield each

    monkeypatch.setattr(conn_establish, "parse_in_slices", note)
    frame = encode_envelope(bytes.fromhex(field) * 10_000, b"")
    with pytest.raises(MalformedMessageError, match="more fields than a ConnEstablish has"):
        parse_first(frame)
    assert len(slices) == MAX_SLICES + 1 < len(frame) // SLICE_BYTES


def test_a_first_message_that_is_malformed_is_named_as_any_other() -> None:
    frame = encode_envelope(bytes(5000), b"")
    with pytest.raises(MalformedMessageError, match="field number 0"):
        parse_first(frame)

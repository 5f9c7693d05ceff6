"""ConnEstablish, there and back."""

from base64 import b64decode

import pytest

from gossip.errors import UnexpectedMessageError
from gossip.messages import ConnEstablish, Empty, GossipMessage
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.envelope import parse_envelope
from gossip.wire.hello import encode_hello, parse_hello
from gossip.wire.signed import noop_sign
from tests.support.vectors import load_vectors


def test_hello_is_signed_and_read_again() -> None:
    frame = encode_hello(
        PkiId(b"id"), PeerIdentityType(b"who"), b"hash", probe=True, sign=lambda payload: b"s:" + payload
    )

    signed = parse_envelope(frame)

    assert signed.payload.hex() == "1801" + "7211" + "0a026964" + "120377686f" + "1a0468617368" + "2001"
    assert signed.signature == b"s:" + signed.payload
    assert parse_hello(signed) == ConnEstablish(pki_id=b"id", identity=b"who", tls_cert_hash=b"hash", probe=True)


def test_hello_is_written_as_a_real_peer_writes_it() -> None:
    hellos = [record for record in load_vectors("captures/org1-peer2.jsonl") if record["kind"] == "conn"]
    assert len(hellos) > 1
    for record in hellos:
        frame = b64decode(record["envelope_b64"])
        signed = parse_envelope(frame)
        hello = parse_hello(signed)

        again = encode_hello(
            PkiId(hello.pki_id),
            PeerIdentityType(hello.identity),
            hello.tls_cert_hash,
            probe=hello.probe,
            sign=lambda _, signature=signed.signature: signature,  # type: ignore[misc]  # mypy infers no type for it
        )

        assert again == frame


def test_another_message_is_the_wrong_type() -> None:
    with pytest.raises(UnexpectedMessageError, match="wrong type: CONN is wanted, not EMPTY"):
        parse_hello(noop_sign(GossipMessage(empty=Empty())))

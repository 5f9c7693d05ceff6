"""One line for the log: everything one looks for, nothing that must not be there."""

from base64 import b64decode

import pytest

from gossip.messages import (
    Acknowledgement,
    AliveMessage,
    ConnEstablish,
    DataMessage,
    GossipMessage,
    GossipMessageTag,
    Member,
    Payload,
    PeerTime,
    Secret,
)
from gossip.wire.describe import describe
from gossip.wire.envelope import parse_envelope
from gossip.wire.serialized import encode_serialized_identity
from gossip.wire.signed import noop_sign, sign_message, sign_secret
from tests.support.vectors import Record, load_vectors, names_of

MESSAGES = load_vectors("messages.json")


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_every_message_takes_one_readable_line(record: Record) -> None:
    line = describe(parse_envelope(b64decode(record["envelope_b64"])))

    assert line.isprintable()
    assert f"nonce={record['message_json'].get('nonce', 0)}" in line
    assert f"tag={record['message_json'].get('tag', 'UNDEFINED')}" in line
    assert f"payload {len(record['wire_hex']) // 2} bytes" in line


def test_alive_message() -> None:
    identity = encode_serialized_identity("Org1MSP", b"certificate")
    member = Member(endpoint="peer0:7051", metadata=b"private", pki_id=bytes(range(32)))
    alive = AliveMessage(membership=member, timestamp=PeerTime(inc_num=1, seq_num=2), identity=identity)
    signed = sign_message(GossipMessage(tag=GossipMessageTag(1), alive_msg=alive), lambda _: b"s" * 70)
    signed = sign_secret(signed, Secret(internal_endpoint="inside:7051"), lambda _: b"s" * 71)

    assert describe(signed) == (
        "ALIVE_MSG tag=EMPTY nonce=0 {membership={endpoint='peer0:7051', metadata=7 bytes, "
        f"pki_id={bytes(range(32)).hex()}}}, timestamp={{inc_num=1, seq_num=2}}, identity='Org1MSP' 22 bytes}} "
        "(payload 91 bytes, signature 70 bytes, secret payload 13 bytes, secret signature 71 bytes)"
    )


def test_block_payloads_are_left_out() -> None:
    payload = Payload(seq_num=5, data=b"block", private_data=[b"one", b"two"])
    block = GossipMessage(channel=b"ch\xff", tag=GossipMessageTag.try_value(9), data_msg=DataMessage(payload=payload))

    assert describe(noop_sign(block)).startswith(
        "DATA_MSG tag=9 nonce=0 channel='ch\ufffd' {payload={seq_num=5, data=5 bytes, private_data=[2]}} (payload"
    )


def test_an_identity_that_cannot_be_read_is_told_by_length() -> None:
    conn_establish = ConnEstablish(pki_id=b"\x01" * 40, identity=b"\xff\xff", probe=True)

    assert f"{{pki_id={'01' * 32}…, identity=2 bytes, probe=True}}" in describe(
        noop_sign(GossipMessage(conn=conn_establish))
    )


def test_what_a_peer_wrote_cannot_pass_for_another_line() -> None:
    error = "no\n2026-01-01 INFO all is well\x1b[2J\u202e" + "x" * 1000

    line = describe(noop_sign(GossipMessage(ack=Acknowledgement(error=error))))

    assert line.isprintable()
    assert r"'no\n2026-01-01 INFO all is well\x1b[2J\u202exxx" in line
    assert len(line) < 250

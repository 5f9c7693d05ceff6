"""What the codec reads and writes, case by case, and how it refuses."""

import betterproto
import pytest
from gossip_protos.common import SignaturePolicy, SignaturePolicyNOutOf

from gossip.errors import Fault, InvalidMessageError, MalformedMessageError
from gossip.messages import (
    AliveMessage,
    Chaincode,
    ConnEstablish,
    DataDigest,
    DataMessage,
    DataUpdate,
    Empty,
    Envelope,
    GossipMessage,
    GossipMessageTag,
    LeadershipMessage,
    Member,
    Payload,
    PeerTime,
    Properties,
    Secret,
    StateInfo,
)
from gossip.wire.codec import decode, encode
from gossip.wire.head import scan_head
from tests.support.vectors import Record, load_vectors, names_of

MESSAGES = load_vectors("messages.json")
MALFORMED = [record for record in load_vectors("malformed.json") if record["level"] == "payload"]


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_fabric_s_messages_are_written_again_as_they_came(record: Record) -> None:
    wire = bytes.fromhex(record["wire_hex"])

    scan_head(wire)
    assert encode(decode(GossipMessage, wire)) == wire


@pytest.mark.parametrize("record", MALFORMED, ids=names_of(MALFORMED))
def test_verdict_is_fabric_s(record: Record) -> None:
    data = bytes.fromhex(record["hex"])
    if record["go"]["ok"]:
        scan_head(data)
        assert encode(decode(GossipMessage, data)).hex() == record["go"]["remarshal_hex"]
    else:
        with pytest.raises(MalformedMessageError) as scanned:
            scan_head(data)
        with pytest.raises(MalformedMessageError) as decoded:
            decode(GossipMessage, data)
        assert str(scanned.value) == str(decoded.value)


@pytest.mark.parametrize(
    ("data", "what", "offset", "field"),
    [
        ("08", "truncated in a varint", 1, "GossipMessage.nonce"),
        ("08ffffffffffffffffff02", "varint of more than 64 bits", 1, "GossipMessage.nonce"),
        ("08ffffffffffffffffff8001", "varint of more than 10 bytes", 1, "GossipMessage.nonce"),
        ("8880808080808080808000 01", "varint of more than 10 bytes", 0, "GossipMessage"),
        ("12 8180808080808080808000 61", "varint of more than 10 bytes", 1, "GossipMessage.channel"),
        ("88808080808080808002 01", "varint of more than 64 bits", 0, "GossipMessage"),
        (
            "12 ffffffffffffffffff01 61",
            "truncated: 18446744073709551615 bytes announced, 1 left",
            1,
            "GossipMessage.channel",
        ),
        ("1205 6162", "truncated: 5 bytes announced, 2 left", 1, "GossipMessage.channel"),
        ("6a00 00 01", "field number 0", 2, "GossipMessage"),
        ("8080808010 05", "field number above 2**29 - 1: 536870912", 0, "GossipMessage"),
        ("1001 0e", "wire type 6 does not exist", 2, "GossipMessage.field 1"),
        ("0f", "wire type 7 does not exist", 0, "GossipMessage.field 1"),
        ("7205 0a03 61", "truncated: 5 bytes announced, 3 left", 1, "GossipMessage.conn"),
        ("7203 0a03 61", "truncated: 3 bytes announced, 1 left", 3, "GossipMessage.conn.pki_id"),
        ("2a06 0a04 0a02 61ff", "invalid UTF-8", 7, "GossipMessage.alive_msg.membership.endpoint"),
        ("f401", "end of a group that was not started", 0, "GossipMessage.field 30"),
        ("f301", "truncated: group without an end", 0, "GossipMessage.field 30"),
        ("f301 fc01", "end of another group than the one that is open", 2, "GossipMessage.field 30"),
        ("f301 0001 f401", "field number 0", 2, "GossipMessage.field 30"),
        ("09 01020304", "truncated: 8 bytes announced, 4 left", 1, "GossipMessage.field 1"),
        ("d501 0102", "truncated: 4 bytes announced, 2 left", 2, "GossipMessage.field 26"),
    ],
)
def test_refusal_names_rule_byte_and_field(data: str, what: str, offset: int, field: str) -> None:
    with pytest.raises(MalformedMessageError) as refused:
        decode(GossipMessage, bytes.fromhex(data))

    assert (refused.value.what, refused.value.offset, refused.value.field) == (what, offset, field)
    assert refused.value.fault is Fault.PEER


@pytest.mark.parametrize("data", ["88808080808000 05", "88808080808080808000 05"])
def test_a_key_may_have_ten_bytes(data: str) -> None:
    """As Go takes it, and Google's other implementations do not."""
    assert decode(GossipMessage, bytes.fromhex(data)).nonce == 5
    scan_head(bytes.fromhex(data))


@pytest.mark.parametrize("data", ["12 818080808000 61", "12 81808080808080808000 61"])
def test_a_length_may_have_ten_bytes(data: str) -> None:
    assert decode(GossipMessage, bytes.fromhex(data)).channel == b"a"
    scan_head(bytes.fromhex(data))


def nested_groups(levels: int) -> bytes:
    return b"\xf3\x01" * levels + b"\xf4\x01" * levels


def test_a_hundred_nested_groups_are_read_and_one_more_is_not() -> None:
    assert encode(decode(GossipMessage, nested_groups(100))) == nested_groups(100)

    with pytest.raises(MalformedMessageError, match="nested deeper than 100"):
        decode(GossipMessage, nested_groups(101))


def test_messages_and_groups_count_together() -> None:
    within = encode(GossipMessage(conn=ConnEstablish())).removesuffix(b"\x00") + b"\x8c\x03" + nested_groups(99)
    beyond = encode(GossipMessage(conn=ConnEstablish())).removesuffix(b"\x00") + b"\x90\x03" + nested_groups(100)

    assert encode(decode(GossipMessage, within)) == within
    with pytest.raises(MalformedMessageError, match="nested deeper than 100"):
        scan_head(beyond)


def policy(levels: int) -> SignaturePolicy:
    """That many messages, each in the one before."""
    inner = SignaturePolicy(signed_by=1)
    for _ in range(levels // 2):
        inner = SignaturePolicy(n_out_of=SignaturePolicyNOutOf(rules=[inner]))
    return inner


def test_a_hundred_nested_messages_are_read_and_more_are_not() -> None:
    encoded = encode(policy(100))
    assert encode(decode(SignaturePolicy, encoded)) == encoded

    with pytest.raises(MalformedMessageError, match="nested deeper than 100") as refused:
        decode(SignaturePolicy, encode(policy(102)))
    assert refused.value.field.endswith(".n_out_of")


def test_a_message_that_contains_itself_is_refused() -> None:
    rules = SignaturePolicyNOutOf()
    rules.rules.append(SignaturePolicy(n_out_of=rules))

    with pytest.raises(InvalidMessageError, match="nested too deep"):
        encode(rules)


def test_a_sub_message_in_parts_is_merged() -> None:
    parts = (
        GossipMessage(conn=ConnEstablish(pki_id=b"id")),
        GossipMessage(conn=ConnEstablish(identity=b"who", probe=True)),
    )

    merged = decode(GossipMessage, b"".join(map(encode, parts)))

    assert merged.conn == ConnEstablish(pki_id=b"id", identity=b"who", probe=True)


def test_lists_in_parts_are_joined() -> None:
    parts = GossipMessage(data_dig=DataDigest(digests=[b"a"])), GossipMessage(data_dig=DataDigest(digests=[b"", b"c"]))

    merged = decode(GossipMessage, b"".join(map(encode, parts)))

    assert merged.data_dig.digests == [b"a", b"", b"c"]


def test_another_oneof_member_drops_the_one_before_for_good() -> None:
    first = encode(GossipMessage(conn=ConnEstablish(pki_id=b"first")))
    between = encode(GossipMessage(empty=Empty()))
    last = encode(GossipMessage(conn=ConnEstablish(identity=b"last")))

    message = decode(GossipMessage, first + between + last)

    assert message.conn == ConnEstablish(identity=b"last")
    assert encode(message) == last


@pytest.mark.parametrize("record", MESSAGES, ids=names_of(MESSAGES))
def test_what_was_decoded_serves_betterproto_as_what_it_read_itself(record: Record) -> None:
    wire = bytes.fromhex(record["wire_hex"])
    ours, theirs = decode(GossipMessage, wire), GossipMessage().parse(wire)

    assert ours == theirs
    assert betterproto.which_one_of(ours, "content") == betterproto.which_one_of(theirs, "content")
    assert ours.to_dict(include_default_values=True) == theirs.to_dict(include_default_values=True)
    assert bytes(ours) == bytes(theirs)

    ours.empty = theirs.empty = Empty()
    assert ours == theirs
    assert encode(ours) == encode(theirs)


def test_unknown_fields_are_kept_at_every_level_and_written_last() -> None:
    unknown = bytes.fromhex("d20102 6162")
    data = b"\x72\x0b" + unknown + b"\x0a\x04peer" + unknown + b"\x18\x01"

    again = encode(decode(GossipMessage, data))

    assert again == b"\x18\x01\x72\x0b\x0a\x04peer" + unknown + unknown


@pytest.mark.parametrize(("came", "kept"), [("d080800005", "5005"), ("d2018000", "d2018000")])
def test_an_unknown_field_is_kept_as_it_came_behind_its_shortest_key(came: str, kept: str) -> None:
    """As Go keeps it: it appends the key anew, and the rest as it is."""
    assert encode(decode(GossipMessage, bytes.fromhex(came))).hex() == kept


def test_a_known_field_of_another_wire_type_is_an_unknown_field() -> None:
    data = bytes.fromhex("0a0161 18 02")

    message = decode(GossipMessage, data)

    assert message.nonce == 0
    assert encode(message) == bytes.fromhex("1802 0a0161")


@pytest.mark.parametrize(
    ("varint", "tag"),
    [("ffffffffffffffffff01", -1), ("8280808010", 2), ("80808080 08", -(2**31)), ("07", 7)],
)
def test_enums_are_cut_to_32_bits_and_need_no_name(varint: str, tag: int) -> None:
    assert decode(GossipMessage, b"\x18" + bytes.fromhex(varint)).tag == tag


def test_any_bit_makes_a_bool_true() -> None:
    assert decode(ConnEstablish, bytes.fromhex("208080808010")).probe is True
    assert decode(ConnEstablish, bytes.fromhex("2080808000")).probe is False


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (GossipMessage(alive_msg=AliveMessage()), "2a00"),
        (GossipMessage(alive_msg=AliveMessage(membership=Member(), timestamp=PeerTime())), "2a040a001200"),
        (GossipMessage(empty=Empty()), "6a00"),
        (GossipMessage(data_msg=DataMessage(payload=Payload())), "42020a00"),
        (Secret(internal_endpoint=""), "0a00"),
        (DataUpdate(data=[Envelope(), Envelope()]), "12001200"),
        (DataDigest(digests=[b"", b"x"]), "1200120178"),
        (SignaturePolicy(signed_by=0), "0800"),
        (SignaturePolicy(signed_by=-1), "08ffffffffffffffffff01"),
        (LeadershipMessage(pki_id=b"", is_declaration=False), ""),
        (GossipMessage(tag=GossipMessageTag.try_value(-2)), "18feffffffffffffffff01"),
        (GossipMessage(nonce=2**64 - 1), "08ffffffffffffffffff01"),
    ],
)
def test_what_was_set_is_written_also_when_empty(message: GossipMessage, wire: str) -> None:
    assert encode(message).hex() == wire
    assert encode(decode(type(message), encode(message))).hex() == wire


def test_an_empty_sub_message_set_later_is_written() -> None:
    alive = AliveMessage()
    alive.membership = Member()

    assert encode(alive).hex() == "0a00"


def test_reading_a_message_does_not_change_its_bytes() -> None:
    constructed = AliveMessage(identity=b"me")
    decoded = decode(AliveMessage, encode(constructed))
    for alive in (constructed, decoded):
        assert alive.membership.endpoint == ""
        assert alive.timestamp.inc_num == 0

        assert encode(alive) == b"\x22\x02me"


def test_a_sub_message_made_by_reading_counts_once_it_is_filled() -> None:
    info = StateInfo()
    info.properties.chaincodes.append(Chaincode(name="cc"))
    emptied = StateInfo()
    emptied.properties.ledger_height = 0

    assert encode(info).hex() == "2a061a040a026363"
    assert encode(emptied).hex() == "2a00"


def test_properties_in_a_message_are_not_shared_between_messages() -> None:
    first, second = decode(StateInfo, b""), decode(StateInfo, b"")
    first.properties.chaincodes.append(Chaincode(name="mine"))

    assert second.properties.chaincodes == []
    assert decode(Properties, b"").chaincodes == []


def test_what_was_decoded_counts_as_set_for_betterproto_too() -> None:
    assert betterproto.serialized_on_wire(decode(GossipMessage, b"\x72\x00").conn)

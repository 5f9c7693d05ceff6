"""Which message supersedes which: Fabric's answers, and ours where Fabric panics."""

import pytest

from gossip.messages import DataMessage, GossipMessage, LeadershipMessage, Payload, StateInfo
from gossip.wire.codec import decode, encode
from gossip.wire.comparator import InvalidationResult, compare_messages
from tests.support.vectors import Record, load_vectors, names_of

ALL = load_vectors("comparator.json")
ANSWERED = [record for record in ALL if "result" in record]
PANICS = [record for record in ALL if "go_panics" in record]


def compare(record: Record) -> InvalidationResult:
    this, that = (decode(GossipMessage, bytes.fromhex(record[side])) for side in ("this_hex", "that_hex"))
    before = encode(this), encode(that)
    result = compare_messages(this, that, data_block_storage_size=record["data_block_storage_size"])
    assert (encode(this), encode(that)) == before
    return result


@pytest.mark.parametrize("record", ANSWERED, ids=names_of(ANSWERED))
def test_result_is_fabric_s(record: Record) -> None:
    assert compare(record) is InvalidationResult(record["result"])


@pytest.mark.parametrize("record", PANICS, ids=names_of(PANICS))
def test_where_fabric_panics_both_messages_stay(record: Record) -> None:
    assert compare(record) is InvalidationResult.NO_ACTION


@pytest.mark.parametrize(
    "message",
    [
        GossipMessage(state_info=StateInfo(pki_id=b"same")),
        GossipMessage(leadership_msg=LeadershipMessage(pki_id=b"same")),
    ],
    ids=["state infos", "leadership messages"],
)
def test_without_a_time_both_stay(message: GossipMessage) -> None:
    assert compare_messages(message, message, data_block_storage_size=1) is InvalidationResult.NO_ACTION


@pytest.mark.parametrize(
    ("number", "size", "result"),
    [
        (2, -1, InvalidationResult.NO_ACTION),
        (1, -1, InvalidationResult.INVALIDATED),
        (2**64 - 1, -2, InvalidationResult.NO_ACTION),
        (2**64 - 1, -3, InvalidationResult.INVALIDATES),
    ],
)
def test_a_negative_storage_size_is_a_large_one(number: int, size: int, result: InvalidationResult) -> None:
    """Fabric compares with uint64(dataBlockStorageSize)."""
    this, that = (GossipMessage(data_msg=DataMessage(payload=Payload(seq_num=each))) for each in (number, 1))

    assert compare_messages(this, that, data_block_storage_size=size) is result

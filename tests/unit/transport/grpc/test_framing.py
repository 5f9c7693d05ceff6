"""Messages in and out of the bytes of a stream."""

import sys
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossip.transport.grpc.framing import Inbox, encode_messages

LONG_BYTES = 1024 * 1024
SHORT_BYTES = 1024
LIMIT = 100


def framed(*messages: bytes) -> bytes:
    return b"".join(b"\0" + len(message).to_bytes(4, "big") + message for message in messages)


def feed(inbox: Inbox, data: bytes) -> int:
    return inbox.feed(data, 0, len(data))


@given(st.lists(st.binary(max_size=LIMIT), max_size=10), st.lists(st.integers(1, 60), min_size=1, max_size=50))
def test_messages_come_out_whole_however_they_are_cut(messages: list[bytes], sizes: list[int]) -> None:
    inbox = Inbox(LIMIT)
    body = framed(*messages)
    taken: list[bytes] = []
    completed = position = turn = 0
    while position < len(body):
        stop = min(len(body), position + sizes[turn % len(sizes)])
        around = b"before" + body[position:stop] + b"behind"
        completed += inbox.feed(around, 6, 6 + stop - position)
        taken += inbox.take()
        position, turn = stop, turn + 1
    assert taken == messages
    assert completed == len(messages)
    assert inbox.is_between_messages


@given(st.lists(st.binary(max_size=3000), max_size=20), st.integers(100, 2000))
def test_what_is_encoded_is_framed_and_no_piece_is_empty(messages: list[bytes], burst: int) -> None:
    pieces = list(encode_messages(messages, burst))
    assert b"".join(pieces) == framed(*messages)
    assert all(pieces)


@given(st.lists(st.binary(max_size=1000), max_size=30))
def test_what_is_joined_has_the_size_asked_for_but_for_the_last(messages: list[bytes]) -> None:
    *whole, last = [len(piece) for piece in encode_messages([*messages, b"x"], 1000)]
    assert set(whole) <= {1000}
    assert 0 < last <= 1000


def test_long_message_is_handed_on_without_a_copy() -> None:
    long = bytes(10_000)
    *_, rest = encode_messages([b"x", long], 1000)
    assert isinstance(rest, memoryview)
    assert rest.obj is long


def test_nothing_to_send_is_nothing() -> None:
    assert list(encode_messages([], 1000)) == []
    assert list(encode_messages([b""], 1000)) == [b"\0" * 5]


@pytest.mark.parametrize("rest", [0, 1, 5, 101])
def test_prefix_over_the_limit_stops_it_behind_the_messages_before(rest: int) -> None:
    inbox = Inbox(LIMIT)
    body = framed(b"ok", b"x" * (LIMIT + 1))
    assert feed(inbox, body[: 2 + 5 + 5 + rest]) == 1
    assert inbox.take() == [b"ok"]
    assert (inbox.is_stopped, inbox.oversized_bytes) == (True, LIMIT + 1)
    assert inbox.take() == []


def test_raised_limit_lets_what_was_held_through() -> None:
    inbox = Inbox(LIMIT)
    body = framed(b"x" * (LIMIT + 1), b"after")
    feed(inbox, body[:50])
    feed(inbox, body[50:])
    inbox.limit_bytes = LIMIT + 1
    inbox.resume()
    assert inbox.take() == [b"x" * (LIMIT + 1), b"after"]
    assert not inbox.is_stopped


def test_limit_that_is_still_too_low_changes_nothing() -> None:
    inbox = Inbox(LIMIT)
    feed(inbox, framed(b"x" * (LIMIT + 10)))
    inbox.limit_bytes = LIMIT + 9
    inbox.resume()
    assert (inbox.is_stopped, inbox.oversized_bytes, inbox.take()) == (True, LIMIT + 10, [])


def test_compressed_message_stops_it_for_good() -> None:
    inbox = Inbox(LIMIT)
    feed(inbox, framed(b"ok") + b"\1\0\0\0\2zz" + framed(b"after"))
    inbox.resume()
    assert inbox.take() == [b"ok"]
    assert (inbox.is_stopped, inbox.is_compressed) == (True, True)
    assert feed(inbox, framed(b"more")) == 0
    assert inbox.take() == []


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\0", b"\0\0\0\0\2", b"\0\0\0\0\2x"])
def test_part_of_a_message_is_seen(data: bytes) -> None:
    inbox = Inbox(LIMIT)
    feed(inbox, data)
    assert not inbox.is_between_messages
    inbox.clear()
    assert inbox.is_between_messages


@pytest.mark.parametrize("part_bytes", [1, SHORT_BYTES - 1, SHORT_BYTES, 10_000])
def test_memory_follows_the_bytes_and_not_the_parts(part_bytes: int) -> None:
    inbox = Inbox(1_000_000)
    feed(inbox, b"\0" + (100_000).to_bytes(4, "big"))
    for came_bytes in range(0, 100_000 - part_bytes, part_bytes):
        feed(inbox, b"x" * part_bytes)
        held_bytes = sum(map(sys.getsizeof, inbox._parts))
        assert held_bytes < 1.1 * (came_bytes + part_bytes) + 100
        assert len(inbox._parts) <= came_bytes // SHORT_BYTES + 1
    feed(inbox, b"x" * inbox.missing_bytes)
    assert inbox.take() == [b"x" * 100_000]


def test_parts_are_not_copied_until_the_message_is_whole_or_long() -> None:
    inbox = Inbox(1_000_000)
    parts = [bytes([number]) * 16_000 for number in range(4)]
    feed(inbox, b"\0" + (100_000).to_bytes(4, "big") + b"x" * SHORT_BYTES)
    for part in parts:
        feed(inbox, part)
    assert all(held is part for held, part in zip(inbox._parts[1:], parts, strict=True))


def test_message_that_is_given_up_leaves_those_before_it() -> None:
    inbox = Inbox(1_000_000)
    feed(inbox, framed(b"whole") + b"\0" + (100_000).to_bytes(4, "big") + b"x" * SHORT_BYTES)
    feed(inbox, b"y" * SHORT_BYTES)
    assert inbox.give_up_unfinished() is None, "it was not long"
    assert inbox.take() == [b"whole"]
    assert not inbox.is_between_messages, "its end is not an end in order"


@pytest.mark.parametrize("size", [LONG_BYTES - 1, LONG_BYTES, 3 * LONG_BYTES])
@pytest.mark.parametrize("piece", [9_999, 100_000, LONG_BYTES])
def test_messages_before_and_behind_a_long_one_come_in_order(size: int, piece: int) -> None:
    inbox = Inbox(size)
    long = (bytes(range(256)) * (size // 256 + 1))[:size]
    stream = framed(b"before") + framed(long) + framed(b"behind") + framed(long) + framed(b"last")
    for start in range(0, len(stream), piece):
        feed(inbox, stream[start : start + piece])
    assert inbox.take() == [b"before", long, b"behind", long, b"last"]
    assert (inbox.is_between_messages, inbox.unfinished_bytes) == (True, 0)


@pytest.mark.parametrize("size", [LONG_BYTES - 1, LONG_BYTES])
def test_what_is_long(size: int) -> None:
    inbox = Inbox(size)
    message = framed(bytes(size))
    feed(inbox, message[:-1])
    before = inbox.has_long
    feed(inbox, message[-1:])
    assert (before, inbox.has_long) == (False, size == LONG_BYTES)


def test_a_message_takes_memory_as_it_comes_and_hardly_more_than_its_bytes() -> None:
    size = 40 * LONG_BYTES
    inbox = Inbox(size)
    part = bytes(16_384)
    tracemalloc.start()
    try:
        feed(inbox, b"\0" + size.to_bytes(4, "big") + part)
        announced_bytes, _ = tracemalloc.get_traced_memory()
        for _ in range(size // len(part) - 1):
            feed(inbox, part)
        (message,) = inbox.take()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(message) == size
    assert announced_bytes < 2 * len(part)
    assert peak_bytes < size + 2 * LONG_BYTES


def test_a_long_message_that_is_given_up_is_as_long_as_what_came() -> None:
    inbox = Inbox(8 * LONG_BYTES)
    came = bytes(range(256)) * (2 * LONG_BYTES // 256)
    feed(inbox, b"\0" + (8 * LONG_BYTES).to_bytes(4, "big") + came[:LONG_BYTES])
    feed(inbox, came[LONG_BYTES:])
    memory = inbox.give_up_unfinished()
    assert memory is not None
    assert memory.getvalue() == came
    assert inbox.give_up_unfinished() is None


def test_what_is_too_long_behind_a_long_message_stops_it_afterwards() -> None:
    inbox = Inbox(2 * LONG_BYTES)
    feed(inbox, framed(bytes(2 * LONG_BYTES))[:-1])
    feed(inbox, b"x" + b"\0" + (2 * LONG_BYTES + 1).to_bytes(4, "big"))
    assert [len(message) for message in inbox.take()] == [2 * LONG_BYTES]
    assert (inbox.is_stopped, inbox.oversized_bytes) == (True, 2 * LONG_BYTES + 1)

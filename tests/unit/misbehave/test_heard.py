"""What is kept of the other side's words, and what is dropped."""

import pytest

from gossip.misbehave import frames
from gossip.misbehave.heard import MAX_MESSAGES, MAX_STREAMS, Heard, TooMuchError
from gossip.shown import MAX_SHOWN
from gossip.transport.grpc.headers import CallStatus


def test_messages_are_found_whatever_the_frames() -> None:
    heard = Heard()
    body = frames.message(b"one") + frames.message(b"") + frames.message(b"three")
    for index in range(len(body)):
        heard.data_came(1, body[index : index + 1])
    assert heard.of(1).messages == [b"one", b"", b"three"]
    assert heard.take_messages(1) == [b"one", b"", b"three"]
    assert heard.take_messages(1) == []


def test_no_more_messages_are_kept_in_all_than_some_and_more_once_those_are_taken() -> None:
    heard = Heard()
    heard.data_came(1, frames.message(b"x") * (MAX_MESSAGES - 1))
    heard.data_came(3, frames.message(b"y") * 2)
    assert len(heard.of(1).messages) == MAX_MESSAGES - 1
    assert heard.take_messages(3) == [b"y"]
    heard.data_came(5, frames.message(b"z"))
    assert heard.take_messages(5) == [b"z"]


def test_a_stream_that_is_forgotten_counts_no_longer() -> None:
    heard = Heard()
    for stream_id in range(1, 4 * MAX_STREAMS, 2):
        heard.data_came(stream_id, frames.message(b"whole") + b"half")
        heard.reset_came(stream_id, 8)
        heard.forget(stream_id)
    assert not heard.of(1).is_over
    heard.data_came(1, frames.message(b"still kept"))
    assert heard.take_messages(1) == [b"still kept"]


def test_one_stream_too_many_is_an_error() -> None:
    heard = Heard()
    for stream_id in range(MAX_STREAMS):
        heard.reset_came(stream_id, 8)
    heard.reset_came(0, 8)
    with pytest.raises(TooMuchError, match="speaks of more than 10000 streams"):
        heard.reset_came(MAX_STREAMS, 8)


def test_a_long_reason_is_cut() -> None:
    heard = Heard()
    heard.status_came(1, CallStatus("UNKNOWN", "r" * 60_000))
    assert heard.of(1).status == CallStatus("UNKNOWN", "r" * MAX_SHOWN + "...")

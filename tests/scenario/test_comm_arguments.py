"""Arguments that cannot be used hurt nobody but the call that they were given to."""

import math
from typing import Any

import pytest

from gossip.api.comm import ReceivedMessage
from gossip.api.peer import RemotePeer
from gossip.errors import InvalidArgumentError
from tests.support.peers import data_message, everything, memory_peers, settle
from tests.support.virtual_time import run_virtual

WAITS = [(math.nan, 1), (math.inf, 1), ("3", 1), (None, 1), (3, "1"), (3, None), (3, 1.5)]


@pytest.mark.parametrize(("timeout_s", "min_ack"), WAITS)
def test_a_wait_that_is_no_number_is_refused_and_nothing_is_sent(timeout_s: Any, min_ack: Any) -> None:
    async def main() -> None:
        async with memory_peers("one", "two") as (one, two):
            with two.comm.accept(everything) as messages:
                one.comm.send(data_message(b"first"), two.remote)
                await anext(messages)
                for peers in ((two.remote,), ()):
                    name = "min_ack" if timeout_s == 3 else "timeout_s"
                    with pytest.raises(InvalidArgumentError, match=f"^{name} must be a number of"):
                        await one.comm.send_with_ack(data_message(), timeout_s, min_ack, *peers)
                await settle()
                assert one.comm.is_connected(two.pki_id)
                (result,) = await one.comm.send_with_ack(data_message(b"last"), 1, 1, two.remote)
                assert "timed out after 1 s" in str(result.error), "other waits end when they should"
                assert (await anext(messages)).get_gossip_message().message.data_msg.payload.data == b"last"

    run_virtual(main())


@pytest.mark.parametrize(
    ("endpoint", "pki_id", "text"),
    [
        ("two:7051", "abcd", "pki_id must be bytes, not 'abcd'"),
        ("two:7051", 7, "pki_id must be bytes, not 7"),
        (None, b"ab", "endpoint must be str, not None"),
    ],
)
def test_a_peer_is_named_by_text_and_bytes(endpoint: Any, pki_id: Any, text: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        RemotePeer(endpoint, pki_id)
    assert str(raised.value) == text


def test_an_acceptor_must_not_wait() -> None:
    async def waiting(_: ReceivedMessage) -> bool:
        return True

    async def main() -> None:
        async with memory_peers("one") as (one,):
            with pytest.raises(
                InvalidArgumentError, match=r"^acceptor must not wait, and .*waiting is a coroutine function$"
            ):
                one.comm.accept(waiting)  # type: ignore[arg-type]  # as those write who do not run mypy

    run_virtual(main())

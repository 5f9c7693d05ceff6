"""What an initiator makes of servers that answer out of order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress

import pytest

from gossip.api.peer import RemotePeer
from gossip.comm.handshake.machine import certificate_hash
from gossip.comm.stages import Stage, Stages
from gossip.errors import (
    AckTimeoutError,
    DialError,
    HandshakeError,
    PeerSilentError,
    RefusedByPeerError,
    StreamBrokenError,
    UntrustedIdentityError,
)
from gossip.metrics import Outcome
from gossip.transport.base import Channel, FrameStream
from gossip.transport.memory import MemoryNetwork
from gossip.wire.conn_establish import encode_conn_establish
from tests.support.hanging import Hang, HangingDialer
from tests.support.hmac_crypto import HmacCrypto
from tests.support.peers import MemoryPeer, Stranger, data_message, other_tasks, settle
from tests.support.recorders import RecordingMetrics
from tests.support.virtual_time import run_virtual


class OddServer(Stranger):
    """Answers each stream with given frames, and then waits for the other side."""

    def serve(self, network: MemoryNetwork, frames: Sequence[bytes]) -> None:
        async def answer(stream: FrameStream) -> None:
            await stream.send(frames)
            while await stream.receive():
                pass

        network.listen(self.endpoint, answer, self.leaf)

    def own_conn_establish(self, *, probe: bool = False) -> bytes:
        sign = HmacCrypto(self.identity).sign
        return encode_conn_establish(self.pki_id, self.identity, certificate_hash(self.leaf), probe=probe, sign=sign)


@pytest.mark.parametrize(
    ("probe", "behind", "error", "text"),
    [
        (True, [], HandshakeError, "answered with a probe"),
        (False, [data_message().envelope], HandshakeError, "answered a probe with messages"),
        (False, [], PeerSilentError, "timed out waiting for verdict on our identity"),
    ],
)
def test_a_handshake_with_an_odd_server_fails_and_leaves_nothing(
    probe: bool, behind: list[bytes], error: type[Exception], text: str
) -> None:
    async def main() -> None:
        network, hang = MemoryNetwork(), Hang("nowhere")
        us = MemoryPeer(network, "us", dialer=HangingDialer(network.dialer(b"leaf of us", "us:7051"), hang))
        odd = OddServer(network, "odd")
        odd.serve(network, [odd.own_conn_establish(probe=probe), *behind])
        with pytest.raises(error, match=text):
            await us.comm.handshake(RemotePeer(odd.endpoint))
        assert (len(hang.channels), hang.open_channels) == (1, 0)
        await us.close()
        await settle()
        assert other_tasks() == []

    run_virtual(main())


async def shake_hands(us: MemoryPeer, them: MemoryPeer) -> None:
    await us.comm.handshake(them.remote)


async def send(us: MemoryPeer, them: MemoryPeer) -> None:
    results = await us.comm.send_with_ack(data_message(), 60.0, 1, them.remote)
    raise results[0].error or AssertionError


async def probe(us: MemoryPeer, them: MemoryPeer) -> None:
    await us.comm.probe(them.remote)


async def send_to_who_acknowledges_nothing(us: MemoryPeer, them: MemoryPeer) -> None:
    with suppress(AckTimeoutError):
        await send(us, them)


class Closing(Hang):
    """Breaks the first calls instead, as a server does that closes."""

    def __init__(self, call: str, times: int, *, was_taken: bool = False) -> None:
        super().__init__(call)
        self._times = times
        self._was_taken = was_taken

    async def here(self, call: str) -> None:
        if call == self._call and self._times:
            self._times -= 1
            raise StreamBrokenError("closing", was_taken=self._was_taken)


@pytest.mark.parametrize(
    ("act", "call"),
    [
        (probe, "Channel.ping"),
        (shake_hands, "Channel.ping"),
        (shake_hands, "FrameStream.receive"),
        (send_to_who_acknowledges_nothing, "Channel.ping"),
        (send_to_who_acknowledges_nothing, "FrameStream.receive"),
    ],
)
def test_who_closes_without_taking_the_call_is_dialled_once_more(
    act: Callable[[MemoryPeer, MemoryPeer], Awaitable[None]], call: str
) -> None:
    async def main(closing: Closing, *, reaches: bool) -> int:
        network = MemoryNetwork()
        us = MemoryPeer(network, "us", dialer=HangingDialer(network.dialer(b"leaf of us", "us:7051"), closing))
        them = MemoryPeer(network, "them")
        with nullcontext() if reaches else pytest.raises(StreamBrokenError, match="closing"):
            await act(us, them)
        await us.close()
        await them.close()
        return len(closing.channels)

    assert run_virtual(main(Closing(call, 1), reaches=True)) == 2
    assert run_virtual(main(Closing(call, 9), reaches=False)) == 2
    assert run_virtual(main(Closing(call, 1, was_taken=True), reaches=False)) == 1


class RefusedAfterwards(HangingDialer):
    """Its second dial finds nobody."""

    async def dial(self, endpoint: str, greeting: bytes | None = None) -> Channel:
        if self._hang.channels:
            raise DialError(endpoint, "tcp", "connection refused")
        return await super().dial(endpoint, greeting)


def test_where_the_second_dial_fails_it_is_told_to_have_failed_there() -> None:
    async def main() -> Stage:
        network, stages = MemoryNetwork(), Stages()
        dialer = RefusedAfterwards(network.dialer(b"leaf of us", "us:7051"), Closing("FrameStream.receive", 1))
        us, them = MemoryPeer(network, "us", dialer=dialer), MemoryPeer(network, "them")
        with pytest.raises(DialError, match="connection refused"):
            await us.comm.introduce(them.remote, stages)
        await us.close()
        await them.close()
        return stages.current

    assert run_virtual(main()) is Stage.DIAL


@pytest.mark.parametrize("act", [shake_hands, send])
def test_a_stream_that_does_not_open_is_given_up_after_ten_seconds(
    act: Callable[[MemoryPeer, MemoryPeer], Awaitable[None]],
) -> None:
    """As long as a Fabric peer gives a Handshake; on a connection to send on it would wait without end."""

    async def main() -> None:
        network, hang = MemoryNetwork(), Hang("Channel.open_stream")
        us = MemoryPeer(network, "us", dialer=HangingDialer(network.dialer(b"leaf of us", "us:7051"), hang))
        them = MemoryPeer(network, "them")
        with pytest.raises(PeerSilentError) as caught:
            await act(us, them)
        assert (caught.value.waited_for, asyncio.get_running_loop().time()) == ("stream", 10)
        assert (len(hang.channels), hang.open_channels) == (1, 0)
        await us.close()
        await them.close()

    run_virtual(main())


def test_who_was_proved_is_stored_even_if_it_refuses_us() -> None:
    async def main() -> None:
        network = MemoryNetwork()
        one, two = MemoryPeer(network, "one"), MemoryPeer(network, "two")
        two.crypto.untrusted.add(one.identity)
        with pytest.raises(RefusedByPeerError):
            await one.comm.handshake(two.remote)
        assert one.mapper.get(two.pki_id) == two.identity
        await one.close()
        await two.close()

    run_virtual(main())


def test_handshakes_without_a_connection_are_counted_by_outcome_and_pings_are_not() -> None:
    async def main() -> None:
        network, metrics = MemoryNetwork(), RecordingMetrics()
        one, two = MemoryPeer(network, "one", metrics=metrics), MemoryPeer(network, "two")
        await one.comm.probe(two.remote)
        await one.comm.handshake(two.remote)
        two.crypto.untrusted.add(one.identity)
        with pytest.raises(RefusedByPeerError):
            await one.comm.handshake(two.remote)
        one.crypto.untrusted.add(two.identity)
        with pytest.raises(UntrustedIdentityError):
            await one.comm.handshake(two.remote)
        with pytest.raises(DialError):
            await one.comm.handshake(RemotePeer("nobody:7051"))
        await one.close()
        await two.close()

        expected = [Outcome.PROBED, Outcome.REFUSED, Outcome.REFUSED, Outcome.FAILED]
        assert metrics.handshakes == [(outcome, True) for outcome in expected]

    run_virtual(main())

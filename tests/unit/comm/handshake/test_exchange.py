"""How long one handshake may take, and what its stream may bring."""

import asyncio
from datetime import timedelta

import pytest

from gossip.comm.handshake.exchange import await_verdict, exchange
from gossip.comm.handshake.machine import Handshake, State
from gossip.errors import HandshakeError, IdentityExpiredError, PeerSilentError, RefusedByPeerError, StreamBrokenError
from gossip.wire.conn_establish import encode_conn_establish
from tests.support.connections import QuietStream, stream_pair
from tests.support.hmac_crypto import HmacCrypto, identity_of, pki_id_of
from tests.support.virtual_time import VirtualClock, run_virtual

ALICE, BOB = identity_of("alice"), identity_of("bob")


def begin() -> Handshake:
    return Handshake(HmacCrypto(ALICE), QuietStream.link, b"our hello")


def conn_establish_of_bob(*, probe: bool = False) -> bytes:
    return encode_conn_establish(pki_id_of(BOB), BOB, b"", probe=probe, sign=HmacCrypto(BOB).sign)


def test_both_say_who_they_are_and_what_follows_is_kept() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            await pair.served.send([conn_establish_of_bob(), b"early", b"bird"])
            exchanged = await exchange(pair.stream, begin(), VirtualClock(), 2)
            assert exchanged.info.pki_id == pki_id_of(BOB)
            assert exchanged.early == [b"early", b"bird"]
            assert await pair.served.receive() == [b"our hello"]

    run_virtual(main())


def test_nobody_is_judged_before_its_turn() -> None:
    async def main() -> None:
        turn = asyncio.Event()

        async def wait_turn() -> None:
            await turn.wait()

        async with stream_pair() as pair:
            handshake = begin()
            await pair.served.send([conn_establish_of_bob()])
            exchanging = asyncio.create_task(exchange(pair.stream, handshake, VirtualClock(), 2, wait_turn))
            await asyncio.sleep(10)
            assert handshake.state is State.SENT
            turn.set()
            assert (await exchanging).info.pki_id == pki_id_of(BOB)

    run_virtual(main())


def test_who_says_nothing_is_waited_for_so_long() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            with pytest.raises(PeerSilentError, match="timed out waiting for connection message from") as caught:
                await exchange(pair.stream, begin(), VirtualClock(), 2)
            assert (caught.value.waited_s, asyncio.get_running_loop().time()) == (2, 2)

    run_virtual(main())


def test_who_lets_nothing_through_is_waited_for_no_longer() -> None:
    """A peer that opens no window would hold us for ever."""

    async def main() -> None:
        with pytest.raises(PeerSilentError):
            await exchange(QuietStream(is_stuck=True), begin(), VirtualClock(), 2)
        assert asyncio.get_running_loop().time() == 2

    run_virtual(main())


def test_who_ends_the_stream_in_order_or_not_is_told_apart() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            pair.verdict.set_result(None)
            await asyncio.sleep(0)
            with pytest.raises(StreamBrokenError):
                await exchange(pair.stream, begin(), VirtualClock(), 2)
        async with stream_pair() as pair:
            await pair.stream.end()
            with pytest.raises(HandshakeError, match="ended the stream before its connection message"):
                await exchange(pair.served, begin(), VirtualClock(), 2)
        async with stream_pair() as pair:
            talking = asyncio.create_task(exchange(pair.stream, begin(), VirtualClock(), 2))
            await asyncio.sleep(1)
            pair.verdict.set_exception(StreamBrokenError("no TLS certificate"))
            with pytest.raises(RefusedByPeerError) as caught:
                await talking
            assert (caught.value.grpc_status, caught.value.reason) == ("UNKNOWN", "no TLS certificate")

    run_virtual(main())


def test_the_clock_that_is_handed_in_judges() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            clock, crypto = VirtualClock(), HmacCrypto(ALICE)
            crypto.ends_at[BOB] = clock.now() + timedelta(days=1)
            handshake = Handshake(crypto, QuietStream.link, b"our hello")
            clock.jump(timedelta(days=2))
            await pair.served.send([conn_establish_of_bob()])
            with pytest.raises(IdentityExpiredError):
                await exchange(pair.stream, handshake, clock, 2)
            assert handshake.state is State.REFUSED

    run_virtual(main())


def test_a_verdict_is_the_end_of_the_stream() -> None:
    async def main() -> None:
        async with stream_pair() as pair:
            pair.verdict.set_result(None)
            await await_verdict(pair.stream, 2)
        async with stream_pair() as pair:
            pair.verdict.set_exception(StreamBrokenError("authentication failure"))
            with pytest.raises(RefusedByPeerError, match="authentication failure"):
                await await_verdict(pair.stream, 2)
        async with stream_pair() as pair:
            await pair.served.send([b"message"])
            with pytest.raises(HandshakeError, match="answered a probe with messages"):
                await await_verdict(pair.stream, 2)
        async with stream_pair() as pair:
            with pytest.raises(PeerSilentError, match="verdict on our identity"):
                await await_verdict(pair.stream, 2)

    run_virtual(main())

"""When one send with acknowledgement has enough, and what it says of each peer."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from gossip.api.peer import RemotePeer
from gossip.comm.ackbook import AckBook
from gossip.comm.sending import sending
from gossip.comm.sending.acked_send import AckedSend
from gossip.comm.sending.deadlines import Deadlines
from gossip.errors import AckTimeoutError, ClosedError, NegativeAckError
from gossip.types import PkiId
from gossip.wire.signed import SignedMessage, with_nonce
from tests.support.connections import info_of, quiet_connection
from tests.support.peers import data_message, memory_peers
from tests.support.virtual_time import run_virtual

PEERS = {info_of(name).pki_id: RemotePeer(f"{name}:7051", info_of(name).pki_id) for name in ("ann", "bob", "cid")}
ANN, BOB, CID = PEERS


def send_to_all(min_ack: int, acks: AckBook) -> AckedSend:
    operation = AckedSend(PEERS, min_ack, acks, 7)
    for name in ("ann", "bob", "cid"):
        assert operation.hand_over_nowait(info_of(name).pki_id, quiet_connection(name), b"frame")
    return operation


def test_enough_acknowledgements_leave_out_who_has_not_answered() -> None:
    async def main() -> None:
        acks = AckBook()
        operation = send_to_all(2, acks)
        acks.answer(CID, 7, "")
        acks.answer(ANN, 7, "")
        results = await operation.results(3, Deadlines(asyncio.get_running_loop()))
        assert [(result.peer, result.error) for result in results] == [(PEERS[CID], None), (PEERS[ANN], None)]
        assert asyncio.get_running_loop().time() == 0
        assert len(acks) == 1
        operation.close()
        assert len(acks) == 0

    run_virtual(main())


def test_what_was_answered_or_is_given_up_makes_room_for_others() -> None:
    async def main() -> None:
        acks, bob = AckBook(), quiet_connection("bob", capacity=1)
        ends: list[Callable[[], object]] = [
            lambda: acks.answer(BOB, 7, ""),
            lambda: acks.abandon(BOB, ClosedError("closed")),
            lambda: None,
        ]
        for end in ends:
            operation = AckedSend({BOB: PEERS[BOB]}, 1, acks, 7)
            bob._outbox.clear()
            assert operation.hand_over_nowait(BOB, bob, b"frame")
            bob._outbox.clear()
            assert not AckedSend({BOB: PEERS[BOB]}, 1, acks, 8).hand_over_nowait(BOB, bob, b"frame")
            end()
            operation.close()
            operation.close()
        assert bob._unanswered.take_nowait()
        assert not bob._unanswered.take_nowait(), "each made room once"

    run_virtual(main())


def test_nothing_counts_that_comes_after_enough_is_there() -> None:
    """Mirrors: gossip/comm/ack.go, send, which stops at so many acknowledgements, though others are there as well."""

    async def main() -> None:
        acks = AckBook()
        operation = send_to_all(1, acks)
        acks.answer(CID, 7, "")
        acks.answer(ANN, 7, "")
        acks.answer(BOB, 7, "because reasons")
        results = await operation.results(3, Deadlines(asyncio.get_running_loop()))
        assert [(result.peer, result.error) for result in results] == [(PEERS[CID], None)]
        operation.close()

    run_virtual(main())


def test_a_refusal_does_not_count_towards_enough_and_everybody_is_waited_for() -> None:
    async def main() -> None:
        acks = AckBook()
        operation = send_to_all(2, acks)
        acks.answer(ANN, 7, "")
        acks.answer(BOB, 7, "because reasons")
        results = await operation.results(3, Deadlines(asyncio.get_running_loop()))
        assert asyncio.get_running_loop().time() == 3
        errors = {result.peer: result.error for result in results}
        assert errors[PEERS[ANN]] is None
        assert isinstance(errors[PEERS[BOB]], NegativeAckError)
        assert isinstance(errors[PEERS[CID]], AckTimeoutError)
        assert (results.ack_count(), results.nack_count()) == (1, 2)

    run_virtual(main())


def test_zero_waits_for_every_peer() -> None:
    async def main() -> None:
        acks = AckBook()
        operation = send_to_all(0, acks)
        for pki_id in PEERS:
            asyncio.get_running_loop().call_later(1, acks.answer, pki_id, 7, "")
        assert (await operation.results(3, Deadlines(asyncio.get_running_loop()))).ack_count() == 3
        assert asyncio.get_running_loop().time() == 1

    run_virtual(main())


def test_only_the_first_answer_of_a_peer_counts() -> None:
    async def main() -> None:
        operation = AckedSend({ANN: PEERS[ANN]}, 1, AckBook(), 7)
        operation.settle(ANN, None)
        operation.settle(ANN, ClosedError("later"))
        assert [result.error for result in await operation.results(3, Deadlines(asyncio.get_running_loop()))] == [None]

    run_virtual(main())


def test_two_peers_whose_endpoints_one_identity_answers_for_both_count() -> None:
    async def main() -> None:
        acks = AckBook()
        operation = AckedSend({ANN: PEERS[ANN], BOB: PEERS[BOB]}, 2, acks, 7)
        both = quiet_connection("cid")
        assert operation.hand_over_nowait(ANN, both, b"frame")
        assert operation.hand_over_nowait(BOB, both, b"frame")
        acks.answer(CID, 7, "")
        assert (await operation.results(3, Deadlines(asyncio.get_running_loop()))).ack_count() == 2
        assert len(acks) == 0

    run_virtual(main())


def test_a_full_or_closed_connection_is_not_handed_over_to() -> None:
    async def main() -> None:
        acks = AckBook()
        operation = AckedSend({BOB: PEERS[BOB]}, 1, acks, 7)
        full = quiet_connection(capacity=1)
        full.send_nowait(b"other")
        closed = quiet_connection()
        closed.close()
        assert not operation.hand_over_nowait(BOB, full, b"frame")
        assert not operation.hand_over_nowait(BOB, closed, b"frame")
        with pytest.raises(ClosedError):
            await operation.hand_over(BOB, closed, b"frame")
        assert len(acks) == 0

    run_virtual(main())


def test_waiting_for_room_expects_no_answer_yet() -> None:
    async def main() -> None:
        acks = AckBook()
        operation = AckedSend({BOB: PEERS[BOB]}, 1, acks, 7)
        full = quiet_connection(capacity=1)
        full.send_nowait(b"other")
        waiting = asyncio.create_task(operation.hand_over(PkiId(BOB), full, b"frame"))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert len(acks) == 0

    run_virtual(main())


class Watched(bytes):
    """Bytes that say in ``GONE`` when nobody has them any more."""

    def __del__(self) -> None:
        GONE.append(bytes(self))


GONE: list[bytes] = []


def test_neither_message_nor_frame_is_kept_while_the_answer_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def watched(signed: SignedMessage, nonce: int) -> object:
        return SimpleNamespace(envelope=Watched(with_nonce(signed, nonce).envelope))

    async def main() -> None:
        GONE.clear()
        monkeypatch.setattr(sending, "with_nonce", watched)
        async with memory_peers("one", "two") as (one, two):
            message = data_message(b"hello")
            message._source = Watched(message._source)
            asking = asyncio.create_task(one.comm.send_with_ack(message, 30, 1, two.remote))
            del message
            await asyncio.sleep(10)
            assert len(GONE) == 2
            assert not asking.done()
            assert isinstance((await asking)[0].error, AckTimeoutError)

    run_virtual(main())

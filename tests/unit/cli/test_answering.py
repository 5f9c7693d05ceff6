"""Answering messages: who gets which answer, and what becomes of those who do not take it."""

import asyncio
from dataclasses import dataclass, field
from typing import cast

from gossip.api.comm import Comm, ReceivedMessage
from gossip.api.peer import AuthInfo, ConnectionInfo, RemotePeer
from gossip.cli.answering import Answer, Answering
from gossip.errors import ClosedError
from gossip.messages import Empty, GossipMessage
from gossip.types import PeerIdentityType, PkiId
from gossip.wire.signed import SignedMessage, noop_sign
from tests.support.bounded import run_bounded
from tests.support.peers import settle

ONE, OTHER = PkiId(b"one"), PkiId(b"other")


@dataclass
class Sender:
    """A peer that sent a message, and takes the answer only once it reads."""

    pki_id: PkiId
    reads: asyncio.Event = field(default_factory=asyncio.Event)
    nonce: int = 1
    is_gone: bool = False
    answers: list[str | None] = field(default_factory=list)

    def get_gossip_message(self) -> SignedMessage:
        return noop_sign(GossipMessage(nonce=self.nonce, empty=Empty()))

    def get_connection_info(self) -> ConnectionInfo:
        return ConnectionInfo(self.pki_id, PeerIdentityType(b""), "here:1", AuthInfo(b"", b""))

    async def respond(self, message: GossipMessage) -> None:
        raise AssertionError

    async def ack(self, error: str | None = None) -> None:
        await self.reads.wait()
        if self.is_gone:
            raise ClosedError("gone")
        self.answers.append(error)


class ClosingComm:
    """Closes connections, and can do nothing else."""

    def __init__(self) -> None:
        self.closed: list[PkiId | None] = []

    async def close_conn(self, peer: RemotePeer) -> None:
        self.closed.append(peer.pki_id)


def reading(pki_id: PkiId, *, nonce: int = 1, is_gone: bool = False) -> Sender:
    """A peer that reads."""
    sender = Sender(pki_id, nonce=nonce, is_gone=is_gone)
    sender.reads.set()
    return sender


_message: ReceivedMessage = Sender(ONE)


def answers_with(answer: Answer, *senders: Sender) -> list[PkiId | None]:
    """Answer each sender's message; returns whose connections were closed."""
    comm = ClosingComm()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            answering = Answering(cast("Comm", comm), answer, tasks)  # it has all that is called
            for sender in senders:
                answering.answer(sender)
            await settle()
            for sender in senders:
                sender.reads.set()

    run_bounded(main)
    return comm.closed


def test_a_message_with_a_nonce_is_acknowledged() -> None:
    sender = reading(ONE)
    assert answers_with(Answer(is_wanted=True), sender) == []
    assert sender.answers == [None]


def test_or_refused_with_the_text() -> None:
    sender = reading(ONE)
    answers_with(Answer(is_wanted=True, refusal="full"), sender)
    assert sender.answers == ["full"]


def test_a_message_without_a_nonce_asks_for_no_answer() -> None:
    sender = reading(ONE, nonce=0)
    answers_with(Answer(is_wanted=True), sender)
    assert sender.answers == []


def test_nobody_is_answered_when_that_is_not_wanted() -> None:
    sender = reading(ONE)
    answers_with(Answer(is_wanted=False), sender)
    assert sender.answers == []


def test_a_sender_that_is_gone_is_nothing() -> None:
    gone, there = reading(ONE, is_gone=True), reading(OTHER)
    assert answers_with(Answer(is_wanted=True), gone, there) == []
    assert there.answers == [None]


def test_a_peer_that_does_not_take_its_answers_is_cut_off_and_holds_up_nobody() -> None:
    deaf = [Sender(ONE) for _ in range(1025)]
    there = reading(OTHER)

    assert answers_with(Answer(is_wanted=True), *deaf, there) == [ONE]

    assert there.answers == [None]
    assert deaf[-1].answers == []


def test_whoever_takes_them_may_have_any_number() -> None:
    comm = ClosingComm()

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            answering = Answering(cast("Comm", comm), Answer(is_wanted=True), tasks)  # it has all that is called
            for _ in range(3):
                for _ in range(1024):
                    answering.answer(reading(ONE))
                await settle()

    run_bounded(main)
    assert comm.closed == []

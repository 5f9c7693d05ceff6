"""Answers messages that ask for it, without letting a peer that does not take its answers hold up the others."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from gossip.api.comm import Comm, ReceivedMessage
from gossip.api.peer import RemotePeer
from gossip.errors import ClosedError
from gossip.types import PkiId

MAX_WAITING = 1024
"""Answers that may wait for one peer to read; one more, and its connection is closed. Several bursts fit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether messages that carry a nonce are answered, and with which refusal, if any."""

    is_wanted: bool
    refusal: str | None = None


class Answering:
    """Sends the same answer to every message that asks for one."""

    def __init__(self, comm: Comm, answer: Answer, tasks: asyncio.TaskGroup) -> None:
        self._comm = comm
        self._answer = answer
        self._tasks = tasks
        self._waiting: Counter[PkiId] = Counter()

    def answer(self, message: ReceivedMessage) -> None:
        """Answer in the background."""
        if not self._answer.is_wanted or not message.get_gossip_message().nonce:
            return
        info = message.get_connection_info()
        if self._waiting[info.pki_id] >= MAX_WAITING:
            self._tasks.create_task(self._comm.close_conn(RemotePeer(info.endpoint, info.pki_id)))
            return
        self._waiting[info.pki_id] += 1
        self._tasks.create_task(self._send(message, info.pki_id))

    async def _send(self, message: ReceivedMessage, pki_id: PkiId) -> None:
        try:
            with suppress(ClosedError):
                await message.ack(self._answer.refusal)
        finally:
            self._waiting[pki_id] -= 1
            if not self._waiting[pki_id]:
                del self._waiting[pki_id]

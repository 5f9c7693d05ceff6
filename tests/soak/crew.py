"""The peers of one process, which send acknowledged messages to everybody all the time."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

from gossip import Peer, RemotePeer, open_peer
from gossip.errors import ClosedError, GossipError
from tests.soak.ledger import Ledger
from tests.soak.network import Place
from tests.support.peers import data_message, data_of, everything

ACK_TIMEOUT_S = 3.0
PATIENCE_S = 20.0
PAUSE_S = 0.01
"""Between two messages of one peer: twenty peers share a machine with other work."""


class Member:
    """One peer that is running."""

    def __init__(self, place: Place, root: Path, ledger: Ledger, names: "itertools.count[int]") -> None:
        self.place = place
        self.failures: Counter[str] = Counter()
        self._root = root
        self._ledger = ledger
        self._names = names
        self._stack = AsyncExitStack()
        self._peer: Peer | None = None

    async def open(self) -> None:
        """Listen, and acknowledge what arrives."""
        self._peer = await self._stack.enter_async_context(open_peer(self.place.settings(self._root)))
        tasks = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._stack.push_async_callback(self._peer.stop)  # which ends what the task waits for
        tasks.create_task(self._acknowledge(self._peer))

    async def close(self) -> None:
        """Stop in order."""
        await self._stack.aclose()

    async def greet(self, remotes: Sequence[RemotePeer]) -> list[str]:
        """Send to each in turn, patiently; gives those that did not answer."""
        others = [remote for remote in remotes if remote != self.place.remote]
        return [f"{self.place.remote} to {remote}" for remote in others if not await self.send(remote, PATIENCE_S)]

    async def send(self, remote: RemotePeer, timeout_s: float = ACK_TIMEOUT_S) -> bool:
        """Send one message; returns whether it was acknowledged."""
        assert self._peer is not None
        name = f"{self.place.pki_id[:8]}-{next(self._names)}"
        try:
            (result,) = await self._peer.comm.send_with_ack(data_message(name.encode()), timeout_s, 1, remote)
        except ClosedError:
            return False
        if result.error is not None:
            self.failures[type(result.error).__name__] += 1
            return False
        self._ledger.acknowledged(name)
        return True

    async def send_all_the_time(self, remotes: Sequence[RemotePeer], random: Random) -> None:
        """Send to one after the other until cancelled."""
        while True:
            await self.send(random.choice(remotes))
            await asyncio.sleep(PAUSE_S)

    async def _acknowledge(self, peer: Peer) -> None:
        with peer.comm.accept(everything) as messages:
            async for message in messages:
                self._ledger.delivered(data_of(message).decode())
                try:
                    await message.ack()
                except GossipError as error:
                    self.failures[f"ack: {type(error).__name__}"] += 1


class Crew:
    """The peers of one process, by their number in the network."""

    def __init__(self, places: Sequence[Place], mine: Sequence[int], root: Path, ledger: Ledger, seed: int) -> None:
        self._places = places
        self._mine = mine
        self._root = root
        self._ledger = ledger
        self._random = Random(seed)
        self._names = itertools.count(seed * 1_000_000_000)
        self._members: dict[int, Member] = {}
        self._sending: dict[int, asyncio.Task[None]] = {}
        self.failures: Counter[str] = Counter()

    async def open(self) -> None:
        """Start every peer."""
        for number in self._mine:
            await self._open(number)

    def begin(self) -> None:
        """Let every peer send all the time."""
        for number in self._mine:
            self._begin(number)

    async def restart(self, number: int) -> None:
        """Close one peer in order while others talk to it, and open it again."""
        await self._close(number)
        await self._open(number)
        self._begin(number)

    async def quiet(self) -> None:
        """Send no more; what is under way comes to its end or is given up."""
        for task in self._sending.values():
            task.cancel()
        await asyncio.gather(*self._sending.values(), return_exceptions=True)
        self._sending.clear()

    async def greet(self, numbers: Iterable[int]) -> list[str]:
        """Let each peer send to each of these; gives the pairs that did not come about."""
        remotes = [self._places[number].remote for number in numbers]
        missing = await asyncio.gather(*(member.greet(remotes) for member in self._members.values()))
        return [pair for pairs in missing for pair in pairs]

    async def close(self) -> None:
        """Stop every peer."""
        await self.quiet()
        for number in tuple(self._members):
            await self._close(number)

    async def _open(self, number: int) -> None:
        member = Member(self._places[number], self._root, self._ledger, self._names)
        await member.open()
        self._members[number] = member

    def _begin(self, number: int) -> None:
        member = self._members[number]
        remotes = [place.remote for place in self._places if place is not member.place]
        self._sending[number] = asyncio.create_task(member.send_all_the_time(remotes, self._random))

    async def _close(self, number: int) -> None:
        sending = self._sending.pop(number, None)
        if sending is not None:
            sending.cancel()
            await asyncio.wait([sending])
        member = self._members.pop(number)
        await member.close()
        self.failures += member.failures

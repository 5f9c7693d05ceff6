"""A network of peers that pass rumours on, over links that fail, from one seed: what happens follows from it alone.

A rumour that is new to a peer is pushed to some of its neighbours. Once an hour each peer tells one neighbour what it
knows and is answered with what it does not, so that everybody hears everything in the end.
"""

import asyncio
import hashlib
import logging
import random
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from gossip.api.comm import ReceivedMessage, Subscription
from gossip.errors import ClosedError
from gossip.transport.memory import MemoryNetwork
from gossip.types import PkiId
from gossip.wire.envelope import parse_envelope
from tests.support.peers import MemoryPeer, data_message, everything
from tests.support.virtual_time import VirtualClock, run_virtual

HOUR_S = 3600.0
RUMOUR_BYTES = 4
FANOUT = 3
RUMOUR, KNOWN = b"R", b"K"


make_message = cache(data_message)
"""Many peers say the same, and building a message is most of what saying it costs."""


@cache
def read_envelope(envelope: bytes) -> bytes:
    """What the data message in an envelope carries."""
    data: bytes = parse_envelope(envelope).message.data_msg.payload.data
    return data


@dataclass(frozen=True)
class Plan:
    """What is played. Links fail in all hours but the last ``calm_hours``."""

    seed: int
    peers: int = 1000
    links_per_peer: int = 3
    hours: int = 24
    calm_hours: int = 8
    rumours: int = 12
    faults: int = 600


@dataclass(frozen=True)
class Outcome:
    """What came of it: a line for each event, and who never heard of a rumour."""

    log: list[str]
    unaware: list[str]
    links_that_failed: frozenset[frozenset[str]]
    deaths: list[frozenset[str]]

    @property
    def digest(self) -> str:
        """Equal for equal logs."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()


class Node:
    """One peer, its neighbours, and what it heard."""

    def __init__(self, epidemic: "Epidemic", number: int) -> None:
        self.name = f"peer{number:04}"
        self.peer = MemoryPeer(epidemic.network, self.name, clock=epidemic.clock)
        self.neighbours: list[Node] = []
        self.known: set[bytes] = set()
        self._epidemic = epidemic
        self._rng = random.Random(f"{epidemic.plan.seed} {number}")

    def start(self) -> list[asyncio.Task[None]]:
        """Begin to listen to others."""
        incoming, dead = self.peer.comm.accept(everything), self.peer.comm.presumed_dead()
        asyncio.get_running_loop().call_later(self._rng.uniform(0, HOUR_S), self._compare_notes)
        return [asyncio.create_task(self._read(incoming)), asyncio.create_task(self._mourn(dead))]

    def learn(self, rumours: list[bytes], origin: str) -> None:
        """Take rumours in, and push those that are new to some neighbours."""
        new = [rumour for rumour in rumours if rumour not in self.known]
        if not new:
            return
        self.known.update(new)
        for rumour in new:
            self._epidemic.note(f"{self.name} hears {rumour.hex()} from {origin}")
        chosen = self._rng.sample(self.neighbours, min(FANOUT, len(self.neighbours)))
        message = make_message(RUMOUR + b"".join(new))
        self.peer.comm.send(message, *(neighbour.peer.remote for neighbour in chosen))

    async def _read(self, incoming: Subscription[ReceivedMessage]) -> None:
        async for message in incoming:
            data = read_envelope(message.get_gossip_message().envelope)
            rumours = [data[at : at + RUMOUR_BYTES] for at in range(1, len(data), RUMOUR_BYTES)]
            if data[:1] == RUMOUR:
                self.learn(rumours, message.get_connection_info().endpoint)
            elif missing := sorted(self.known - set(rumours)):
                with suppress(ClosedError):
                    await message.respond(make_message(RUMOUR + b"".join(missing)).message)

    async def _mourn(self, dead: Subscription[PkiId]) -> None:
        async for pki_id in dead:
            self._epidemic.bury(self, pki_id)

    def _compare_notes(self) -> None:
        if self._epidemic.is_over:
            return
        asyncio.get_running_loop().call_later(HOUR_S, self._compare_notes)
        message = make_message(KNOWN + b"".join(sorted(self.known)))
        self.peer.comm.send(message, self._rng.choice(self.neighbours).peer.remote)


class Epidemic:
    """Plays one plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.network = MemoryNetwork()
        self.clock = VirtualClock()
        self.is_over = False
        self._rng = random.Random(plan.seed)
        self._log: list[str] = []
        self._deaths: list[frozenset[str]] = []
        self._failed: set[frozenset[str]] = set()
        self._nodes = [Node(self, number) for number in range(plan.peers)]
        self._by_pki_id = {node.peer.pki_id: node for node in self._nodes}
        self._links = self._connect()

    async def play(self) -> Outcome:
        """Let the hours pass, and end everything."""
        plan, loop = self.plan, asyncio.get_running_loop()
        tasks = [task for node in self._nodes for task in node.start()]
        stormy_s = (plan.hours - plan.calm_hours) * HOUR_S
        rumours = [number.to_bytes(RUMOUR_BYTES) for number in range(plan.rumours)]
        for rumour in rumours:
            loop.call_later(self._rng.uniform(0, stormy_s), self._rng.choice(self._nodes).learn, [rumour], "itself")
        for _ in range(plan.faults):
            loop.call_later(self._rng.uniform(0, stormy_s), self._fail_a_link, stormy_s)
        await asyncio.sleep(plan.hours * HOUR_S)
        self.is_over = True
        for node in self._nodes:
            await node.peer.close()
        await asyncio.gather(*tasks)
        unaware = [node.name for node in self._nodes if node.known != set(rumours)]
        return Outcome(self._log, unaware, frozenset(self._failed), self._deaths)

    def note(self, event: str) -> None:
        """Write down what happens now."""
        self._log.append(f"{asyncio.get_running_loop().time():.6f} {event}")

    def bury(self, node: Node, pki_id: PkiId) -> None:
        """Note whom a peer presumes dead, unless everybody is stopping."""
        if not self.is_over:
            other = self._by_pki_id[pki_id]
            self.note(f"{node.name} presumes {other.name} dead")
            self._deaths.append(frozenset((node.peer.endpoint, other.peer.endpoint)))

    def _connect(self) -> list[tuple[str, str]]:
        links: list[tuple[str, str]] = []
        for at, node in enumerate(self._nodes):
            ring = [self._nodes[at - 1]]  # nobody is alone
            others = self._rng.sample(self._nodes, min(self.plan.links_per_peer, len(self._nodes)))
            for other in ring + others:
                if other is not node and other not in node.neighbours:
                    node.neighbours.append(other)
                    other.neighbours.append(node)
                    links.append((node.peer.endpoint, other.peer.endpoint))
        return links

    def _fail_a_link(self, latest_s: float) -> None:
        one, other = self._rng.choice(self._links)
        self._failed.add(frozenset((one, other)))
        loop = asyncio.get_running_loop()
        if self._rng.random() < 0.6:
            self.note(f"{one} to {other} is cut")
            self.network.cut(one, other)
        else:
            delay_s = self._rng.uniform(0.01, 3)
            self.note(f"{one} to {other} takes {delay_s:.6f} s")
            self.network.delay(one, other, delay_s)
        mended_at_s = min(loop.time() + self._rng.uniform(60, 3 * HOUR_S), latest_s)
        loop.call_at(mended_at_s, self._mend, one, other)

    def _mend(self, one: str, other: str) -> None:
        self.note(f"{one} to {other} is restored")
        self.network.restore(one, other)


def play(plan: Plan) -> Outcome:
    """Play a plan in virtual time; nothing but the plan decides what happens."""

    async def main() -> Outcome:
        outcome = await Epidemic(plan).play()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return outcome

    logger = logging.getLogger("gossip")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # each cut link is warned of, by both sides
    try:
        return run_virtual(main())
    finally:
        logger.setLevel(level)

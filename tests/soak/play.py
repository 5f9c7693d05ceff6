"""The soak itself: starts the processes, kills and restarts at random, and judges what came of it."""

import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from tests.soak.ledger import read_ledgers
from tests.soak.network import PEERS_EACH, PROCESSES, Place, make_network

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass
class Outcome:
    """What a soak found."""

    seed: int
    delivered: int = 0
    acknowledged: int = 0
    killed: int = 0
    restarted: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    complaints: str = ""

    @property
    def faults(self) -> list[str]:
        """Everything that must not be."""
        named = {"lost": self.lost, "delivered twice": self.doubled, "not reached": self.missing, "leaked": self.leaks}
        faults = [f"{what}: {each}" for what, all_of_it in named.items() for each in all_of_it[:5]]
        return faults + ([f"logged: {self.complaints}"] if self.complaints else [])


class Process:
    """One of the four, in whatever incarnation."""

    def __init__(self, number: int, places: list[Place], folder: Path) -> None:
        self._number = number
        self._mine = list(range(number * PEERS_EACH, (number + 1) * PEERS_EACH))
        self._places = places
        self._folder = folder
        self._incarnation = 0
        self._errors = folder / f"{number}.log"
        self._running: asyncio.subprocess.Process | None = None

    @property
    def _process(self) -> asyncio.subprocess.Process:
        assert self._running is not None
        return self._running

    async def start(self) -> None:
        """Start it, and wait until its peers listen."""
        self._incarnation += 1
        seed = self._number * 1000 + self._incarnation
        with self._errors.open("ab") as errors:
            self._running = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.soak.process"),
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        first = {
            "places": [asdict(place) for place in self._places],
            "mine": self._mine,
            "root": str(self._folder / "peerOrganizations"),
            "ledger": str(self._folder / f"{seed}.ledger"),
            "seed": seed,
        }
        await self.tell(first)

    async def kill(self) -> None:
        """Kill it with SIGKILL, in the middle of whatever it does."""
        self._process.kill()
        await self._process.wait()

    async def kill_if_alive(self) -> None:
        """Leave nothing behind, however the soak ended."""
        if self._running is not None and self._running.returncode is None:
            await self.kill()

    async def restart_one(self, random: Random) -> None:
        """Let one of its peers stop and start."""
        await self.tell({"do": "restart", "peer": random.choice(self._mine)})

    async def tell(self, order: dict[str, object]) -> dict[str, object]:
        """Give an order and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, f"process {self._number} ended at {order}: {self._errors.read_text()}"
        answer: dict[str, object] = json.loads(line)
        return answer

    async def end(self, outcome: Outcome, allowed_growth_bytes: int) -> None:
        """Let it close its peers, and compare what it holds with what it held."""
        answer = await self.tell({"do": "end"})
        before, after = answer["before"], answer["after"]
        assert isinstance(before, dict)
        assert isinstance(after, dict)
        assert isinstance(answer["failures"], dict)
        outcome.failures += Counter(answer["failures"])
        for what, count in after.items():
            allowed = allowed_growth_bytes if what == "memory_bytes" else 0
            if count > before[what] + allowed:
                outcome.leaks.append(f"process {self._number}: {what} from {before[what]} to {count}")
        assert await self._process.wait() == 0, self._errors.read_text()
        outcome.complaints += self._errors.read_text()


async def soak(seconds: float, seed: int, folder: Path, *, allowed_growth_bytes: int) -> Outcome:
    """Run for ``seconds``, and then until everything is told.

    Args:
        seconds: How long peers are killed and restarted.
        seed: Decides who and when; timing on the machine does the rest.
        folder: Takes certificates, ledgers and logs.
        allowed_growth_bytes: How much more memory each process may have at its end.
    """
    random = Random(seed)
    outcome = Outcome(seed)
    places = make_network(folder, random)
    processes = [Process(number, places, folder) for number in range(PROCESSES)]
    try:
        await asyncio.gather(*(process.start() for process in processes))
        await asyncio.gather(*(process.tell({"do": "begin"}) for process in processes))
        await _disturb(processes, time.monotonic() + seconds, random, outcome)
        await asyncio.gather(*(process.tell({"do": "quiet"}) for process in processes))
        for process in processes:
            missing = (await process.tell({"do": "greet"}))["missing"]
            assert isinstance(missing, list)
            outcome.missing += missing
        for process in processes:
            await process.end(outcome, allowed_growth_bytes)
    finally:
        for process in processes:
            await process.kill_if_alive()
    delivered, acknowledged = read_ledgers(folder)
    outcome.delivered, outcome.acknowledged = len(delivered), len(acknowledged)
    counted = Counter(delivered)
    outcome.lost = sorted(set(acknowledged) - counted.keys())
    outcome.doubled = sorted(name for name, times in counted.items() if times > 1)
    return outcome


async def _disturb(processes: list[Process], until_s: float, random: Random, outcome: Outcome) -> None:
    for kills in itertools.cycle((False, True, False, False)):
        if time.monotonic() > until_s:
            return
        await asyncio.sleep(random.uniform(0.2, 1.0))
        process = random.choice(processes)
        if kills:
            await process.kill()
            await process.start()
            await process.tell({"do": "begin"})
            outcome.killed += 1
        else:
            await process.restart_one(random)
            outcome.restarted += 1

"""One attack: before, during and after."""

import math
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bench.sides import Side
from gossip.misbehave.ending import End, Ending
from gossip.misbehave.fault import Fault
from gossip.misbehave.run import Storm
from robustness import parts
from robustness.strength import strength_of

CALM_S = 1.0
SETTLE_S = 25.0
SAMPLE_S = 0.02
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """What an attack did.

    Memory is resident, in MiB over that before it; ``p99`` are the honest peer's acknowledged round trips in ms.
    """

    fault: Fault
    connections: int
    attempts: int
    outcome: str
    is_right: bool
    first_took_s: float
    calm_p99_ms: float
    p99_ms: float
    peak_mib: float
    left_mib: float
    left_files: int
    left_tasks: int
    identities: int
    cut: dict[str, int]
    log_lines: int


class Arena:
    """The three processes; who attacks and who is honest live until the end, the attacked peer too."""

    def __init__(self, folder: Path, victim: Side, honest: Side, attacker: Side) -> None:
        self._folder, self._victim, self._honest, self._attacker = folder, victim, honest, attacker
        self._endpoint, pki_id, self._pid = victim.call(parts.serve, folder)
        honest.call(parts.befriend, folder, self._endpoint, pki_id)
        honest.call(parts.talk, 2.0)
        attacker.call(parts.be_nice)

    def measure(self, fault: Fault) -> Measured:
        """Attack once, at full strength."""
        strength = strength_of(fault)
        calm = self._honest.call(parts.talk, CALM_S)
        before = self._victim.call(parts.look)
        memory, files = self._memory_bytes(), self._files()
        work = (self._folder, self._endpoint, fault.name, strength.attackers, strength.duration_s, strength.amount)
        self._attacker.ask(parts.attack, *work)
        self._honest.ask(parts.talk, strength.duration_s)
        peak = self._watch(strength.duration_s)
        during = self._honest.answer()
        while not self._attacker.has_answered():
            self._honest.call(parts.talk, 0.1)
        storm = self._attacker.answer()
        after = self._settle(before)
        return Measured(
            fault=fault,
            connections=strength.attackers * strength.connections_each,
            attempts=storm.attempts,
            outcome=self._outcome_of(storm),
            is_right=went_right(fault, set(storm.endings)),
            first_took_s=storm.first_took_s or 0.0,
            calm_p99_ms=_p99_ms(calm),
            p99_ms=_p99_ms(during),
            peak_mib=(max(peak, self._memory_bytes()) - memory) / MIB,
            left_mib=(self._memory_bytes() - memory) / MIB,
            left_files=self._files() - files,
            left_tasks=after.tasks - before.tasks,
            identities=after.identities,
            cut={name: count - before.cut.get(name, 0) for name, count in after.cut.items()},
            log_lines=after.log_lines - before.log_lines,
        )

    def _watch(self, duration_s: float) -> int:
        peak = 0
        ends_at_s = time.monotonic() + duration_s
        while time.monotonic() < ends_at_s:
            peak = max(peak, self._memory_bytes())
            time.sleep(SAMPLE_S)
        return peak

    @staticmethod
    def _outcome_of(storm: Storm) -> str:
        """The most frequent endings, each once."""
        kinds = Counter[str]()
        for ending, times in storm.endings.items():
            kinds[f"{ending.end} {ending.code}".strip()] += times
        return ", ".join(kind for kind, _ in kinds.most_common(2))

    def _settle(self, before: parts.State) -> parts.State:
        gives_up_at_s = time.monotonic() + SETTLE_S
        while True:
            state = self._victim.call(parts.look)
            is_settled = state.connections <= before.connections and state.tasks <= before.tasks
            if is_settled or time.monotonic() > gives_up_at_s:
                return state
            self._honest.call(parts.talk, 0.1)  # who says nothing for long is cut off

    def _memory_bytes(self) -> int:
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the attacked peer is gone")

    def _files(self) -> int:
        return len(list(Path(f"/proc/{self._pid}/fd").iterdir()))


def went_right(fault: Fault, endings: set[Ending]) -> bool:
    """Whether every attempt ended as it should, or as it may while others are under way.

    Where that is a cut, the limits may refuse a connection as well; but not every one: then it did not run. Where it is
    an alert, whoever waits for it longer than TLS may take is cut; but somebody got it.
    """
    as_expected = {ending for ending in endings if fault.expected.covers(ending)}
    others = {ending.end for ending in endings - as_expected}
    may_be = {End.CUT: {End.UNREACHABLE}, End.ALERT: {End.CUT}}.get(fault.expected.end, set())
    return not others or (bool(as_expected) and others <= may_be)


def _p99_ms(took_s: list[float]) -> float:
    if len(took_s) < 2 or math.inf in took_s:
        return math.inf
    return 1000 * statistics.quantiles(took_s, n=100, method="inclusive")[98]

"""Lets faults happen: one, or many at once for a while."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gossip.errors import DialError
from gossip.misbehave.attacker import Attacker
from gossip.misbehave.ending import End, Ending
from gossip.misbehave.fault import Fault
from gossip.misbehave.session import NotServedError

FAULT_S = 30.0
REPETITION_S = 0.02
"""What a fault takes by itself at most, and each of its repetitions."""
MAX_KINDS = 1000
"""How many different endings are counted apart: the other side may use other words each time."""


async def misbehave(attacker: Attacker, fault: Fault) -> Ending:
    """Let one fault happen, and tell how it ended: with nothing, where it takes longer than it and our patience can.

    Raises:
        DialError: Nothing listens, or TLS fails.
        ConfigurationError: The fault needs a CA that we do not have.

    Cancellation: its connections are cut.
    """
    try:
        async with asyncio.timeout(attacker.patience_s + FAULT_S + attacker.amount * REPETITION_S):
            return await fault.run(attacker)
    except NotServedError as error:
        return error.ending
    except TimeoutError:
        return Ending(End.NOTHING)


async def together(attacker: Attacker, fault: Fault, *, connections: int) -> Counter[Ending]:
    """Let a fault happen once on each of so many connections at once, and count how they ended.

    Raises:
        DialError, ConfigurationError: As above.

    Cancellation: every connection is cut.
    """
    return Counter(await asyncio.gather(*[misbehave(attacker, fault) for _ in range(connections)]))


@dataclass(slots=True)
class Storm:
    """What became of many attempts.

    Attributes:
        endings: How many ended in which way; those that could not connect are UNREACHABLE.
        first_took_s: How long the first took that could connect.
        refusal: Why the last one could not connect that could not.
    """

    endings: Counter[Ending] = field(default_factory=Counter)
    first_took_s: float | None = None
    refusal: DialError | None = None

    @property
    def attempts(self) -> int:
        """How many came to an end."""
        return self.endings.total()

    def count(self, ending: Ending, expected: Ending) -> None:
        """Count one, beyond :data:`MAX_KINDS` as what it is an instance of."""
        if ending not in self.endings and len(self.endings) >= MAX_KINDS:
            ending = expected if expected.covers(ending) else Ending(ending.end)
        self.endings[ending] += 1

    def check_connected(self) -> None:
        """Return when one attempt at least could connect.

        Raises:
            DialError: None could; that of the last one.
        """
        if self.first_took_s is None and self.refusal is not None:
            raise self.refusal


async def storm(attackers: Sequence[Attacker], fault: Fault, *, duration_s: float) -> Storm:
    """Let a fault happen, each attacker beside the others, again and again for so many seconds.

    The attempts under way at the end are broken off, unless none that could connect has ended yet: how the first one
    ends is waited for.

    Raises:
        ConfigurationError: The fault needs a CA that we do not have.

    Cancellation: every connection is cut.
    """
    outcome = Storm()
    loop = asyncio.get_running_loop()
    started_at_s = loop.time()

    async def attempt(attacker: Attacker) -> None:
        try:
            ending = await misbehave(attacker, fault)
        except DialError as error:
            outcome.refusal = error
            ending = Ending(End.UNREACHABLE, error.stage, error.text)
            await asyncio.sleep(0.01)  # a port that is closed must not be asked in a tight loop
        else:
            outcome.first_took_s = outcome.first_took_s or loop.time() - started_at_s
        outcome.count(ending, fault.expected)

    async def repeat(attacker: Attacker) -> None:
        await attempt(attacker)
        while loop.time() < started_at_s + duration_s:
            await attempt(attacker)

    async with asyncio.TaskGroup() as group:
        under_way = {group.create_task(repeat(attacker)) for attacker in attackers}
        await asyncio.sleep(duration_s)
        while under_way and outcome.first_took_s is None:
            _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in under_way:
            task.cancel()
    return outcome

"""What is fuzzed: something that takes random cases, and knows what must hold for each."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Protocol


class Target(Protocol):
    """One thing that is fuzzed."""

    def try_one(self, random: Random) -> str:
        """Make a case, try it, and say in a word what came of it.

        Raises:
            AssertionError: Something did not hold; the text holds the case.
            Exception: Whatever the code under test should not have raised.
        """
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass
class FoundError(Exception):
    """A case that failed; seed and number make it again."""

    name: str
    seed: int
    case: int

    def __str__(self) -> str:
        return f"{self.name}: case {self.case} of seed {self.seed} failed"


def run_cases(name: str, target: Target, count: int, seed: int) -> Counter[str]:
    """Try ``count`` cases; returns how often each outcome came.

    Raises:
        FoundError: The first one that failed, with its cause.
    """
    outcomes: Counter[str] = Counter()
    for case in range(count):
        try:
            outcomes[target.try_one(Random(f"{name} {seed} {case}"))] += 1
        except Exception as error:
            raise FoundError(name, seed, case) from error
    return outcomes

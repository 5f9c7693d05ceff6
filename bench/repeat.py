"""How long a small piece of work takes: the best of several runs, in CPU time."""

import time
from collections.abc import Callable

RUNS = 5
RUN_S = 0.01


def best_us(work: Callable[[], object]) -> float:
    """Microseconds of one call."""
    count = 1
    while (took_s := _run_s(work, count)) < RUN_S:
        count = max(2 * count, int(count * RUN_S / max(took_s, 1e-6)))
    return min(_run_s(work, count) for _ in range(RUNS)) / count * 1e6


def _run_s(work: Callable[[], object], count: int) -> float:
    started_s = time.process_time()
    for _ in range(count):
        work()
    return time.process_time() - started_s

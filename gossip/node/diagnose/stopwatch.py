"""Times stages into the evidence."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence


@contextmanager
def timing(evidence: Evidence, stage: Stage) -> Iterator[None]:
    """Note how long the block took, also where it fails."""
    since_s = time.perf_counter()
    try:
        yield
    finally:
        evidence.took_s[stage] = time.perf_counter() - since_s

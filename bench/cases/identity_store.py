"""What stored identities hold in memory, and what storing one costs."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import many_identities
from bench.figures import Figure
from bench.material import Material
from bench.sides import Side

CASE = "identity store"
PEERS = 1
ROUNDS = 1
IDENTITIES = 10_000


def measure(_material: Material) -> Iterator[Figure]:
    """Made by one process, judged and stored by another."""
    with TemporaryDirectory(prefix="gossip-bench-") as folder, Side() as maker, Side() as holder:
        maker.call(many_identities.make, Path(folder), IDENTITIES, datetime.now(UTC))
        before_bytes, after_bytes, put_us = holder.call(many_identities.hold, Path(folder))
        each = (after_bytes - before_bytes) / IDENTITIES
        values = {"MB": after_bytes / 1e6, "kB each": each / 1e3, "put CPU us": put_us}
        yield Figure(CASE, f"{IDENTITIES:,} identities", "ours", values)

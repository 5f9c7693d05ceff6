"""How long it takes until a program that uses this can begin."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.material import Material

CASE = "start-up"
PEERS = 1
ROUNDS = 7
GOSSIP = str(Path(sys.executable).parent / "gossip")
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "import gossip": (sys.executable, "-c", "import gossip"),
    "import gossip.node.peer": (sys.executable, "-c", "import gossip.node.peer"),
    "import grpc.aio": (sys.executable, "-c", "import grpc.aio"),
    "gossip --help": (GOSSIP, "--help"),
}


def measure(_material: Material) -> Iterator[Figure]:
    """One start of each."""
    for name, command in COMMANDS.items():
        started_s = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)  # noqa: S603 -- ours
        yield Figure(
            CASE, name, "ours" if "gossip" in name else "beside it", {"ms": (time.perf_counter() - started_s) * 1e3}
        )

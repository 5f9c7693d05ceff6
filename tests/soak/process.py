"""One of the soak's processes: `python -m tests.soak.process`, which obeys lines of JSON on standard input.

The first line says which peers it has. Each further one is an order, answered by one line on standard output.
"""

import asyncio
import gc
import json
import logging
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.soak.crew import Crew
from tests.soak.ledger import Ledger
from tests.soak.network import Place


@dataclass(frozen=True)
class Holdings:
    """What a process holds while it has no peers."""

    files: int
    tasks: int
    objects: int
    memory_bytes: int


def holdings() -> Holdings:
    """Count open files, tasks, objects of our own classes and resident memory."""
    gc.collect()
    objects = sum(str(type(each).__module__).startswith(("gossip.", "grpclib.", "h2.")) for each in gc.get_objects())
    resident_pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Holdings(
        files=len(tuple(Path("/proc/self/fd").iterdir())),
        tasks=len(asyncio.all_tasks()),
        objects=objects,
        memory_bytes=resident_pages * os.sysconf("SC_PAGE_SIZE"),
    )


def say(**facts: object) -> None:
    """Answer."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Obey until told to end."""
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    first = json.loads(await orders.readline())
    places = [Place(**place) for place in first["places"]]
    ledger = Ledger(Path(first["ledger"]))
    crew = Crew(places, first["mine"], Path(first["root"]), ledger, first["seed"])
    # Opened and closed once, so that what is loaded and cached for good is not taken for a leak.
    await crew.open()
    await crew.greet(first["mine"])
    await crew.close()
    before = holdings()
    await crew.open()
    say(ready=True)
    while line := await orders.readline():
        order = json.loads(line)
        match order["do"]:
            case "begin":
                crew.begin()
                say(ok=True)
            case "restart":
                await crew.restart(order["peer"])
                say(ok=True)
            case "quiet":
                await crew.quiet()
                say(ok=True)
            case "greet":
                say(missing=await crew.greet(range(len(places))))
            case "end":
                await crew.close()
                say(before=asdict(before), after=asdict(holdings()), failures=dict(crew.failures))
                return


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(main())

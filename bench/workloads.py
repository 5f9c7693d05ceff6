"""Fixed pieces of work whose cost is kept on record; ``python -m bench.workloads`` counts each and prints JSON.

Under valgrind's callgrind it counts instructions, otherwise it takes the best CPU time of several runs.
"""

import asyncio
import gc
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bench.contenders.base import Meter
from bench.contenders.ours import OurClient, Ours
from bench.material import Material, throw_away_material
from bench.sample_messages import sample_messages
from bench.traffic import data_message
from gossip import turns
from gossip.messages import GossipMessage
from gossip.node.organizations import load_organizations
from gossip.transport.grpc import frame_reader
from gossip.transport.tls import courteous_thread
from gossip.transport.tls import threads as tls_threads
from gossip.wire.codec import decode, encode
from gossip.wire.envelope import parse_at_once
from gossip.wire.envelope_bytes import encode_envelope

MESSAGES = 1000
ACKS = 200
TIMES = 20
HANDSHAKES = 5
AT_ONCE = 10
LIMIT_S = 100.0
CPU_RUNS = 15
SLOWER = 50
"""Callgrind makes us so much slower, and not what we compare with clocks: more would be counted than happens."""
DUMPS = "GOSSIP_BENCH_DUMPS"
"""Names callgrind's output file, when this process runs under it."""

Work = Callable[[], None]


def main() -> None:
    """Count every workload once, after a first run that fills caches."""
    dumps = os.environ.get(DUMPS)
    count = Callgrind(Path(dumps)).count if dumps else cpu_us
    if dumps:
        turns.AT_ONCE_S *= SLOWER
        turns.ALONE_S *= SLOWER
        frame_reader.OTHERS_AT_ONCE_S *= SLOWER
        courteous_thread.EAGER_S *= SLOWER
        tls_threads.LONG_S *= SLOWER
    gc.disable()  # when a full collection comes is chance, and costs more than most of these
    with throw_away_material(1) as material, asyncio.Runner() as runner:
        stack, peers = AsyncExitStack(), TwoPeers(runner)
        runner.run(peers.open(stack, material))
        costs = {name: count(work) for name, work in (pure(material) | peers.workloads()).items()}
        runner.run(stack.aclose())
    print(json.dumps(costs))


def pure(material: Material) -> dict[str, Work]:
    """What needs no peers."""
    frames = [encode_envelope(data_message(1024, number), bytes(71)) for number in range(MESSAGES)]
    samples = list(sample_messages().values()) * TIMES
    encoded = [encode(message) for message in samples]
    signing = load_organizations(material.settings(0, "peer0", listen=False)).signing_identity
    return {
        f"scan {MESSAGES} messages": lambda: each(parse_at_once, frames),
        f"read {MESSAGES} messages as objects": lambda: each(read_as_object, frames),
        f"decode {TIMES} of each kind": lambda: each(lambda data: decode(GossipMessage, data), encoded),
        f"encode {TIMES} of each kind": lambda: each(encode, samples),
        f"sign 1 KiB, {TIMES} times": lambda: each(signing.sign, [bytes(1024)] * TIMES),
    }


def read_as_object(frame: bytes) -> GossipMessage | None:
    """What a subscriber that looks at a message makes us do."""
    signed = parse_at_once(frame)
    return signed.message if signed is not None else None


class TwoPeers:
    """A sender and a subscriber in this process, over mutual TLS."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._meter = Meter()

    async def open(self, stack: AsyncExitStack, material: Material) -> None:
        """Open both."""
        ours = Ours()
        serving = ours.serve(material, 1, self._meter, read_objects=False)
        self._endpoints = await stack.enter_async_context(serving)
        self._client: OurClient = await stack.enter_async_context(ours.connect(material, self._endpoints))
        self._client.load([data_message(1024, number) for number in range(MESSAGES)])

    def workloads(self) -> dict[str, Work]:
        """What goes on between them."""
        return {
            f"{MESSAGES} messages to a subscriber": lambda: self._runner.run(self._stream()),
            f"{ACKS} acknowledged messages, {AT_ONCE} at once": lambda: self._runner.run(self._acks()),
            f"{HANDSHAKES} handshakes": lambda: self._runner.run(self._handshakes()),
        }

    async def _stream(self) -> None:
        self._meter.count = 0
        sent = await self._client.send_loaded()
        async with asyncio.timeout(LIMIT_S):
            while self._meter.count < sent:  # noqa: ASYNC110 -- an event would cost each message
                await asyncio.sleep(0)

    async def _acks(self) -> None:
        for _ in range(0, ACKS, AT_ONCE):
            await asyncio.gather(*(self._client.send_with_ack() for _ in range(AT_ONCE)))

    async def _handshakes(self) -> None:
        for _ in range(HANDSHAKES):
            await self._client.shake_hands(self._endpoints[0])


def _nothing() -> None:
    """What asking itself costs is measured with this."""


def each(work: Callable[..., object], arguments: Sequence[object]) -> None:
    """Call it with each."""
    for argument in arguments:
        work(argument)


def cpu_us(work: Work) -> int:
    """The best of several runs, in microseconds of CPU."""
    best_s = min(_cpu_s(work) for _ in range(CPU_RUNS))
    return round(best_s * 1e6)


def _cpu_s(work: Work) -> float:
    started_s = time.process_time()
    work()
    return time.process_time() - started_s


class Callgrind:
    """Counts the instructions of this process, which runs under callgrind, by asking it from outside."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._dumps = 0
        self._own_share = 0
        self.count(_nothing)
        self._own_share = self.count(_nothing)

    def count(self, work: Work) -> int:
        """The instructions of one run, less those of asking."""
        work()
        self._ask("zero")
        work()
        self._ask("dump")
        self._dumps += 1
        totals = re.search(r"^totals: (\d+)", Path(f"{self._output}.{self._dumps}").read_text(), re.MULTILINE)
        assert totals is not None
        return max(0, int(totals[1]) - self._own_share)

    @staticmethod
    def _ask(command: str) -> None:
        subprocess.run(["vgdb", f"--pid={os.getpid()}", command], check=True, capture_output=True, timeout=60)  # noqa: S603, S607 -- valgrind's own


if __name__ == "__main__":
    main()

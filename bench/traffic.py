"""What the sending and the receiving process do in a measurement of traffic; each function runs in one of them."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bench.contenders.base import Contender, Meter
from bench.material import Material
from bench.sides import Bench
from gossip.messages import DataMessage, GossipMessage, GossipMessageTag, Payload
from gossip.wire.codec import encode

POLL_S = 0.001
LAST_S = 30.0


@dataclass(frozen=True)
class Sent:
    """What a sender did: deliveries begun and lost, when it started, what it cost."""

    deliveries: int
    dropped: int
    started_s: float
    cpu_s: float


@dataclass(frozen=True)
class Received:
    """What came out at the far end, when the last one did, what it cost."""

    count: int
    ended_s: float
    cpu_s: float


async def serve(bench: Bench, contender: Contender, material: Material, servers: int, read_objects: bool) -> list[str]:
    """Receiver: listen."""
    meter = bench.handles["meter"] = Meter()
    serving = contender.serve(material, servers, meter, read_objects=read_objects)
    return await bench.stack.enter_async_context(serving)


async def connect(bench: Bench, contender: Contender, material: Material, endpoints: Sequence[str]) -> None:
    """Sender: connect."""
    bench.handles["client"] = await bench.stack.enter_async_context(contender.connect(material, endpoints))


async def load(bench: Bench, size_bytes: int, count: int) -> None:
    """Sender: prepare so many different messages, each around a block of ``size_bytes`` random bytes."""
    bench.handles["client"].load([data_message(size_bytes, number) for number in range(count)])


def data_message(size_bytes: int, number: int) -> bytes:
    """A marshalled GossipMessage around a block."""
    payload = Payload(seq_num=number + 1, data=os.urandom(size_bytes))
    tag = GossipMessageTag(4)
    return encode(GossipMessage(tag=tag, channel=b"mychannel", data_msg=DataMessage(payload=payload)))


async def begin(bench: Bench) -> None:
    """Receiver: count from now on."""
    bench.handles["meter"].count = 0
    bench.handles["cpu_s"] = time.process_time()


async def send_for(bench: Bench, seconds: float) -> Sent:
    """Sender: send what was loaded, over and over."""
    client = bench.handles["client"]
    dropped, cpu_s = client.dropped, time.process_time()
    started_s = time.monotonic()
    deliveries = 0
    while time.monotonic() < started_s + seconds:
        deliveries += await client.send_loaded()
    return Sent(deliveries, client.dropped - dropped, started_s, time.process_time() - cpu_s)


async def finish(bench: Bench, expected: int) -> Received:
    """Receiver: wait for the last message."""
    meter = bench.handles["meter"]
    give_up_s = time.monotonic() + LAST_S
    while meter.count < expected and time.monotonic() < give_up_s:  # noqa: ASYNC110 -- an event would cost each message
        await asyncio.sleep(POLL_S)
    return Received(meter.count, time.monotonic(), time.process_time() - bench.handles["cpu_s"])


@dataclass(frozen=True)
class Trips:
    """Round trips, or handshakes: how long each took, by stage where there are stages, and the whole of it."""

    seconds: list[float]
    stages: dict[str, list[float]]
    took_s: float
    cpu_s: float


async def ack_for(bench: Bench, seconds: float, concurrency: int) -> Trips:
    """Sender: send and wait for the acknowledgement, so many at a time."""
    client = bench.handles["client"]
    return await _repeat_for(seconds, concurrency, lambda: _no_stages(client.send_with_ack()))


async def shake_hands_for(bench: Bench, endpoint: str, seconds: float, concurrency: int) -> Trips:
    """Sender: connect and authenticate from nothing, so many at a time."""
    client = bench.handles["client"]
    return await _repeat_for(seconds, concurrency, lambda: client.shake_hands(endpoint))


async def cpu_so_far(_bench: Bench) -> float:
    """Either: the CPU seconds of this process."""
    return time.process_time()


async def _no_stages(work: Awaitable[None]) -> dict[str, float]:
    await work
    return {}


async def _repeat_for(seconds: float, concurrency: int, work: Callable[[], Awaitable[dict[str, float]]]) -> Trips:
    trips = Trips([], {}, 0.0, 0.0)
    cpu_s, started_s = time.process_time(), time.perf_counter()

    async def repeat() -> None:
        while (begun_s := time.perf_counter()) < started_s + seconds:
            stages = await work()
            trips.seconds.append(time.perf_counter() - begun_s)
            for stage, took_s in stages.items():
                trips.stages.setdefault(stage, []).append(took_s)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(repeat())
    return replace(trips, took_s=time.perf_counter() - started_s, cpu_s=time.process_time() - cpu_s)

"""What each of the three processes does: the peer that is attacked, the honest one, and the attacker."""

import asyncio
import ctypes
import gc
import logging
import math
import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.sides import Bench
from gossip.api.comm import Comm
from gossip.api.peer import RemotePeer
from gossip.errors import ClosedError
from gossip.messages import DataMessage, GossipMessage, GossipMessageTag, Payload
from gossip.metrics import NoMetrics
from gossip.misbehave.attacker import make_attacker
from gossip.misbehave.catalogue import FAULTS
from gossip.misbehave.run import Storm, storm
from gossip.node.peer import Peer, open_peer
from gossip.transport.limits import ServerLimits
from gossip.types import PkiId
from gossip.wire.signed import noop_sign
from robustness.organizations import Stage

LIMITS = ServerLimits(
    connection=replace(ServerLimits().connection, unread_timeout_s=15.0),
    tls_timeout_s=1.0,
    stream_timeout_s=2.0,
    authenticate_timeout_s=3.0,
    idle_timeout_s=20.0,
)
"""The defaults but for time: nobody wants to wait for minutes until a silent peer is cut."""
MAX_IDENTITIES = 1000
"""A tenth of the default, so that it is reached."""
PAUSE_S = 0.002
ACK_TIMEOUT_S = 30.0


class Log(logging.Handler):
    """Counts warnings, and keeps the last."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines = 0
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Count one."""
        self.lines += 1
        self.last = record.getMessage()


class Cuts(NoMetrics):
    """Counts connections that were cut."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def connection_cut(self, offence: str) -> None:
        """Count one."""
        self.count[str(offence)] += 1


@dataclass(frozen=True, slots=True)
class State:
    """What there is of the attacked peer right now."""

    tasks: int
    connections: int
    identities: int
    cut: dict[str, int]
    log_lines: int
    last_line: str


def _threads() -> list[int]:
    """Those there are: the system's calls are about one thread, and threads to come take after it."""
    return [int(thread.name) for thread in Path("/proc/self/task").iterdir()]


def _take_processor(*, first: bool) -> None:
    """Let the attacked peer have the first processor for itself, where there are more."""
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) > 1:
        for thread in _threads():
            os.sched_setaffinity(thread, processors[:1] if first else processors[1:])


async def serve(bench: Bench, folder: Path) -> tuple[str, bytes, int]:
    """Be the peer that is attacked; tells its endpoint, PKI-ID and process."""
    chosen = Stage(folder).settings(1, 0, listen="127.0.0.1:0")
    settings = replace(chosen, limits=LIMITS, max_identities=MAX_IDENTITIES)
    _take_processor(first=True)
    log, cuts = Log(), Cuts()
    logging.getLogger().addHandler(log)
    peer = await bench.stack.enter_async_context(open_peer(settings, metrics=cuts))
    bench.handles.update(peer=peer, log=log, cuts=cuts)
    bench.handles["answering"] = asyncio.get_running_loop().create_task(_acknowledge(peer.comm))
    return peer.endpoint, peer.comm.get_pki_id(), os.getpid()


async def _acknowledge(comm: Comm) -> None:
    with comm.accept(lambda _: True) as messages:
        async for message in messages:
            if message.get_gossip_message().nonce:
                with suppress(ClosedError):  # who asked may have left
                    await message.ack()


async def look(bench: Bench) -> State:
    """Tell how the attacked peer is."""
    peer: Peer = bench.handles["peer"]
    log: Log = bench.handles["log"]
    gc.collect()
    _give_memory_back()
    listener = peer._listener
    assert listener is not None
    return State(
        tasks=len(asyncio.all_tasks()),
        connections=len(listener.gate),
        identities=len(peer.identities.identity_info()),
        cut=dict(bench.handles["cuts"].count),
        log_lines=log.lines,
        last_line=log.last,
    )


def _give_memory_back() -> None:
    """Let malloc return what is free, or the memory of one attack would hide that of the next."""
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if malloc_trim is not None:  # glibc alone has it
        malloc_trim(0)


async def befriend(bench: Bench, folder: Path, endpoint: str, pki_id: bytes) -> None:
    """Be the honest peer."""
    _take_processor(first=False)
    peer = await bench.stack.enter_async_context(open_peer(Stage(folder).settings(2, 0)))
    bench.handles.update(peer=peer, there=RemotePeer(endpoint, PkiId(pki_id)))


async def talk(bench: Bench, duration_s: float) -> list[float]:
    """Send messages one by one and wait for each acknowledgement; the seconds each took, inf if it was lost."""
    comm: Comm = bench.handles["peer"].comm
    took_s = []
    ends_at_s = time.perf_counter() + duration_s
    while time.perf_counter() < ends_at_s:
        content = DataMessage(payload=Payload(data=bytes(100)))
        message = noop_sign(GossipMessage(tag=GossipMessageTag(1), data_msg=content))
        started_at_s = time.perf_counter()
        (result,) = await comm.send_with_ack(message, ACK_TIMEOUT_S, 1, bench.handles["there"])
        took_s.append(time.perf_counter() - started_at_s if result.error is None else math.inf)
        await asyncio.sleep(PAUSE_S)
    return took_s


async def be_nice(_: Bench) -> None:
    """Take what the honest peer leaves of its processors: a real attacker has its own."""
    _take_processor(first=False)
    for thread in _threads():
        os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))


async def attack(
    _: Bench, folder: Path, endpoint: str, fault: str, connections: int, duration_s: float, amount: int
) -> Storm:
    """Let one fault happen on so many connections at once for so long, each with an identity of its own."""
    stage = Stage(folder)
    settings = stage.settings(2, 1)
    assert settings.tls is not None
    attacker = make_attacker(
        endpoint,
        mspid=settings.mspid,
        msp_dir=settings.msp_dir,
        tls=settings.tls,
        ca_dir=stage.organization(2) / "ca",
    )
    attacker = replace(attacker, amount=amount, patience_s=60.0)
    attackers = [
        replace(attacker, forger=attacker.forger.as_newcomer(f"attacker{number}")) for number in range(connections)
    ]
    return await storm(attackers, FAULTS[fault], duration_s=duration_s)

"""Many peers that dial one; each function runs in the sender or in the receiver."""

import asyncio
import gc
import time
from pathlib import Path

from bench.material import Material
from bench.sides import Bench
from bench.traffic import Sent, data_message
from gossip.api.peer import RemotePeer
from gossip.comm.engine import CommEngine
from gossip.comm.stages import Stages
from gossip.messages import GossipMessage
from gossip.node.peer import open_peer
from gossip.wire.codec import decode
from gossip.wire.signed import noop_sign

DIALS_AT_ONCE = 20
BATCH = 100
STATM = Path("/proc/self/statm")
PAGE_BYTES = 4096


async def join(bench: Bench, material: Material, endpoint: str, peers: int) -> None:
    """Sender: let so many peers in all be connected, each on one connection."""
    comms = bench.handles.setdefault("comms", [])
    message = noop_sign(decode(GossipMessage, data_message(100, 0)))
    while len(comms) < peers:
        first = len(comms)
        for number in range(first, min(first + DIALS_AT_ONCE, peers)):
            peer = await bench.stack.enter_async_context(open_peer(material.settings(0, f"peer{number}", listen=False)))
            comms.append(peer.comm)
        remote = bench.handles.setdefault("remote", await _named(comms[0], endpoint))
        for comm in comms[first:]:
            comm.send(message, remote)
        await asyncio.gather(*(comm.flush(remote) for comm in comms[first:]))


async def _named(comm: CommEngine, endpoint: str) -> RemotePeer:
    accepted = await comm.introduce(RemotePeer(endpoint), Stages())
    return RemotePeer(endpoint, accepted.info.pki_id)


async def resident_bytes(_bench: Bench) -> int:
    """Either: memory in use by this process."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * PAGE_BYTES  # noqa: ASYNC240 -- nothing else runs


async def send_in_turn(bench: Bench, peers: int, deliveries: int) -> Sent:
    """Sender: so many messages in all, batch by batch from the first ``peers`` peers in turn."""
    comms, remote = bench.handles["comms"][:peers], bench.handles["remote"]
    message = noop_sign(decode(GossipMessage, data_message(1024, 0)))
    each = max(1, min(BATCH, deliveries // len(comms)))
    cpu_s, started_s, sent = time.process_time(), time.monotonic(), 0
    while sent < deliveries:
        for comm in comms:
            for _ in range(each):
                comm.send(message, remote)
            await comm.flush(remote)
            sent += each
    return Sent(sent, sum(comm.dropped(remote) for comm in comms), started_s, time.process_time() - cpu_s)

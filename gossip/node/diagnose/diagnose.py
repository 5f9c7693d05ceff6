"""Diagnoses endpoints: collects what there is to see, side by side, and has it judged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gossip.clock import Clock, SystemClock
from gossip.errors import TransportError
from gossip.node.diagnose.diagnosis import Diagnosis, Stage
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.exchange import shake_hands
from gossip.node.diagnose.judges.judge import judge
from gossip.node.diagnose.operations import count_lost_messages
from gossip.node.diagnose.own_side import OwnSide, load_own_side
from gossip.node.diagnose.pipes import without_pipes
from gossip.node.diagnose.reach import reach
from gossip.node.diagnose.second_look import look_around
from gossip.node.settings import PeerSettings
from gossip.types import PkiId

MAX_ENDPOINTS_AT_ONCE = 16
"""Endpoints that are looked at at the same time; TLS handshakes of more would slow each other down."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to diagnose: an endpoint, who should be there, and its operations endpoint where that is known.

    ``source`` is the line or variable that names it, for texts.
    """

    endpoint: str
    expected: PkiId | None = None
    operations: str | None = None
    source: str | None = None


async def diagnose(settings: PeerSettings, targets: Sequence[Target], *, clock: Clock | None = None) -> list[Diagnosis]:
    """Try to reach each target as a peer with these settings, and say of each stage how it went and why.

    Nothing that is wrong with a target or with our own files raises: it is in the diagnosis.

    Args:
        settings: Who we are; where they say to listen is passed over.
        targets: Whom to reach.
        clock: What certificates are judged by.

    Returns:
        One diagnosis for each target, in their order.

    Cancellation: every connection is cut.
    """
    with without_pipes(settings) as at_hand:
        return await _diagnose(at_hand, targets, clock or SystemClock())


async def _diagnose(settings: PeerSettings, targets: Sequence[Target], clock: Clock) -> list[Diagnosis]:
    own = load_own_side(settings, clock.now())
    places = asyncio.Semaphore(MAX_ENDPOINTS_AT_ONCE)

    async def one(target: Target) -> Diagnosis:
        async with places:
            return judge(await _collect(own, target, clock))

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one(target)) for target in targets]
    return [task.result() for task in running]


async def _collect(own: OwnSide, target: Target, clock: Clock) -> Evidence:
    evidence = Evidence(target.endpoint, own, clock.now(), source=target.source, expected=target.expected)
    channel = await reach(evidence)
    if channel is not None:
        try:
            if Stage.PING not in evidence.errors and own.crypto is not None and own.registry is not None:
                await shake_hands(evidence, channel, own.crypto, own.registry, clock)
        finally:
            channel.abort()
    await look_around(evidence)
    if target.operations is not None:
        try:
            evidence.lost_messages = await count_lost_messages(target.operations, own.settings.comm.conn_timeout_s)
        except TransportError as error:
            evidence.errors[Stage.BUFFERS] = error
    return evidence

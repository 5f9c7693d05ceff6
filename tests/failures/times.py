"""What happens to clocks and validity."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gossip import Peer, RemotePeer, open_peer
from gossip.clock import SystemClock
from gossip.errors import AckTimeoutError, IdentityError, IdentityExpiredError
from gossip.msp.authority import Validity
from tests.failures.rig import LOOPBACK, Row, hear_of, issue, send, send_and_hear
from tests.support.peers import everything
from tests.support.real_peers import settings

LISTEN = "127.0.0.1:0"
SWEEP_S = 0.1
"""How often ours looks at the clock; a tenth of the usage threshold, and in a peer as it comes 60 s."""


class JumpingClock(SystemClock):
    """The machine's clock, set wrong by ``offset``."""

    offset = timedelta()

    def now(self) -> datetime:
        return super().now() + self.offset


@asynccontextmanager
async def two_peers(
    clock: SystemClock, folder: Path | None = None, *, usage_threshold_s: float = 3600
) -> AsyncIterator[tuple[Peer, Peer]]:
    """Ours, with this clock, and theirs, which acknowledges; both in this process."""
    async with (
        open_peer(replace(settings(1), usage_threshold_s=usage_threshold_s), clock=clock) as ours,
        open_peer(settings(2, listen=LISTEN, folder=folder)) as theirs,
        asyncio.TaskGroup() as tasks,
    ):
        acknowledging = tasks.create_task(_acknowledge(theirs))
        yield ours, theirs
        acknowledging.cancel()


async def _acknowledge(peer: Peer) -> None:
    with peer.comm.accept(everything) as messages:
        async for message in messages:
            await message.ack()


def remote(peer: Peer) -> RemotePeer:
    """How a peer in this process is addressed."""
    return RemotePeer(peer.endpoint, peer.comm.get_pki_id())


async def clock_set_forward(_folder: Path) -> Row:
    """Eleven years, past the end of every certificate, and back again."""
    clock = JumpingClock()
    async with two_peers(clock, usage_threshold_s=SWEEP_S * 10) as (ours, theirs):
        await send_and_hear(ours, remote(theirs))
        with theirs.comm.presumed_dead() as deaths:
            clock.offset = timedelta(days=11 * 365)
            after_s = await hear_of(deaths, ours.comm.get_pki_id())
        result = await send(ours, remote(theirs))
        assert isinstance(result.error, IdentityExpiredError), result.error
        clock.offset = timedelta()
        await send_and_hear(ours, remote(theirs))
    return Row(
        "clock set 11 years forward, and back",
        LOOPBACK,
        "here a log line: identities that ended are forgotten, their connections closed; there presumed dead",
        after_s,
        "what is sent meanwhile: IdentityExpiredError",
        "by the next send once the clock is right",
    )


async def clock_set_back(_folder: Path) -> Row:
    """A day, while a message waits for its acknowledgement: time-outs do not hang on it."""
    clock = JumpingClock()
    async with open_peer(settings(1), clock=clock) as ours, open_peer(settings(2, listen=LISTEN)) as silent:
        began_at_s = time.monotonic()
        waiting = asyncio.create_task(send(ours, remote(silent), timeout_s=0.5))
        await asyncio.sleep(0)
        clock.offset = timedelta(days=-1)
        assert isinstance((await waiting).error, AckTimeoutError)
        took_s = time.monotonic() - began_at_s
        assert took_s < 5
        assert ours.identities.get(silent.comm.get_pki_id()) == silent.identity
    return Row("clock set a day back", LOOPBACK, "nothing", None, "nothing: timers run on the monotonic clock", "-")


async def certificate_ends(folder: Path) -> Row:
    """The other peer's identity ends while both are connected."""
    now = datetime.now(UTC).replace(microsecond=0)
    validity = Validity(now - timedelta(minutes=4), now + timedelta(seconds=3))
    _, home = issue(folder, validity=validity)
    async with two_peers(SystemClock(), home) as (ours, theirs):
        await send_and_hear(ours, remote(theirs))
        with theirs.comm.presumed_dead() as deaths:
            await hear_of(deaths, ours.comm.get_pki_id())
            after_s = (datetime.now(UTC) - validity.not_after_at).total_seconds()
        assert after_s > 0, after_s
        result = await send(ours, remote(theirs))
        assert isinstance(result.error, IdentityError), result.error
    _, home = issue(folder / "renewed")
    async with two_peers(SystemClock(), home) as (ours, theirs):
        await send_and_hear(ours, remote(theirs))
    return Row(
        "certificate ends in mid-connection",
        LOOPBACK,
        "here a log line: the identity is forgotten, its connection closed; there presumed dead",
        after_s,
        "what is sent afterwards: IdentityExpiredError",
        "with a renewed certificate",
    )

"""What happens to the other peer's process."""

import asyncio
import signal
from pathlib import Path

from gossip.errors import AckTimeoutError, StreamBrokenError
from tests.failures.rig import LOOPBACK, Row, hear_of, issue, our_peer, remote_of, send, send_and_hear, their_peer


async def peer_stopped(_folder: Path) -> Row:
    """SIGSTOP: its sockets stay open, and nobody answers."""
    async with their_peer() as served, our_peer() as ours:
        there = remote_of(served)
        await send_and_hear(ours, there)
        with ours.comm.presumed_dead() as deaths:
            served.signal(signal.SIGSTOP)
            try:
                impatient = await send(ours, there, timeout_s=0.2)
                assert isinstance(impatient.error, AckTimeoutError), impatient.error
                waiting = asyncio.create_task(send(ours, there))
                after_s = await hear_of(deaths, there.pki_id)
                assert isinstance((await waiting).error, StreamBrokenError)
            finally:
                served.signal(signal.SIGCONT)
        await send_and_hear(ours, there)
    return Row(
        "peer stopped (SIGSTOP), longer than keepalive waits",
        LOOPBACK,
        "presumed dead",
        after_s,
        "what was not acknowledged: AckTimeoutError, then StreamBrokenError",
        "by the next send once it goes on",
    )


async def peer_killed(_folder: Path) -> Row:
    """SIGKILL, and another process in its place."""
    async with our_peer() as ours:
        async with their_peer() as served:
            there = remote_of(served)
            await send_and_hear(ours, there)
            with ours.comm.presumed_dead() as deaths:
                served.signal(signal.SIGKILL)
                after_s = await hear_of(deaths, there.pki_id)
        async with their_peer(there.endpoint):
            await send_and_hear(ours, there)
    return Row(
        "peer killed (SIGKILL) and started again",
        LOOPBACK,
        "presumed dead",
        after_s,
        "what was not acknowledged: StreamBrokenError",
        "by the next send once it listens",
    )


async def peer_renewed(folder: Path) -> Row:
    """Started again with another certificate, so with another PKI-ID."""
    async with our_peer() as ours:
        async with their_peer() as served:
            there = remote_of(served)
            await send_and_hear(ours, there)
        _, home = issue(folder, "peer0")
        async with their_peer(there.endpoint, folder=home) as renewed:
            assert renewed.pki_id != served.pki_id
            with ours.comm.identity_switch() as switches:
                sending = asyncio.create_task(send_and_hear(ours, there))
                after_s = await hear_of(switches, there.pki_id)
                await sending
            await send_and_hear(ours, remote_of(renewed))
    return Row(
        "peer started again with a new certificate",
        LOOPBACK,
        "presumed dead, then identity switch from the old PKI-ID",
        after_s,
        "nothing: what is sent to the old PKI-ID reaches the new one",
        "by the next send",
    )

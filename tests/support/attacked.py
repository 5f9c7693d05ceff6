"""A peer that is attacked, with an honest one beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from gossip.api.options import TlsFiles
from gossip.api.peer import RemotePeer
from gossip.comm.config import CommConfig
from gossip.errors import ClosedError
from gossip.misbehave.attacker import Attacker, make_attacker
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.transport.limits import FrameBudgets, ServerLimits
from tests.support.organizations import organization_folder, peer_folder
from tests.support.peers import data_message, everything
from tests.support.recorders import RecordingMetrics

SHORT = ServerLimits(
    connection=replace(ServerLimits().connection, frames=FrameBudgets(headers=150), unread_timeout_s=1.0),
    tls_timeout_s=2.0,
    stream_timeout_s=1.0,
    authenticate_timeout_s=3.0,
    idle_timeout_s=3.0,
    max_unauthenticated=30,
)
"""A slow machine has time to read a costly certificate, and can take more calls in a second than it may."""
QUICK = CommConfig(conn_timeout_s=0.4, drain_s=0.2)


def settings_of(number: int, index: int, *, listen: str | None = None) -> PeerSettings:
    """``peerINDEX`` of ``orgNUMBER``, which knows both organisations, and waits for nothing long."""
    other = 3 - number
    return PeerSettings(
        mspid=f"Org{number}MSP",
        msp_dir=peer_folder(number, index) / "msp",
        tls=tls_of(number, index),
        listen=listen,
        organizations={f"Org{other}MSP": organization_folder(other) / "msp"},
        limits=SHORT,
        comm=QUICK,
    )


def tls_of(number: int, index: int) -> TlsFiles:
    """Its TLS certificate, and both organisations' TLS CAs."""
    folder = peer_folder(number, index) / "tls"
    roots = tuple(organization_folder(each) / "msp" / "tlscacerts" for each in (1, 2))
    return TlsFiles(folder / "server.crt", folder / "server.key", roots)


def attacker_on(endpoint: str) -> Attacker:
    """``peer1`` of ``org2``, gone bad, which has the key of its organisation's CA too."""
    attacker = make_attacker(
        endpoint,
        mspid="Org2MSP",
        msp_dir=peer_folder(2, 1) / "msp",
        tls=tls_of(2, 1),
        ca_dir=organization_folder(2) / "ca",
    )
    return replace(attacker, patience_s=5.0, pace_s=0.02, amount=100)


@dataclass(frozen=True)
class Scene:
    """The peer that is attacked, an honest one of the other organisation, and the attacker."""

    victim: Peer
    honest: Peer
    attacker: Attacker
    metrics: RecordingMetrics

    @property
    def connections(self) -> int:
        """How many connections the attacked peer has."""
        listener = self.victim._listener
        assert listener is not None
        return len(listener.gate)

    async def honest_is_served(self) -> bool:
        """Whether the honest peer gets an acknowledgement."""
        there = RemotePeer(self.victim.endpoint, self.victim.comm.get_pki_id())
        (result,) = await self.honest.comm.send_with_ack(data_message(b"hello"), 5.0, 1, there)
        return result.error is None


async def acknowledge_all(peer: Peer) -> None:
    """Acknowledge what asks for it, until the peer is stopped."""
    with peer.comm.accept(everything) as messages:
        async for message in messages:
            if message.get_gossip_message().nonce:
                with suppress(ClosedError):  # who asked is gone
                    await message.ack()


@asynccontextmanager
async def attacked(
    limits: ServerLimits = SHORT, comm: CommConfig = QUICK, max_identities: int = 10_000
) -> AsyncIterator[Scene]:
    """Both peers in this process, talking over mutual TLS; the first acknowledges every message that asks for it."""
    metrics = RecordingMetrics()
    settings = replace(settings_of(1, 0, listen="127.0.0.1:0"), limits=limits, comm=comm, max_identities=max_identities)
    async with (
        open_peer(settings, metrics=metrics) as victim,
        open_peer(settings_of(2, 0)) as honest,
        asyncio.TaskGroup() as tasks,
    ):
        acknowledging = tasks.create_task(acknowledge_all(victim))
        scene = Scene(victim, honest, attacker_on(victim.endpoint), metrics)
        assert await scene.honest_is_served()
        yield scene
        acknowledging.cancel()

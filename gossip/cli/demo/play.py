"""The course of the demo."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from pathlib import Path

from gossip.cli.demo.happenings import (
    Acknowledged,
    Back,
    Handshake,
    Happening,
    Killed,
    Made,
    PresumedDead,
    Ready,
    Refused,
    Step,
    StepBegan,
)
from gossip.cli.demo.impostors import Impostor, make_impostors
from gossip.cli.demo.organizations import Network, make_network
from gossip.cli.demo.peer_process import DemoFailedError, PeerProcess
from gossip.errors import GossipError, RefusedByPeerError
from gossip.node.present import present

Tell = Callable[[Happening], None]
"""Shown what happens, as it happens."""

STARTS_AT_ONCE = 4
"""Starting is work for the processor; more at once would only wait for each other."""


class Play:
    """One run, in a folder that is there for it alone."""

    def __init__(self, folder: Path, organizations: int, peers: int, tell: Tell) -> None:
        self._folder = folder
        self._organizations = organizations
        self._peers_each = peers
        self._tell = tell
        self._peers: list[PeerProcess] = []
        self._starts = asyncio.Semaphore(STARTS_AT_ONCE)

    async def run(self) -> None:
        """Play it from its beginning to its end; no process is left, whatever comes of it.

        Raises:
            DemoFailedError: Something did not happen as it should.
            OSError: The folder cannot be written to, or no process can be started.

        Cancellation: every process is killed.
        """
        try:
            network = self._make_organizations()
            await self._start_processes(network)
            await self._shake_hands()
            await self._exchange_messages()
            await self._refuse_impostors(network)
            await self._kill_one()
            await self._bring_it_back()
            await self._each(peer.stop() for peer in self._peers)
        finally:
            await asyncio.gather(*(peer.kill() for peer in self._peers))

    def _make_organizations(self) -> Network:
        self._tell(StepBegan(Step.ORGANIZATIONS))
        network = make_network(self._folder, self._organizations, self._peers_each, now=datetime.now(UTC))
        for organization in network.organizations:
            homes = [home.name for home in network.homes if home.mspid == organization.mspid]
            self._tell(Made(organization.mspid, homes))
        return network

    async def _start_processes(self, network: Network) -> None:
        self._tell(StepBegan(Step.PROCESSES))
        self._peers = [PeerProcess(home) for home in network.homes]
        await self._each(self._start(peer) for peer in self._peers)

    async def _shake_hands(self) -> None:
        self._tell(StepBegan(Step.HANDSHAKES))
        for distance in range(1, len(self._peers)):  # in rounds, so that the first, slow one is everybody's
            for index, initiator in enumerate(self._peers):
                responder = self._peers[(index + distance) % len(self._peers)]
                await self._handshake(initiator, responder)  # alone, so that its time is its own

    async def _exchange_messages(self) -> None:
        self._tell(StepBegan(Step.MESSAGES))
        await self._each(self._send(peer, self._others(peer)) for peer in self._peers)

    async def _refuse_impostors(self, network: Network) -> None:
        self._tell(StepBegan(Step.IMPOSTORS))
        for impostor in make_impostors(network, network.homes[1], now=datetime.now(UTC)):
            self._tell(await self._present(impostor, self._peers[0]))

    async def _kill_one(self) -> None:
        self._tell(StepBegan(Step.DEATH))
        victim = self._peers[-1]
        await victim.kill()
        self._tell(Killed(victim.name))
        await self._each(self._notice(peer, victim) for peer in self._others(victim))

    async def _bring_it_back(self) -> None:
        self._tell(StepBegan(Step.RETURN))
        returned = self._peers[-1]
        others = self._others(returned)
        await self._start(returned)
        for peer in others:
            await self._handshake(peer, returned)
        await self._each(self._send(peer, [returned]) for peer in others)
        await self._send(returned, others)
        self._tell(Back(returned.name))

    # -- what a single peer does

    async def _start(self, peer: PeerProcess) -> None:
        async with self._starts:
            await peer.start()
        self._tell(Ready(peer.name, peer.home.mspid, peer.pki_id, peer.endpoint, peer.pid))

    async def _handshake(self, initiator: PeerProcess, responder: PeerProcess) -> None:
        facts = await initiator.order("handshake", responder)
        self._tell(Handshake(initiator.name, responder.name, str(facts["tls_version"]), float(str(facts["ms"]))))

    async def _send(self, sender: PeerProcess, receivers: list[PeerProcess]) -> None:
        await sender.order("send", *receivers)
        for receiver in receivers:
            self._tell(Acknowledged(sender.name, receiver.name))

    async def _present(self, impostor: Impostor, host: PeerProcess) -> Refused:
        try:
            await present(host.endpoint, impostor.tls, impostor.conn_establish)
        except RefusedByPeerError as refusal:
            refused = await host.report("refused")
            if refused["error"] != impostor.error:
                raise DemoFailedError(f"an impostor {impostor.name}: refused with {refusal}") from refusal
            return Refused(impostor.name, host.name, impostor.error, refusal.reason)
        except GossipError as error:
            raise DemoFailedError(f"an impostor {impostor.name}: {error}") from error
        raise DemoFailedError(f"{host.name} accepted an impostor that {impostor.name}")

    async def _notice(self, peer: PeerProcess, victim: PeerProcess) -> None:
        await peer.report("dead", pki_id=victim.pki_id)
        self._tell(PresumedDead(victim.name, peer.name))

    @staticmethod
    async def _each(deeds: Iterable[Coroutine[None, None, None]]) -> None:
        """Do all of them; the first that fails ends the others."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for deed in deeds:
                    tasks.create_task(deed)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    def _others(self, peer: PeerProcess) -> list[PeerProcess]:
        return [other for other in self._peers if other is not peer]

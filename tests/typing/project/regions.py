"""A user's program: it listens to a network, counts by region, and tells organisations apart by a rule of its own."""

import asyncio
import logging
import sys
from collections import Counter
from pathlib import Path

from gossip import (
    DialOptions,
    GossipError,
    Peer,
    PeerSettings,
    RemotePeer,
    SignedMessage,
    TlsFiles,
    noop_sign,
    open_peer,
)
from gossip.api.comm import Comm, ReceivedMessage, Subscription
from gossip.api.crypto import MessageCryptoService
from gossip.api.mapper import Mapper
from gossip.api.peer import ConnectionInfo, PeerIdentitySet
from gossip.api.results import AggregatedSendResults
from gossip.api.security import SecurityAdvisor
from gossip.clock import Clock
from gossip.comm.engine import CommEngine
from gossip.comm.handshake.trust import Trust
from gossip.comm.observer import Observer
from gossip.errors import Fault, RefusedByPeerError, TransportError
from gossip.identity.mapper import IdentityMapper
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.metrics import Metrics, NoMetrics, Outcome
from gossip.transport.grpc.client import GrpcDialer
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId
from gossip.wire.kinds import MessageKind

logger = logging.getLogger("regions")


class RegionAdvisor:
    """Takes all organisations of a region for one; implements SecurityAdvisor."""

    def __init__(self, advisor: SecurityAdvisor, regions: dict[str, str]) -> None:
        self._advisor = advisor
        self._regions = regions

    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType | None:
        organization = self._advisor.org_by_peer_identity(identity)
        if organization is None:
            return None
        region = self._regions.get(organization.decode(), "elsewhere")
        return OrgIdentityType(region.encode())


class RefusalCounter(NoMetrics):
    """Counts what was refused."""

    refused: int = 0

    def handshake(self, outcome: Outcome, *, initiator: bool) -> None:
        if outcome is Outcome.REFUSED:
            self.refused += 1


class Watcher(Observer):
    """Logs who comes."""

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        logger.info("%s %s", "dialled" if outgoing else "dialled by", info.pki_id.hex())


def build_comm(
    identity: PeerIdentityType, crypto: MessageCryptoService, advisor: SecurityAdvisor, clock: Clock, tls: TlsFiles
) -> tuple[Comm, Mapper]:
    """Put a communication layer together that asks our own advisor."""
    ours: SecurityAdvisor = RegionAdvisor(advisor, {"Org1MSP": "north", "Org2MSP": "north"})
    mapper = IdentityMapper(identity, crypto, ours, clock=clock)
    comm = CommEngine(GrpcDialer(DialOptions(tls=tls)), Trust(identity, crypto, ours, mapper, clock))
    return comm, mapper


def is_data(received: ReceivedMessage) -> bool:
    """Whether a message carries data."""
    return received.get_gossip_message().kind is MessageKind.DATA_MSG


async def count_messages(comm: Comm, counter: Counter[PkiId]) -> None:
    """Count data messages by sender, and acknowledge them."""
    messages: Subscription[ReceivedMessage]
    with comm.accept(is_data) as messages:
        async for received in messages:
            counter[received.get_connection_info().pki_id] += 1
            await received.ack()


async def greet(peer: Peer, endpoint: str) -> int:
    """Shake hands and say hello; returns how many acknowledged."""
    try:
        identity = await peer.comm.handshake(RemotePeer(endpoint))
    except RefusedByPeerError as refusal:
        logger.warning("%s", refusal.reason)
        return 0
    except TransportError as error:
        logger.warning("%s: %s", "not reached" if error.fault is Fault.NETWORK else "failed", error)
        return 0
    there = RemotePeer(endpoint, peer.identities.get_pki_id_of_cert(identity))
    payload = Payload(data=b"hello")
    hello = GossipMessage(channel=b"mychannel", tag=Tag.CHAN_AND_ORG, data_msg=DataMessage(payload=payload))
    message: SignedMessage = noop_sign(hello)
    results: AggregatedSendResults = await peer.comm.send_with_ack(message, 3.0, 1, there)
    known: PeerIdentitySet = peer.identities.identity_info()
    logger.info("%d organisations", len(known.by_org()))
    return results.ack_count()


async def main(msp_dir: Path, tls: TlsFiles, endpoint: str) -> None:
    """Open a peer, and greet another one."""
    settings = PeerSettings(mspid="Org1MSP", msp_dir=msp_dir, tls=tls, listen="127.0.0.1:0")
    metrics: Metrics = RefusalCounter()
    counter: Counter[PkiId] = Counter()
    try:
        async with open_peer(settings, metrics=metrics, observer=Watcher()) as peer, asyncio.TaskGroup() as tasks:
            tasks.create_task(count_messages(peer.comm, counter))
            logger.info("%d acknowledged", await greet(peer, endpoint))
            await peer.stop()
    except* GossipError:
        logger.exception("the peer ended")


if __name__ == "__main__":
    msp_dir, certificate, key, roots, endpoint = sys.argv[1:]
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main(Path(msp_dir), TlsFiles(Path(certificate), Path(key), (Path(roots),)), endpoint))

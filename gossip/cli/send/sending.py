"""What ``gossip send`` does: a handshake with each peer, then the messages, then a report."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gossip.cli.attempt import check_endpoint
from gossip.cli.data import data_message
from gossip.cli.report import ExitCode, Report, exit_code_of
from gossip.cli.send.delivery import Connections, Delivery
from gossip.errors import ConfigurationError, GossipError, PeerSilentError
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.types import ChannelId, PkiId
from gossip.wire.signed import SignedMessage

MESSAGES_AT_ONCE = 64
"""How many messages wait for their acknowledgements at the same time."""

BATCH = 100
"""How many leave before we look how it went; fewer where a send buffer holds fewer: what finds it full is lost."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to send to whom; ``min_ack`` is None where nobody is to acknowledge."""

    endpoints: tuple[str, ...]
    data: bytes
    channel: str
    count: int
    min_ack: int | None
    timeout_s: float


async def send_and_report(report: Report, settings: PeerSettings, job: Job) -> ExitCode:
    """Do the job, and report how it went with each peer and in all.

    Raises:
        ConfigurationError: The settings or an endpoint cannot be used, or two endpoints are one peer; nothing was sent.

    Cancellation: some messages may have been sent.
    """
    for endpoint in job.endpoints:
        check_endpoint(endpoint)
    deliveries = [Delivery(endpoint) for endpoint in job.endpoints]
    connections = Connections()
    message = data_message(job.data, ChannelId(job.channel.encode()))
    async with open_peer(settings, observer=connections) as peer:
        await asyncio.gather(*(_meet(peer, delivery) for delivery in deliveries))
        met = [delivery for delivery in deliveries if delivery.error is None]
        _check_distinct(met)
        if job.min_ack is None:
            batch = min(BATCH, settings.comm.send_buffer)
            await asyncio.gather(*(_send(peer, message, job, batch, delivery, connections) for delivery in met))
            delivered = min(delivery.sent for delivery in deliveries)
        else:
            delivered = await _send_with_ack(peer, message, job, job.min_ack, met)
    _tell(report, job, deliveries, delivered)
    return ExitCode.FINE if delivered == job.count else _exit_code(deliveries)


async def _meet(peer: Peer, delivery: Delivery) -> None:
    """Learn who is there, and that both sides accept each other."""
    try:
        identity = await peer.comm.handshake(delivery.remote)
    except GossipError as error:
        delivery.note(error)
    else:
        delivery.pki_id = peer.identities.get_pki_id_of_cert(identity)


def _check_distinct(deliveries: Sequence[Delivery]) -> None:
    endpoints: dict[PkiId | None, str] = {}
    for delivery in deliveries:
        if delivery.pki_id in endpoints:
            raise ConfigurationError(f"{endpoints[delivery.pki_id]} and {delivery.endpoint} lead to the same peer")
        endpoints[delivery.pki_id] = delivery.endpoint


async def _send(
    peer: Peer, message: SignedMessage, job: Job, most: int, delivery: Delivery, connections: Connections
) -> None:
    """Send to one peer without acknowledgement, in batches that its send buffer holds, until something goes wrong."""
    assert delivery.pki_id is not None
    while delivery.sent < job.count and delivery.error is None:
        batch = min(most, job.count - delivery.sent)
        try:
            async with asyncio.timeout(job.timeout_s):
                for _ in range(batch):
                    peer.comm.send(message, delivery.remote)
                await peer.comm.flush(delivery.remote)
        except TimeoutError:
            delivery.note(PeerSilentError(delivery.endpoint, waited_for="room", waited_s=job.timeout_s))
        delivery.note(connections.find_loss(delivery.pki_id))
        if delivery.error is None:
            delivery.sent += batch


async def _send_with_ack(
    peer: Peer, message: SignedMessage, job: Job, min_ack: int, deliveries: Sequence[Delivery]
) -> int:
    """Send to all peers; returns how many messages were acknowledged by enough of them."""
    by_remote = {delivery.remote: delivery for delivery in deliveries}
    numbers = iter(range(job.count))
    delivered = 0
    for delivery in deliveries:
        delivery.acknowledged = 0

    async def send_some() -> None:
        nonlocal delivered
        for _ in numbers:
            results = await peer.comm.send_with_ack(message, job.timeout_s, min_ack, *by_remote)
            delivered += results.ack_count() >= min_ack
            for delivery in deliveries:
                delivery.sent += 1
            for result in results:
                delivery = by_remote[result.peer]
                delivery.acknowledged = (delivery.acknowledged or 0) + (result.error is None)
                delivery.note(result.error)

    if deliveries:
        await asyncio.gather(*(send_some() for _ in range(MESSAGES_AT_ONCE)))
    return delivered


def _tell(report: Report, job: Job, deliveries: Sequence[Delivery], delivered: int) -> None:
    rows = [delivery.facts() for delivery in deliveries]
    if report.as_json:
        for row in rows:
            report.record({"event": "peer"} | row)
        report.record({"event": "summary", "ok": delivered == job.count, "count": job.count, "delivered": delivered})
        return
    hidden = {"fault"} if any(delivery.error for delivery in deliveries) else {"error", "fault", "message"}
    report.table("", [{name: value for name, value in row.items() if name not in hidden} for row in rows])
    how = "sent to every peer" if job.min_ack is None else f"acknowledged by at least {job.min_ack}"
    report.text(f"{delivered} of {job.count} messages {how}")


def _exit_code(deliveries: Sequence[Delivery]) -> ExitCode:
    """That of a refusal, if there was one, since trying again does not help."""
    codes = {exit_code_of(delivery.error) for delivery in deliveries if delivery.error is not None}
    return ExitCode.REFUSED if ExitCode.REFUSED in codes else ExitCode.NETWORK

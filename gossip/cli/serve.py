"""``gossip serve``: a peer that runs until it is told to stop."""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from gossip.cli.events import EventPrinter
from gossip.cli.peer_options import acts_as_peer
from gossip.cli.report import Json, Report, reporting
from gossip.errors import ClosedError, ConfigurationError

if TYPE_CHECKING:
    from gossip.api.comm import Comm, Subscription
    from gossip.node.settings import PeerSettings
    from gossip.types import PkiId


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether messages that carry a nonce are answered, and with which refusal, if any."""

    is_wanted: bool
    refusal: str | None


@acts_as_peer
def serve(
    settings: "PeerSettings",
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where to listen; port 0 takes a free one.")],
    watch_interval: Annotated[
        float, typer.Option(min=0.0, help="Seconds between looks for changed files; 0 looks on SIGHUP alone.")
    ] = 10.0,
    ack: Annotated[bool, typer.Option("--ack", help="Acknowledge every message that asks for it.")] = False,
    nack: Annotated[str | None, typer.Option(metavar="TEXT", help="Refuse every message with this text.")] = None,
    as_json: Json = False,
) -> None:
    """Run a peer until SIGINT or SIGTERM, and print what happens.

    SIGHUP takes up changed MSP folders, CRLs and TLS files at once.
    """
    if ack and nack is not None:
        raise typer.BadParameter("--ack and --nack exclude each other")
    answer = Answer(is_wanted=ack or nack is not None, refusal=nack)
    with reporting(as_json) as report:
        asyncio.run(_serve(report, replace(settings, listen=listen), answer, watch_interval))


async def _serve(report: Report, settings: "PeerSettings", answer: Answer, watch_interval_s: float) -> None:
    from gossip.clock import SystemClock
    from gossip.node.peer import open_peer
    from gossip.node.watch import watch

    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_stop.set)
    printer = EventPrinter(report)
    async with open_peer(settings, observer=printer) as peer, asyncio.TaskGroup() as group:

        def reload() -> None:
            try:
                peer.reload()
            except ConfigurationError as error:
                printer.event("reload_failed", reason=str(error))
            else:
                printer.event("reloaded", pki_id=peer.comm.get_pki_id())

        jobs = [
            _print_messages(peer.comm, printer, answer),
            _print_notices(peer.comm.presumed_dead(), printer, "dead"),
            _print_notices(peer.comm.identity_switch(), printer, "identity_switch"),
        ]
        if watch_interval_s > 0:
            jobs.append(watch(settings, reload, SystemClock(), watch_interval_s))
        running = [group.create_task(job) for job in jobs]
        loop.add_signal_handler(signal.SIGHUP, reload)
        printer.ready(peer.endpoint, peer.comm.get_pki_id(), settings.mspid)
        await told_to_stop.wait()
        for task in running:
            task.cancel()
    printer.event("stopped")


async def _print_messages(comm: "Comm", printer: EventPrinter, answer: Answer) -> None:
    with comm.accept(lambda _: True) as messages:
        async for message in messages:
            printer.received(message)
            if not answer.is_wanted or not message.get_gossip_message().nonce:
                continue
            with suppress(ClosedError):
                await message.ack(answer.refusal)


async def _print_notices(notices: "Subscription[PkiId]", printer: EventPrinter, name: str) -> None:
    with notices:
        async for pki_id in notices:
            printer.event(name, pki_id=pki_id)

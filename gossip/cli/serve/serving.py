"""What ``gossip serve`` does from its start to its end."""

import asyncio
import sys
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from gossip.api.comm import Comm, ReceivedMessage, Subscription
from gossip.cli.answering import Answer, Answering
from gossip.cli.serve.event_lines import READER_TIMEOUT_S
from gossip.cli.serve.events import EventPrinter
from gossip.cli.serve.log_lines import logging_without_waiting
from gossip.cli.serve.reloading import Reloading
from gossip.cli.serve.service_manager import READY, STOPPING, notify
from gossip.cli.serve.told import Told
from gossip.clock import SystemClock
from gossip.errors import ConfigurationError
from gossip.node.logs.control import LogControl
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.node.watch import fingerprint, reload_when_asked, watch, watched_paths
from gossip.operations.figures import Figures
from gossip.types import PkiId

EXTRA = ("prometheus_client", "h11")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How to serve.

    Attributes:
        answer: What messages that ask for it are answered.
        watch_interval_s: Seconds between looks for changed files; 0 never looks.
        operations: Where figures and health are served; None for nowhere.
        log: The process's log, which learns the names of peers.
    """

    answer: Answer
    watch_interval_s: float
    operations: str | None
    log: LogControl


async def serve_until_told(settings: PeerSettings, options: ServeOptions, *, as_json: bool) -> None:
    """Run a peer until SIGINT or SIGTERM, and print what happens.

    Raises:
        ConfigurationError: The settings or options cannot be used.
        BrokenPipeError: Nobody reads what is printed any more, which ends the peer too.

    Cancellation: nothing is left open.
    """
    told = Told()
    printer = EventPrinter(sys.stdout, told.stop, as_json=as_json)
    async with logging_without_waiting(options.log, sys.stderr):
        await _serve(settings, options, printer, told)
        told.be_deaf()
        printer.event("stopped")
        with suppress(TimeoutError):
            await asyncio.wait_for(printer.reader_takes(), READER_TIMEOUT_S)
    if printer.broken_pipe is not None:
        raise printer.broken_pipe


async def _serve(settings: PeerSettings, options: ServeOptions, printer: EventPrinter, told: Told) -> None:
    figures, clock = Figures(), SystemClock()
    paths = watched_paths(settings)
    loaded = fingerprint(paths)
    async with AsyncExitStack() as opened:
        async with told.giving_up():
            peer = await opened.enter_async_context(open_peer(settings, metrics=figures, observer=printer))
            operations = await _serve_operations(opened, options, peer, figures, clock)
        if not told.to_stop.is_set():
            options.log.know(peer.identities.identity_info)
            tasks = await opened.enter_async_context(asyncio.TaskGroup())
            reloading = Reloading(peer, printer)
            looking = (
                tasks.create_task(watch(paths, loaded, reloading.reload, clock, options.watch_interval_s)),
                tasks.create_task(reload_when_asked(told.to_reload, reloading.reload_as_asked, clock)),
            )
            printing = _begin_printing(peer.comm, printer, Answering(peer.comm, options.answer, tasks), tasks)
            printer.ready(peer.endpoint, peer.comm.get_pki_id(), settings.mspid, operations)
            notify(READY)
            await told.to_stop.wait()
            notify(STOPPING)
            for task in looking:
                task.cancel()
            await peer.stop()  # which ends the subscriptions, and with them their tasks, unless nobody reads them
            await asyncio.wait([printing], timeout=READER_TIMEOUT_S)
            printing.cancel()


async def _serve_operations(
    opened: AsyncExitStack, options: ServeOptions, peer: Peer, figures: Figures, clock: SystemClock
) -> str | None:
    if options.operations is None:
        return None
    try:
        from gossip.operations.operations import serve_operations  # here, since the extra may be missing
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        text = f"--operations needs {error.name}: pip install 'fabric-gossip[metrics]'"
        raise ConfigurationError(text) from error
    try:
        return await opened.enter_async_context(serve_operations(options.operations, peer, figures, clock, options.log))
    except ConfigurationError as error:
        raise ConfigurationError(str(error), path="--operations") from error


def _begin_printing(
    comm: Comm, printer: EventPrinter, answering: Answering, tasks: asyncio.TaskGroup
) -> asyncio.Task[None]:
    """Print what comes until its subscription ends; the task is that of messages, which may wait for who reads them."""
    tasks.create_task(_print_notices(comm.presumed_dead(), printer, "dead"))
    tasks.create_task(_print_notices(comm.identity_switch(), printer, "identity_switch"))
    return tasks.create_task(_print_messages(comm.accept(lambda _: True), printer, answering))


async def _print_messages(messages: Subscription[ReceivedMessage], printer: EventPrinter, answering: Answering) -> None:
    with messages:
        async for message in messages:
            await printer.reader_takes()  # what waits meanwhile is bounded, and none of it is lost
            printer.received(message)
            answering.answer(message)
            del message  # it and its content are twice a hundred MiB, perhaps, until somebody says something else


async def _print_notices(notices: Subscription[PkiId], printer: EventPrinter, name: str) -> None:
    with notices:
        async for pki_id in notices:
            printer.event(name, pki_id=pki_id)

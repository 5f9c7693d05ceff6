"""What ``gossip serve`` does from its start to its end."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from gossip.api.comm import Comm, Subscription
from gossip.cli.answering import Answer, Answering
from gossip.cli.events import EventPrinter
from gossip.cli.reloading import Reloading
from gossip.cli.service_manager import READY, STOPPING, notify
from gossip.clock import SystemClock
from gossip.errors import ConfigurationError
from gossip.node.logs.control import LogControl
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.node.watch import fingerprint, reload_when_asked, watch, watched_paths
from gossip.operations.figures import Figures
from gossip.types import PkiId

EXTRA = ("prometheus_client", "h11")
READER_TIMEOUT_S = 2.0
"""How long whoever reads the events may take for the last of them."""


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
    loop = asyncio.get_running_loop()
    told_to_stop, told_to_reload = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told_to_stop.set)
    loop.add_signal_handler(signal.SIGHUP, told_to_reload.set)
    printer = EventPrinter(sys.stdout, told_to_stop.set, as_json=as_json)
    figures, clock = Figures(), SystemClock()
    paths = watched_paths(settings)
    loaded = fingerprint(paths)
    async with (
        open_peer(settings, metrics=figures, observer=printer) as peer,
        _operations(options, peer, figures, clock) as operations,
        asyncio.TaskGroup() as tasks,
    ):
        options.log.know(peer.identities.identity_info)
        reloading = Reloading(peer, printer)
        looking = (
            tasks.create_task(watch(paths, loaded, reloading.reload, clock, options.watch_interval_s)),
            tasks.create_task(reload_when_asked(told_to_reload, reloading.reload_as_asked, clock)),
        )
        answering = Answering(peer.comm, options.answer, tasks)
        printing = tasks.create_task(_print_messages(peer.comm, printer, answering))
        tasks.create_task(_print_notices(peer.comm.presumed_dead(), printer, "dead"))
        tasks.create_task(_print_notices(peer.comm.identity_switch(), printer, "identity_switch"))
        printer.ready(peer.endpoint, peer.comm.get_pki_id(), settings.mspid, operations)
        notify(READY)
        await told_to_stop.wait()
        notify(STOPPING)
        for task in looking:
            task.cancel()
        await peer.stop()  # which ends the subscriptions, and with them the tasks, unless nobody reads what is printed
        await asyncio.wait([printing], timeout=READER_TIMEOUT_S)
        printing.cancel()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)  # or one that comes while Python winds up would be how this ended
    printer.event("stopped")
    with suppress(TimeoutError):
        await asyncio.wait_for(printer.reader_takes(), READER_TIMEOUT_S)
    if printer.broken_pipe is not None:
        raise printer.broken_pipe


@asynccontextmanager
async def _operations(
    options: ServeOptions, peer: Peer, figures: Figures, clock: SystemClock
) -> AsyncIterator[str | None]:
    if options.operations is None:
        yield None
        return
    try:
        from gossip.operations.operations import serve_operations  # here, since the extra may be missing
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        text = f"--operations needs {error.name}: pip install 'fabric-gossip[metrics]'"
        raise ConfigurationError(text) from error
    async with serve_operations(options.operations, peer, figures, clock, options.log) as where:
        yield where


async def _print_messages(comm: Comm, printer: EventPrinter, answering: Answering) -> None:
    with comm.accept(lambda _: True) as messages:
        async for message in messages:
            await printer.reader_takes()  # what waits meanwhile is bounded, and none of it is lost
            printer.received(message)
            answering.answer(message)
            del message  # it and its content are twice a hundred MiB, perhaps, until somebody says something else


async def _print_notices(notices: Subscription[PkiId], printer: EventPrinter, name: str) -> None:
    with notices:
        async for pki_id in notices:
            printer.event(name, pki_id=pki_id)

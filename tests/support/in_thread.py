"""Whole peers that listen on loopback, each in a thread of its own, for commands that run in this process."""

import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.metrics import Metrics
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from tests.support.organizations import organization_folder, peer_folder

TlsCas = tuple[int, ...]


def tls_of(number: int = 1, *, folder: Path | None = None, trusts: TlsCas = (1, 2)) -> TlsFiles:
    """What peer0 of an organisation presents, and whose TLS CAs it trusts."""
    folder = (folder or peer_folder(number)) / "tls"
    roots = tuple(organization_folder(each) / "msp" / "tlscacerts" for each in trusts)
    return TlsFiles(folder / "server.crt", folder / "server.key", roots)


def peer_settings(
    number: int = 1, *, folder: Path | None = None, mspid: str | None = None, trusts: TlsCas = (1, 2)
) -> PeerSettings:
    """Peer0 of an organisation, which knows the other one of the two and trusts the TLS CAs ``trusts``."""
    folder = folder or peer_folder(number)
    mspid = mspid or f"Org{number}MSP"
    return PeerSettings(
        mspid=mspid,
        msp_dir=folder / "msp",
        tls=tls_of(number, folder=folder, trusts=trusts),
        listen="127.0.0.1:0",
        organizations={
            f"Org{each}MSP": organization_folder(each) / "msp" for each in (1, 2) if f"Org{each}MSP" != mspid
        },
    )


async def nothing_more(_: Peer) -> None:
    """What a peer does that only listens."""


@contextmanager
def listening(
    settings: PeerSettings,
    at_once: Callable[[Peer], Awaitable[None]] = nothing_more,
    metrics: Metrics | None = None,
) -> Iterator[str]:
    """A peer that listens and has done ``at_once``; yields its endpoint."""
    started: queue.Queue[tuple[str, asyncio.AbstractEventLoop, asyncio.Event] | BaseException] = queue.Queue()

    async def run() -> None:
        end = asyncio.Event()
        try:
            async with open_peer(settings, metrics=metrics) as peer:
                await at_once(peer)
                started.put((peer.endpoint, asyncio.get_running_loop(), end))
                await end.wait()
        except BaseException as error:
            started.put(error)
            raise

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    outcome = started.get(timeout=10)
    if isinstance(outcome, BaseException):
        thread.join()
        raise outcome
    endpoint, loop, end = outcome
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()

"""Two peers, one of them a process of its own, and what is noted when something between or in them fails."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gossip import DialOptions, Peer, RemotePeer, open_peer
from gossip.api.comm import Subscription
from gossip.api.results import SendResult
from gossip.clock import Clock
from gossip.msp.authority import IssuedMember, Role, Validity, write_local_msp, write_tls
from gossip.types import PkiId
from tests.support.organizations import organization, peer_folder
from tests.support.peers import data_message
from tests.support.real_peers import settings
from tests.support.served import Served, peer_options

LOOPBACK = "loopback"
QUICK = DialOptions(dial_timeout_s=1.0, keepalive_interval_s=0.5, keepalive_timeout_s=0.5)
"""As Fabric's, but that a dead connection is noticed after 1 s in place of 80 s."""


@dataclass(frozen=True)
class Row:
    """What came of one failure."""

    fault: str
    where: str
    announced: str
    after_s: float | None
    lost: str
    heals: str


@asynccontextmanager
async def our_peer(
    dial: DialOptions = QUICK, *, listen: str | None = None, folder: Path | None = None, clock: Clock | None = None
) -> AsyncIterator[Peer]:
    """peer0 of Org1 in this process."""
    async with open_peer(replace(settings(1, listen=listen, folder=folder), dial=dial), clock=clock) as peer:
        yield peer


@asynccontextmanager
async def their_peer(
    listen: str = "127.0.0.1:0", *, folder: Path | None = None, prefix: Sequence[str] = ()
) -> AsyncIterator[Served]:
    """A peer of Org2 as a process that acknowledges; ``prefix`` is a command that runs it."""
    options = [*peer_options(2, folder=folder or peer_folder(2)), f"--listen={listen}", "--ack", "--watch-interval=0"]
    command = [*prefix, sys.executable, "-m", "gossip.cli.main", "serve", "--json", *options]
    with start(command) as process:
        served = Served(process)
        try:
            await asyncio.to_thread(served.wait_ready)
            yield served
        finally:
            await asyncio.to_thread(served.stop)


def start(command: Sequence[str], output: Path | None = None) -> "subprocess.Popen[str]":
    """Start a process; what it says goes into pipes, or into a file."""
    if output is None:
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with output.open("wb") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, text=True)


def remote_of(served: Served) -> RemotePeer:
    """How the process is addressed."""
    return RemotePeer(served.endpoint, PkiId(bytes.fromhex(served.pki_id)))


async def send(ours: Peer, there: RemotePeer, data: bytes = b"", timeout_s: float = 10.0) -> SendResult:
    """Send one message with acknowledgement."""
    (result,) = await ours.comm.send_with_ack(data_message(data), timeout_s, 1, there)
    return result


async def send_and_hear(ours: Peer, there: RemotePeer) -> None:
    """Send one message, which must be acknowledged."""
    result = await send(ours, there)
    assert result.error is None, result.error


async def hear_of(news: Subscription[PkiId], pki_id: PkiId | None) -> float:
    """Wait until the peer is announced; gives the seconds that it took."""
    began_at_s = time.monotonic()
    assert await anext(news) == pki_id
    return time.monotonic() - began_at_s


async def check_silent(news: Subscription[PkiId]) -> None:
    """Nothing was announced."""
    hearing = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)
    assert not hearing.done()
    hearing.cancel()
    await asyncio.wait([hearing])


def issue(
    folder: Path, name: str = "peer9", *, number: int = 2, hosts: Sequence[str] = (), validity: Validity | None = None
) -> tuple[IssuedMember, Path]:
    """Issue another peer of an organisation, and write its folder."""
    issuer = organization(number)
    full_name = f"{name}.{issuer.domain}"
    own_hosts = (full_name, "localhost", "127.0.0.1", *hosts)
    member = issuer.issue(full_name, Role.PEER, hosts=own_hosts, validity=validity)
    write_local_msp(folder / "msp", issuer, member)
    write_tls(folder / "tls", issuer, member)
    return member, folder


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])

"""What happens to the machine that a peer runs on."""

import asyncio
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

from gossip import RemotePeer
from gossip.errors import TransportError
from tests.failures.rig import (
    LOOPBACK,
    Row,
    check_silent,
    free_port,
    our_peer,
    remote_of,
    send_and_hear,
    start,
    their_peer,
)
from tests.support.served import peer_options

FILES = 48


async def disk_full(_folder: Path) -> Row:
    """Neither its events nor its log can be written; it serves all the same."""
    there = RemotePeer(f"127.0.0.1:{free_port()}")
    options = [*peer_options(2), f"--listen={there.endpoint}", "--ack", "--json"]
    with start([sys.executable, "-m", "gossip.cli.main", "serve", *options], Path("/dev/full")) as process:
        try:
            async with our_peer() as ours:
                await _wait_listening(there)
                identity = await ours.comm.handshake(there)
                there = RemotePeer(there.endpoint, ours.identities.get_pki_id_of_cert(identity))
                with ours.comm.presumed_dead() as deaths:
                    for _ in range(10):
                        await send_and_hear(ours, there)
                    await check_silent(deaths)
                assert process.poll() is None
        finally:
            process.terminate()
            process.wait(10)
    assert process.returncode == 0
    return Row(
        "disk full, for its log and its events",
        LOOPBACK,
        "nothing",
        None,
        "its log and its events, until there is room",
        "it serves on",
    )


async def _wait_listening(there: RemotePeer) -> None:
    host, _, port = there.endpoint.rpartition(":")
    for _ in range(400):
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            await asyncio.sleep(0.05)  # nothing else tells, since it can say nothing
        else:
            writer.transport.abort()
            return
    raise AssertionError("it does not listen")


async def out_of_files(_folder: Path) -> Row:
    """Strangers take every file descriptor that a peer may have."""
    limited = ["prlimit", f"--nofile={FILES}:{FILES}"]
    async with their_peer(prefix=limited) as served, our_peer() as ours:
        there = remote_of(served)
        await send_and_hear(ours, there)
        with ours.comm.presumed_dead() as deaths:
            host, _, port = served.endpoint.rpartition(":")
            with ExitStack() as strangers:
                for _ in range(FILES + 8):
                    strangers.enter_context(socket.create_connection((host, int(port))))
                await send_and_hear(ours, there)
                refused = await _probe(there)
                await send_and_hear(ours, there)
            await check_silent(deaths)
            assert isinstance(refused, TransportError), refused
        await _until_probed(there)
    return Row(
        "no file descriptor left, taken by strangers",
        LOOPBACK,
        "nothing",
        None,
        "nothing; new peers: DialError, connections that stand go on",
        "by itself once strangers leave or are cut (after 5 s, if TLS is not up by then)",
    )


async def _probe(there: RemotePeer) -> TransportError | None:
    async with our_peer() as another:
        try:
            await another.comm.probe(there)
        except TransportError as error:
            return error
    return None


async def _until_probed(there: RemotePeer) -> None:
    for _ in range(20):
        if await _probe(there) is None:
            return
    raise AssertionError("nobody is let in any more")

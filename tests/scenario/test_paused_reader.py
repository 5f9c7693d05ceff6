"""``gossip serve --json`` while the program that reads its events, or its log, is paused."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from gossip import Peer, RemotePeer, open_peer
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.wire.signed import noop_sign
from tests.support.bounded import run_bounded
from tests.support.real_peers import settings
from tests.support.served import peer_options

MESSAGES = 1000
"""Their events take five times what a pipe holds."""
AT_ONCE = 100
"""As many as may wait for a dial."""

PIPE_BYTES, HANDSHAKES = 4096, 50
"""One of them fills a pipe of that size with what a log says of it at debug level."""


class Paused:
    """A running ``gossip serve --json`` whose events are read when the test says so."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self._read = b""

    def event(self) -> dict[str, object]:
        """The next event."""
        assert self.process.stdout is not None
        while b"\n" not in self._read:
            piece = os.read(self.process.stdout.fileno(), 64 * 1024)
            assert piece, "the peer has ended"
            self._read += piece
        line, _, self._read = self._read.partition(b"\n")
        event: dict[str, object] = json.loads(line)
        return event

    def received(self, count: int) -> list[object]:
        """The nonces of so many messages."""
        nonces: list[object] = []
        while len(nonces) < count:
            event = self.event()
            if event["event"] == "received":
                nonces.append(event["nonce"])
        return nonces


@contextmanager
def serving_paused(stderr: int | None = None) -> Iterator[tuple[Paused, str]]:
    command = [sys.executable, "-m", "gossip.cli.main", "serve", "--json", "--ack", "--listen=127.0.0.1:0"]
    with subprocess.Popen(
        [*command, *peer_options(1)], stdout=subprocess.PIPE, stderr=stderr, pipesize=PIPE_BYTES if stderr else -1
    ) as process:
        try:
            paused = Paused(process)
            yield paused, str(paused.event()["endpoint"])
        finally:
            process.kill()


async def send_numbered(sender: Peer, endpoint: str) -> RemotePeer:
    """Send so many messages that their events fill the pipe, and return when they have left."""
    there = RemotePeer(endpoint)
    identity = await sender.comm.handshake(there)
    there = RemotePeer(endpoint, sender.identities.get_pki_id_of_cert(identity))
    for nonce in range(1, MESSAGES + 1):
        message = GossipMessage(nonce=nonce, tag=Tag.EMPTY, data_msg=DataMessage(payload=Payload(seq_num=nonce)))
        sender.comm.send(noop_sign(message), there)
        if nonce % AT_ONCE == 0:
            await sender.comm.flush()
    return there


def test_the_peer_goes_on_and_no_message_is_lost() -> None:
    async def main() -> None:
        with serving_paused() as (paused, endpoint):
            async with open_peer(settings(2)) as busy, open_peer(settings(2, 1)) as other:
                await send_numbered(busy, endpoint)
                for _ in range(3):
                    await other.comm.handshake(RemotePeer(endpoint))

                nonces = await asyncio.to_thread(paused.received, MESSAGES)

            assert nonces == list(range(1, MESSAGES + 1))

    run_bounded(main, 60)


def test_a_peer_that_is_told_to_stop_does_not_wait_for_the_reader() -> None:
    async def main() -> None:
        with serving_paused() as (paused, endpoint):
            async with open_peer(settings(2)) as busy:
                there = await send_numbered(busy, endpoint)
                await busy.comm.probe(there)  # it has taken those that fill the pipe by now
                paused.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(paused.process.wait, 20) == 0

    run_bounded(main, 60)


def test_a_log_that_nobody_reads_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_LOGGING_SPEC", "debug")

    async def main() -> None:
        with serving_paused(stderr=subprocess.PIPE) as (paused, endpoint):
            async with open_peer(settings(2)) as other:
                for _ in range(HANDSHAKES):
                    await other.comm.handshake(RemotePeer(endpoint))
            paused.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(paused.process.wait, 20) == 0

    run_bounded(main, 60)


def test_a_peer_that_stops_does_not_wait_for_who_reads_its_log_of_what_cannot_be_written() -> None:
    terminal, events = os.openpty()
    unread, log = os.pipe()
    os.set_blocking(log, False)
    with suppress(BlockingIOError):
        while True:
            os.write(log, bytes(4096))
    os.set_blocking(log, True)
    command = [sys.executable, "-m", "gossip.cli.main", "serve", "--listen=127.0.0.1:0", *peer_options(1)]
    with subprocess.Popen(command, stdout=events, stderr=log) as process:
        for descriptor in (events, log):
            os.close(descriptor)
        try:
            assert b"ready" in os.read(terminal, 4096)
            os.close(terminal)  # so that the last event is what cannot be written first
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
            os.close(unread)

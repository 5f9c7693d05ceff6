"""``gossip serve`` as a process, with the events that it prints."""

import json
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tests.support.organizations import organization_folder, peer_folder

PATIENCE_S = 60.0
"""How long an event may take before the test fails; a machine under load is slow."""

Event = dict[str, object]


def peer_options(
    number: int = 1, index: int = 0, *, folder: Path | None = None, knows: tuple[int, ...] = (1, 2)
) -> list[str]:
    """The options by which a command acts as ``peerINDEX`` of ``orgNUMBER``; it knows these organisations.

    ``folder`` is a copy of the peer's folder that is used in its place.
    """
    folder = folder or peer_folder(number, index)
    options = [f"--msp-dir={folder / 'msp'}", f"--mspid=Org{number}MSP"]
    options += [f"--tls-cert={folder / 'tls' / 'server.crt'}", f"--tls-key={folder / 'tls' / 'server.key'}"]
    options += [f"--tls-ca={organization_folder(each) / 'msp' / 'tlscacerts'}" for each in (1, 2)]
    options += [f"--org=Org{each}MSP={organization_folder(each) / 'msp'}" for each in knows if each != number]
    return options


class Served:
    """A running ``gossip serve --json``."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.seen: list[Event] = []
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._warnings: list[str] = []
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = (
            threading.Thread(target=self._read_events, args=(process.stdout,)),
            threading.Thread(target=self._read_warnings, args=(process.stderr,)),
        )
        for reader in self._readers:
            reader.start()

    @property
    def endpoint(self) -> str:
        """Where it listens; known once it is ready."""
        return str(self._ready["endpoint"])

    @property
    def pki_id(self) -> str:
        """Its PKI-ID in hex when it got ready."""
        return str(self._ready["pki_id"])

    @property
    def stderr(self) -> str:
        """What it has logged; complete once it has ended."""
        return "".join(self._warnings)

    def wait_ready(self) -> None:
        """Wait until it listens."""
        self._ready = self.event("ready")

    def event(self, name: str) -> Event:
        """Wait for the next event of this name; those before it are passed over, and kept in ``seen``."""
        give_up_at_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                event = self._events.get(timeout=give_up_at_s - time.monotonic())
            except (queue.Empty, ValueError):
                event = None
            assert event is not None, f"no event {name!r} came after {self.seen}; stderr: {self.stderr}"
            self.seen.append(event)
            if event["event"] == name:
                return event

    def rest(self) -> list[Event]:
        """Stop it; the events that nobody waited for."""
        self.stop()
        events = []
        while (event := self._events.get(timeout=PATIENCE_S)) is not None:
            events.append(event)
        self._events.put(None)
        return events

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Tell it to stop and wait for its end; returns the exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            for reader in self._readers:
                reader.join()
        return code

    def _read_events(self, lines: TextIO) -> None:
        for line in lines:
            self._events.put(json.loads(line))
        self._events.put(None)

    def _read_warnings(self, lines: TextIO) -> None:
        self._warnings.extend(lines)


def start_serving(*options: str, listen: str = "127.0.0.1:0") -> Served:
    """Start a peer; the caller stops it."""
    command = [sys.executable, "-m", "gossip.cli.main", "serve", "--json", f"--listen={listen}", *options]
    return Served(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))


@contextmanager
def serving(*options: str, listen: str = "127.0.0.1:0") -> Iterator[Served]:
    """A peer that listens; stopped at the end, which must go well."""
    served = start_serving(*options, listen=listen)
    try:
        served.wait_ready()
        yield served
    finally:
        code = served.stop()
        for stream in (served.process.stdout, served.process.stderr):
            assert stream is not None
            stream.close()
    assert code in {0, -signal.SIGKILL}, served.stderr

"""One peer process, seen from the process that leads it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gossip.cli.demo.lines import Order, Settings, Target
from gossip.cli.demo.organizations import PeerHome
from gossip.errors import GossipError

PATIENCE_S = 30.0
"""How long a start, an answer or a report may take on a machine under load; then the demo has failed."""

END_S = 10.0

Facts = dict[str, object]


class DemoFailedError(GossipError):
    """Something did not happen as it should; the text says what."""


class PeerProcess:
    """Starts, leads and ends one peer."""

    def __init__(self, home: PeerHome) -> None:
        self.home = home
        self.endpoint = "127.0.0.1:0"
        self.pki_id = ""
        self._log = home.msp_dir.parent / "log"
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._orders = 0
        self._answers: dict[int, asyncio.Future[Facts]] = {}
        self._reports: deque[Facts] = deque()
        self._news = asyncio.Event()

    @property
    def name(self) -> str:
        """Short, as in ``peer0.org1``."""
        return self.home.name

    @property
    def pid(self) -> int:
        """The number of the process that runs now, or ran last."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the process and wait until the peer listens: where it did before, if it ran before.

        Raises:
            DemoFailedError: It does not get ready.

        Cancellation: close it all the same.
        """
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "gossip.cli.demo.peer"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the demo, which then ends its peers
            )
        self._reports.clear()
        self._reader = asyncio.get_running_loop().create_task(self._read(self._process), name=f"reader of {self.name}")
        self._write(_settings(self.home, self.endpoint))
        ready = await self.report("ready")
        self.endpoint, self.pki_id = str(ready["endpoint"]), str(ready["pki_id"])

    async def order(self, deed: str, *targets: "PeerProcess") -> Facts:
        """Let the peer do something with others, and wait for its answer.

        Raises:
            DemoFailedError: It could not, gave no answer, or has ended.

        Cancellation: the peer goes on.
        """
        self._check_running()
        self._orders += 1
        number = self._orders
        answer: asyncio.Future[Facts] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        to: list[Target] = [{"endpoint": target.endpoint, "pki_id": target.pki_id} for target in targets]
        self._write({"id": number, "do": deed, "to": to})
        what = f"{self.name}: {deed} with {', '.join(target.name for target in targets)}"
        try:
            async with asyncio.timeout(PATIENCE_S):
                facts = await answer
        except TimeoutError as error:
            raise DemoFailedError(f"{what}: no answer within {PATIENCE_S:g} s") from error
        finally:
            self._answers.pop(number, None)
        if not facts["ok"]:
            raise DemoFailedError(f"{what}: {facts['error']}")
        return facts

    async def report(self, event: str, **wanted: object) -> Facts:
        """Take the first report of an event with these facts, waiting for it.

        Raises:
            DemoFailedError: It does not come.

        Cancellation: nothing is taken.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for facts in self._reports:
                        if facts["event"] == event and wanted.items() <= facts.items():
                            self._reports.remove(facts)
                            return facts
                    self._check_running()
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise DemoFailedError(f"{self.name} did not report {event!r} within {PATIENCE_S:g} s") from error

    async def kill(self) -> None:
        """End the process with SIGKILL; nothing happens when it has ended.

        Cancellation: it is killed all the same.
        """
        if self._process is None or self._reader is None:
            return
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)  # Process.kill looks first, and asyncio misses the end then
        await self._process.wait()
        await self._reader

    async def stop(self) -> None:
        """Let the process end in order.

        Raises:
            DemoFailedError: It does not, or says that something went wrong.

        Cancellation: kill it all the same.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                code = await self._process.wait()
        except TimeoutError as error:
            raise DemoFailedError(f"{self.name} did not stop within {END_S:g} s") from error
        if code:
            raise DemoFailedError(f"{self.name} ended with exit code {code}{_last_line(self._log)}")

    def _check_running(self) -> None:
        if self._reader is None or self._reader.done():
            raise DemoFailedError(f"{self.name} has ended{_last_line(self._log)}")

    def _write(self, line: Settings | Order) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            facts = json.loads(line)
            if "event" in facts:
                self._reports.append(facts)
                self._news.set()
            elif (answer := self._answers.get(facts["id"])) is not None and not answer.done():
                answer.set_result(facts)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result({"ok": False, "error": f"the process has ended{_last_line(self._log)}"})
        self._news.set()


def _settings(home: PeerHome, listen: str) -> Settings:
    return {
        "mspid": home.mspid,
        "msp_dir": str(home.msp_dir),
        "tls_certificate": str(home.tls.certificate),
        "tls_key": str(home.tls.key),
        "tls_roots": list(map(str, home.tls.roots)),
        "organizations": {mspid: str(folder) for mspid, folder in home.organizations.items()},
        "listen": listen,
    }


def _last_line(log: Path) -> str:
    lines: Sequence[str] = log.read_text(errors="replace").splitlines()
    return f": {lines[-1]}" if lines else ""

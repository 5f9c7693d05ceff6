"""Runs the shell blocks of a page as a reader would, with free ports in place of those that it names."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from tests.support.documents import Block

TIME_LIMIT_S = 60.0
PORT = re.compile(r"\b(?P<host>127\.0\.0\.1|localhost):(?P<port>\d{4,5})\b")


def free_port() -> str:
    """A port of this machine that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Terminal:
    """A folder to type in; leaving it ends what still runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ports: dict[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def real(self, text: str) -> str:
        """``text`` with the ports that stand for those in it."""
        return PORT.sub(lambda found: f"{found['host']}:{self._ports.setdefault(found['port'], free_port())}", text)

    def write(self, name: str, text: str) -> None:
        """Write a file of the page."""
        (self.folder / name).write_text(self.real(text), encoding="utf-8")

    def run(self, block: Block) -> str:
        """Run a block as a script, to its end, or until it is ready to serve; returns what it printed."""
        script = self.real(block.text)
        before, serve, options = f"\n{script}".rpartition("\ngossip serve ")
        if serve:
            return self._stack.enter_context(self._serving(f"{before}\nexec gossip serve {options}"))
        with self._started(script) as process:
            output, _ = process.communicate(timeout=TIME_LIMIT_S)
        assert process.returncode == 0, f"line {block.line}: exit code {process.returncode}\n{script}\n{output}"
        return output

    def missing_lines(self, expected: str, output: str) -> list[str]:
        """The lines of ``expected`` that no line of ``output`` is; ``…`` is anything, and blanks are as good as one."""
        lines = [" ".join(line.split()) for line in output.splitlines()]
        wanted = [" ".join(line.split()) for line in self.real(expected).splitlines() if line.strip()]
        patterns = {line: re.compile(".*".join(map(re.escape, line.split("…")))) for line in wanted}
        return [line for line, pattern in patterns.items() if not any(map(pattern.fullmatch, lines))]

    @contextmanager
    def _serving(self, script: str) -> Iterator[str]:
        with self._started(script) as process:
            assert process.stdout is not None
            seen = []
            deadline = threading.Timer(TIME_LIMIT_S, process.kill)
            deadline.start()
            for line in process.stdout:
                seen.append(line)
                if " ready " in line:
                    break
            deadline.cancel()
            assert " ready " in "".join(seen[-1:]), f"it does not serve\n{script}\n{''.join(seen)}"
            yield "".join(seen)
            process.terminate()
            process.stdout.read()
            assert process.wait(TIME_LIMIT_S) == 0

    @contextmanager
    def _started(self, script: str) -> Iterator["subprocess.Popen[str]"]:
        """A shell in our folder, killed at the end."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        with subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=os.environ | {"PATH": path, "PYTHONUNBUFFERED": "1", "COLUMNS": "200", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

"""The README's example does what the README says, word for word but for the port."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text()


def block(language: str, containing: str) -> str:
    """The one fenced block in this language with this text in it."""
    blocks: list[str] = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (found,) = [text for text in blocks if containing in text]
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(script: str, folder: Path) -> Iterator[None]:
    """A shell script whose last command runs until it is stopped, past the line by which it says that it is ready."""
    command, last = script.rsplit("\ngossip serve", 1)
    bin_folder = Path(sys.executable).parent
    with subprocess.Popen(
        ["bash", "-euc", f"{command}\nexec gossip serve{last}"],
        cwd=folder,
        env=os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if " ready " in line:
                    break
            yield
        finally:
            process.terminate()
            process.stdout.read()
            assert process.wait(10) == 0


def test_the_example_talks_to_a_peer(tmp_path: Path) -> None:
    port = f"127.0.0.1:{free_port()}"
    with running(block("sh", "gossip crypto").replace("127.0.0.1:7051", port), tmp_path):
        example = tmp_path / "example.py"
        example.write_text(block("python", "open_peer").replace("127.0.0.1:7051", port))
        done = subprocess.run(
            [sys.executable, "-W", "error", example],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(rf"{port}, PKI-ID [0-9a-f]{{64}}: acknowledged\n", done.stdout)

"""Make the pictures of the README: real runs of ``gossip`` in a terminal, drawn by rich.

Run it with ``make pictures``.
"""

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
GOSSIP = Path(sys.executable).with_name("gossip")
COLUMNS = 118
WIDE = 190

SET_UP = """
gossip crypto --out crypto --org Org1 --org Org2 > /dev/null
for number in 1 2; do
  cp -r crypto/peerOrganizations/org$number.example.com/peers/peer0.org$number.example.com peer0.org$number
done
"""

SERVE = """
gossip serve --listen 127.0.0.1:0 --mspid Org2MSP --msp-dir peer0.org2/msp --tls-cert peer0.org2/tls/server.crt
--tls-key peer0.org2/tls/server.key --tls-ca peer0.org2/tls/ca.crt
--org Org1MSP=crypto/peerOrganizations/org1.example.com/msp
"""
CORE_YAML = """\
peer:
  localMspId: Org1MSP
  mspConfigPath: peer0.org1/msp
  tls:
    enabled: true
    cert:
      file: peer0.org1/tls/server.crt
    key:
      file: peer0.org1/tls/server.key
    rootcert:
      file: peer0.org1/tls/ca.crt
"""

LIVE_REDRAW = "\x1b[2K"
"""What rich erases a line with before it draws the next picture of something that lives."""

# Pictures in a page may not load fonts, and a reader's own are as good.
SVG_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """One run; ``shown`` is the command line that the picture shows, where the real one is too long."""

    name: str
    columns: int
    take: Callable[[], str]
    shown: str


def type_in(command: str, columns: int) -> str:
    """Run a command in a terminal of so many columns; what is on the screen at its end, with its colours."""
    ours, theirs = pty.openpty()
    environment = os.environ | {
        "COLUMNS": str(columns),
        "LINES": "60",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }
    with subprocess.Popen(
        [GOSSIP, *command.split()[1:]], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = b"".join(_read_to_end(ours))
        process.wait()
    os.close(ours)
    return written.decode().replace("\r\n", "\n").rpartition(LIVE_REDRAW)[2]


def _read_to_end(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side of a terminal is closed
            return


@contextmanager
def serving() -> Iterator[str]:
    """A peer of Org2; yields its endpoint."""
    with subprocess.Popen(
        [GOSSIP, *SERVE.split()[1:]], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        if process.stdout is None:
            raise RuntimeError("no output to read")
        endpoint = re.search(r"endpoint=(\S+)", process.stdout.readline())
        if endpoint is None:
            raise RuntimeError("the peer did not get ready")
        try:
            yield endpoint[1]
        finally:
            process.terminate()


def take_diagnose() -> str:
    """A peer of Org1 that was told nothing of Org2."""
    Path("core.yaml").write_text(CORE_YAML, encoding="utf-8")
    with serving() as endpoint:
        return type_in(f"gossip diagnose --config core.yaml {endpoint}", COLUMNS).replace(endpoint, "127.0.0.1:7051")


def take_msp_check() -> str:
    """A folder with another peer's key, and a TLS key that everybody may read."""
    broken = Path("broken")
    shutil.copytree("peer0.org1", broken)
    shutil.copy("peer0.org2/msp/keystore/priv_sk", broken / "msp/keystore/priv_sk")
    broken.joinpath("tls/server.key").chmod(0o644)
    return type_in("gossip msp check broken/msp", WIDE)


PICTURES = [
    Picture("demo", COLUMNS, lambda: type_in("gossip demo", COLUMNS), "gossip demo"),
    Picture("diagnose", COLUMNS, take_diagnose, "gossip diagnose --config core.yaml 127.0.0.1:7051"),
    Picture("msp-check", WIDE, take_msp_check, "gossip msp check broken/msp"),
]


def draw(picture: Picture) -> str:
    """Run what the picture shows, and draw it."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # rich draws what it prints, and nobody reads that here
        console = Console(record=True, width=picture.columns, file=nowhere, force_terminal=True)
        console.print(Text.assemble(("$ ", "green"), picture.shown))
        console.print(Text.from_ansi(picture.take().strip("\n")))
    return console.export_svg(title=picture.shown.partition(" -")[0], code_format=SVG_FORMAT, unique_id=picture.name)


def main() -> None:
    """Write every picture beside this file."""
    here = HERE.resolve()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        subprocess.run(
            ["bash", "-ec", SET_UP], check=True, env=os.environ | {"PATH": f"{GOSSIP.parent}:{os.environ['PATH']}"}
        )
        for picture in PICTURES:
            (here / f"{picture.name}.svg").write_text(draw(picture), encoding="utf-8")


if __name__ == "__main__":
    main()

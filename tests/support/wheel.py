"""The wheel, and an environment with nothing but what a user installs; each is made once a run."""

import atexit
import shutil
import subprocess
import sys
import tempfile
import venv
from functools import cache
from pathlib import Path

from tests.support.source import ROOT


def output_of(*command: str | Path, cwd: Path | None = None, may_fail: bool = False) -> str:
    """What a command prints; it has to end well unless it may fail."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)
    assert may_fail or done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def built_wheel() -> Path:
    """The wheel of the source as it is."""
    target = _temporary_folder()
    output_of(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT)
    (built,) = target.glob("*.whl")
    return built


@cache
def users_environment() -> Path:
    """The ``bin`` folder of an environment with the wheel, its command and its metrics."""
    folder = _temporary_folder()
    venv.create(folder, with_pip=True)
    wheel = f"{built_wheel()}[cli,metrics]"
    output_of(folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return folder / "bin"


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gossip-wheel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder

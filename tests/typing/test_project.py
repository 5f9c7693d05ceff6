"""A user's project passes strict checkers against the wheel, and they see through to our types."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.support.wheel import output_of, users_environment

PROJECT = Path(__file__).parent / "project"

MISTAKES = [
    ("return OrgIdentityType(region.encode())", "return region", '"str"'),
    ("await received.ack()", "received.ack()", "(must be|is not) used"),
    ("counter[received.get_connection_info().pki_id]", "counter[received.get_connection_info().identity]", "PkiId"),
    ('mspid="Org1MSP", msp_dir', 'mspid=b"Org1MSP", msp_dir', "mspid"),
    ("ours: SecurityAdvisor = RegionAdvisor(", "ours: SecurityAdvisor = RefusalCounter(", "RefusalCounter"),
    ("data_msg=DataMessage(", "data_msg=Payload(", "data_msg"),
]
"""Something right in regions.py, something wrong in its place, and a pattern that both checkers' complaints have."""


@cache
def pyright_is_missing() -> str | None:
    """Why pyright cannot run, if it cannot: it needs node."""
    if shutil.which("node") is None:
        return "pyright needs node, which is not on this machine"
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--version"], capture_output=True, text=True, timeout=120, check=False
    )
    return None if done.returncode == 0 else f"pyright does not run: {done.stderr.strip()[-200:] or done.stdout}"


def mypy(folder: Path) -> list[str]:
    """The complaints of mypy, which reads our settings and nobody else's."""
    python = f"--python-executable={users_environment() / 'python'}"
    options = ("--config-file=pyproject.toml", "--no-error-summary", f"--cache-dir={folder / 'cache'}", python)
    return output_of(sys.executable, "-m", "mypy", *options, "regions.py", cwd=folder, may_fail=True).splitlines()


def pyright(folder: Path) -> list[str]:
    """The complaints of pyright."""
    reason = pyright_is_missing()
    if reason is not None:
        pytest.skip(reason)
    python = f"--pythonpath={users_environment() / 'python'}"
    said = output_of(sys.executable, "-m", "pyright", python, "--outputjson", cwd=folder, may_fail=True)
    return [f"{each['severity']}: {each['message']}" for each in json.loads(said)["generalDiagnostics"]]


CHECKERS = pytest.mark.parametrize("check", [mypy, pyright])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy away from our own source."""
    return Path(shutil.copytree(PROJECT, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__")))


def test_it_depends_on_the_wheel_alone(project: Path) -> None:
    where = output_of(
        users_environment() / "python",
        "-W",
        "error",
        "-c",
        "import regions, gossip; print(gossip.__file__)",
        cwd=project,
    )
    assert Path(where.strip()).is_relative_to(users_environment().parent)


@CHECKERS
def test_it_has_no_mistake(check: Callable[[Path], list[str]], project: Path) -> None:
    assert check(project) == []


@CHECKERS
def test_mistakes_are_found(check: Callable[[Path], list[str]], project: Path) -> None:
    """All at once, since each run takes seconds."""
    program = project / "regions.py"
    text = program.read_text(encoding="utf-8")
    for right, wrong, _ in MISTAKES:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    program.write_text(text, encoding="utf-8")

    complaints = check(project)

    for _, wrong, said in MISTAKES:
        assert any(re.search(said, complaint) for complaint in complaints), f"{wrong}: {complaints}"

"""The wheel as a user gets it: installed in an empty environment, imported, type-checked against, and run."""

import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.source import ROOT
from tests.support.wheel import built_wheel, output_of, users_environment

PROGRAM = """
from gossip import PeerSettings, RemotePeer
from gossip.messages import GossipMessage

peer: RemotePeer = RemotePeer("127.0.0.1:7051")
settings = PeerSettings(mspid="Org1MSP")
message: GossipMessage = GossipMessage(nonce="one")
"""


@pytest.fixture(scope="module")
def wheel() -> Path:
    return built_wheel()


@pytest.fixture(scope="module")
def environment() -> Path:
    return users_environment()


def test_it_holds_the_two_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"gossip", "gossip_protos"}
    assert {"gossip/py.typed", "gossip_protos/py.typed"} <= set(names)
    for package, folder in (("gossip", ROOT), ("gossip_protos", ROOT / "gen")):
        sources = {path.relative_to(folder).as_posix() for path in folder.glob(f"{package}/**/*.py")}
        assert sources == {name for name in names if name.startswith(f"{package}/") and name.endswith(".py")}


def test_every_module_imports_without_warnings(environment: Path) -> None:
    walk = (
        "import importlib, pkgutil, gossip, gossip_protos\n"
        "for package in (gossip, gossip_protos):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if module.name not in OPTIONAL:\n"
        "            importlib.import_module(module.name)\n"
        "print([getattr(gossip, name) is not None for name in gossip.__all__].count(True) == len(gossip.__all__))\n"
    )
    program = walk.replace("OPTIONAL", repr(("gossip.cli.main.__main__",)))
    assert output_of(environment / "python", "-W", "error", "-I", "-c", program) == "True\n"


def test_the_command_runs(environment: Path) -> None:
    assert output_of(environment / "gossip", "--version").startswith("gossip 0.")


def test_mypy_sees_its_types(environment: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    python = f"--python-executable={environment / 'python'}"
    found = output_of(sys.executable, "-m", "mypy", "--strict", python, program, cwd=tmp_path, may_fail=True)
    assert [line.partition(": ")[2] for line in found.splitlines()[:2]] == [
        'error: Missing positional argument "msp_dir" in call to "PeerSettings"  [call-arg]',
        'error: Argument "nonce" to "GossipMessage" has incompatible type "str"; expected "int"  [arg-type]',
    ]
    assert found.splitlines()[2:] == ["Found 2 errors in 1 file (checked 1 source file)"]

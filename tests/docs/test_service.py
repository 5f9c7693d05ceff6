"""The files that run a peer as a service name what there is."""

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import typer

from gossip.cli.commands import app
from gossip.node.peer import open_peer
from gossip.node.settings import PeerSettings
from gossip.operations.exporter import Exporter
from gossip.operations.figures import Figures
from tests.support.bounded import run_bounded
from tests.support.fake_clock import FakeClock
from tests.support.organizations import peer_folder
from tests.support.source import ROOT

SERVICE = ROOT / "docs" / "service"
METRIC = re.compile(r"\b(?:gossip_comm|fabric_gossip|process)_\w+")


@pytest.fixture(scope="module")
def exported() -> set[str]:
    """The name of every sample that a peer's /metrics has."""
    texts: list[str] = []

    async def main() -> None:
        async with open_peer(PeerSettings("Org1MSP", peer_folder(1) / "msp")) as peer:
            texts.append(Exporter(Figures(), peer, FakeClock(datetime.now(UTC))).render().decode())

    run_bounded(main)
    return {line.partition(" ")[0].partition("{")[0] for line in texts[0].splitlines() if not line.startswith("#")}


def expressions(dashboard: dict[str, object]) -> Iterator[str]:
    """Every query of a dashboard, those of its variables too."""
    for key, value in dashboard.items():
        if key in {"expr", "query"} and isinstance(value, str):
            yield value
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from expressions(inner)


def test_the_dashboard_shows_what_is_exported_and_all_of_ours(exported: set[str]) -> None:
    dashboard = json.loads((SERVICE / "grafana.json").read_text(encoding="utf-8"))
    shown = {name for query in expressions(dashboard) for name in METRIC.findall(query)}

    assert shown <= exported
    assert {name for name in exported if "gossip_" in name} <= shown


def test_the_page_lists_every_event() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "service.md").read_text(), re.MULTILINE))
    files = ("events.py", "reloading.py", "serving.py")
    source = "".join((ROOT / "gossip" / "cli" / "serve" / name).read_text() for name in files)
    told = re.findall(r'(?:event\(|printer, |_line\()"(\w+)"', source) + re.findall(r'"(\w+)" if outgoing', source)

    assert listed == {*told, "accepted"}


def serve_options() -> set[str]:
    """What ``gossip serve`` takes."""
    serve = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]  # a group, since it has many
    return {option for parameter in serve.params for option in parameter.opts}


def test_the_unit_starts_a_command_that_there_is() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names keep their case
    unit.read_string((SERVICE / "gossip.service").read_text(encoding="utf-8").replace("\\\n", ""))
    program, command, *rest = shlex.split(unit["Service"]["ExecStart"])

    assert (program, command) == ("/opt/gossip/bin/gossip", "serve")
    assert {word for word in rest if word.startswith("--")} <= serve_options()
    assert unit["Service"]["ExecReload"].endswith("-HUP $MAINPID")


def test_the_container_starts_a_command_that_there_is() -> None:
    text = (SERVICE / "Containerfile").read_text(encoding="utf-8")
    program, command, *rest = json.loads(re.findall(r"^ENTRYPOINT (.*)$", text, re.MULTILINE)[0])

    assert (program, command) == ("/opt/gossip/bin/gossip", "serve")
    assert {word for word in rest if word.startswith("--")} <= serve_options()

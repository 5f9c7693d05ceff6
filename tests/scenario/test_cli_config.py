"""Commands that get their settings from a core.yaml."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.cli import run, run_process
from tests.support.core_yaml import TEXT, line_of, write_core_yaml
from tests.support.organizations import organization_folder, peer_folder
from tests.support.served import peer_options, serving

ORG2 = f"--org=Org2MSP={organization_folder(2) / 'msp'}"


@pytest.fixture
def core_yaml(tmp_path: Path) -> Path:
    """A peer's whole folder as peer0 of Org1 has it: core.yaml, msp and tls."""
    folder = Path(shutil.copytree(peer_folder(1), tmp_path / "peer"))
    return write_core_yaml(folder, ("listenAddress: 127.0.0.1:7051", "listenAddress: 127.0.0.1:0"))


def test_a_handshake_with_nothing_but_the_file(core_yaml: Path) -> None:
    with serving(*peer_options(2)) as served:
        outcome = run("handshake", served.endpoint, f"--config={core_yaml}", ORG2, "--json")

    assert outcome.exit_code == 0
    assert outcome.object["pki_id"] == served.pki_id


def test_the_file_is_found_by_the_folder_of_the_environment(core_yaml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_CFG_PATH", str(core_yaml.parent))
    monkeypatch.setenv("CORE_PEER_GOSSIP_CONNTIMEOUT", "soon")

    outcome = run("probe", "127.0.0.1:1", "--json")

    assert outcome.exit_code == 2
    assert outcome.object["message"] == (
        "CORE_PEER_GOSSIP_CONNTIMEOUT: peer.gossip.connTimeout: 'soon' is not a duration such as 3s, 1500ms or 1h2m"
    )


def test_a_folder_of_the_environment_without_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FABRIC_CFG_PATH", str(tmp_path / "conf"))

    outcome = run("probe", "127.0.0.1:1")

    assert outcome.exit_code == 2
    said = "".join(outcome.stderr.replace("│", " ").split())
    assert f"thereisnocore.yamlin{tmp_path / 'conf'},whichFABRIC_CFG_PATHnames" in said


def test_a_peer_listens_where_the_file_says(core_yaml: Path) -> None:
    with serving(f"--config={core_yaml}", ORG2, listen="") as served:
        outcome = run("handshake", served.endpoint, *peer_options(2), "--json")

    assert outcome.exit_code == 0
    assert outcome.object["mspid"] == "Org1MSP"


def test_commands_that_dial_do_not_listen(core_yaml: Path) -> None:
    """Two at once would want one port."""
    with serving(f"--config={core_yaml}", ORG2, listen="") as served:
        port = served.endpoint.rpartition(":")[2]
        write_core_yaml(core_yaml.parent, ("listenAddress: 127.0.0.1:7051", f"listenAddress: 127.0.0.1:{port}"))

        assert run("probe", served.endpoint, f"--config={core_yaml}", ORG2).exit_code == 0


def test_an_option_wins_and_says_so(core_yaml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORE_PEER_GOSSIP_SENDBUFFSIZE", "77")

    outcome = run("config", "show", f"--config={core_yaml}", "--dial-timeout=0.25", "--json")

    shown = {str(row["key"]): (row["value"], row["from"]) for row in outcome.objects}
    assert shown["peer.gossip.dialTimeout"] == ("0.25s", "--dial-timeout")
    assert shown["peer.gossip.sendBuffSize"] == ("77", "CORE_PEER_GOSSIP_SENDBUFFSIZE")
    assert shown["peer.localMspId"] == ("Org1MSP", f"{core_yaml}:{line_of(TEXT, 'localMspId')}")
    assert shown["peer.maxRecvMsgSize"] == ("104857600", "default")
    assert len(shown) == len(outcome.objects) == 22


def test_people_see_a_table(core_yaml: Path) -> None:
    outcome = run("config", "show", f"--config={core_yaml}")

    assert outcome.exit_code == 0
    assert f"{core_yaml}:{line_of(TEXT, 'connTimeout')}" in outcome.stdout


@pytest.mark.parametrize("as_json", [True, False])
def test_a_wrong_value_ends_the_command_with_its_line(core_yaml: Path, as_json: bool) -> None:
    path = write_core_yaml(core_yaml.parent, ("dialTimeout: 3s", "dialTimeout: 3"))

    outcome = run("handshake", "127.0.0.1:1", f"--config={path}", *(["--json"] if as_json else []))

    message = f"{path}:{line_of(TEXT, 'dialTimeout')}: peer.gossip.dialTimeout: '3' has no unit: write 3s for seconds"
    assert outcome.exit_code == 2
    assert (json.loads(outcome.stdout)["message"] if as_json else outcome.stderr) == (
        message if as_json else f"gossip: {message}\n"
    )


def test_without_file_or_options_the_command_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FABRIC_CFG_PATH", raising=False)

    outcome = run("handshake", "127.0.0.1:1", "--mspid=Org1MSP")

    assert outcome.exit_code == 2
    assert "give --msp-dir and --mspid, or a core.yaml with --config" in outcome.stderr


def test_variables_without_a_file_are_told_not_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FABRIC_CFG_PATH", raising=False)
    hint = "CORE_PEER_... variables, which are set here, count only beside a core.yaml"

    unset = run("handshake", "127.0.0.1:1")
    monkeypatch.setenv("CORE_PEER_LOCALMSPID", "Org1MSP")
    is_set = run("handshake", "127.0.0.1:1")

    assert (unset.exit_code, is_set.exit_code) == (2, 2)
    assert "CORE_" not in unset.stderr
    assert f"with --config; {hint}" in " ".join(is_set.stderr.replace("│", "").split())


def test_without_an_address_serve_says_what_to_give(core_yaml: Path) -> None:
    path = write_core_yaml(core_yaml.parent, ("listenAddress: 127.0.0.1:7051", "listenAddress:"))

    outcome = run("serve", f"--config={path}", ORG2)

    assert outcome.exit_code == 2
    assert "give --listen" in outcome.stderr


def test_an_address_that_cannot_be_listened_on_is_named_with_its_line(core_yaml: Path) -> None:
    write_core_yaml(core_yaml.parent, ("listenAddress: 127.0.0.1:7051", "listenAddress: 203.0.113.1:0"))

    outcome = run_process("serve", f"--config={core_yaml}", ORG2, "--json")

    assert outcome.exit_code == 2
    place = f"{core_yaml}:{line_of(TEXT, 'listenAddress: 127')}: cannot listen on 203.0.113.1:0: "
    assert str(outcome.object["message"]).startswith(place)

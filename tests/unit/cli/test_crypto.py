"""``gossip crypto``."""

from pathlib import Path

import pytest

from tests.support.cli import run, run_process


def test_writes_the_organizations_that_were_asked_for(tmp_path: Path) -> None:
    outcome = run_process("crypto", "--out", tmp_path / "net", "--org", "Org1:2", "--org", "Org2", "--json")

    assert outcome.exit_code == 0
    assert [row["mspid"] for row in outcome.objects] == ["Org1MSP", "Org2MSP"]
    assert outcome.objects[0]["peers"] == ["peer0.org1.example.com", "peer1.org1.example.com"]
    assert outcome.objects[1]["peers"] == ["peer0.org2.example.com"]
    for row in outcome.objects:
        folder = Path(str(row["folder"]))
        assert sorted(path.name for path in folder.iterdir()) == ["ca", "msp", "peers", "tlsca", "users"]
        assert sorted(path.name for path in (folder / "peers").iterdir()) == row["peers"]
        assert sorted(path.name for path in (folder / "users").iterdir()) == sorted(map(str, list(row["users"])))  # type: ignore[call-overload]  # JSON
    assert [path.name for path in (tmp_path / "net").iterdir()] == ["peerOrganizations"]


def test_shows_people_a_table(tmp_path: Path) -> None:
    outcome = run("crypto", "--out", tmp_path, "--org", "Org1")

    assert outcome.exit_code == 0
    assert "Org1MSP" in outcome.stdout
    assert str(tmp_path / "peerOrganizations" / "org1.example.com") in outcome.stdout


def test_an_organization_may_be_added_to_a_folder(tmp_path: Path) -> None:
    run("crypto", "--out", tmp_path, "--org", "Org1")

    assert run("crypto", "--out", tmp_path, "--org", "Org2", "--domain", "test").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "peerOrganizations").iterdir()) == ["org1.example.com", "org2.test"]


def test_refuses_to_overwrite_and_writes_nothing_else_either(tmp_path: Path) -> None:
    run("crypto", "--out", tmp_path, "--org", "Org1")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    outcome = run("crypto", "--out", tmp_path, "--org", "Org2", "--org", "Org1")

    assert outcome.exit_code == 2
    assert f"{tmp_path}/peerOrganizations/org1.example.com: already exists" in outcome.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_error_is_an_object_with_json(tmp_path: Path) -> None:
    run("crypto", "--out", tmp_path, "--org", "Org1")

    outcome = run("crypto", "--out", tmp_path, "--org", "Org1", "--json")

    assert outcome.exit_code == 2
    assert {name: outcome.object[name] for name in ("ok", "error", "fault")} == {
        "ok": False,
        "error": "ConfigurationError",
        "fault": "ours",
    }
    assert "already exists" in str(outcome.object["message"])


def test_names_the_file_that_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    outcome = run("crypto", "--out", tmp_path / "file", "--org", "Org1")

    assert outcome.exit_code == 2
    assert str(tmp_path / "file") in outcome.stderr
    assert "Not a directory" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--org"),
        (["--org", "Org1:many"], "Org1:many"),
        (["--org", "Org1:1000"], "Org1:1000"),
        (["--org", "../escape"], "../escape"),
        (["--org", "Org1", "--org", "org1"], "asked for twice"),
        (["--org", "o" * 50], "too long"),
        (["--org", "Org1", "--domain", "no domain"], "no domain"),
    ],
)
def test_wrong_usage_is_named(tmp_path: Path, arguments: list[str], named: str) -> None:
    outcome = run("crypto", "--out", tmp_path, *arguments)

    assert outcome.exit_code == 2
    assert named in " ".join(outcome.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())

"""``gossip msp check``; each rule has its test in tests/unit/msp/lint."""

import hashlib
import shutil
from pathlib import Path

from tests.support.cli import run, run_process
from tests.support.organizations import peer, peer_folder

OWN = "signcerts/peer0.org1.example.com-cert.pem"


def test_a_sound_folder_is_fine() -> None:
    outcome = run_process("msp", "check", peer_folder() / "msp", "--mspid", "Org1MSP", "--json")

    assert outcome.exit_code == 0
    shown = outcome.object
    assert (shown["ok"], shown["findings"], shown["mspid"]) == (True, [], "Org1MSP")
    assert shown["pki_id"] == hashlib.sha256(b"Org1MSP" + peer().identity.certificate_pem).hexdigest()
    files = shown["files"]
    assert isinstance(files, list)
    assert {"file", "role", "subject", "not_before", "not_after"} == set(files[0])
    assert OWN in [file["file"] for file in files]


def test_findings_are_told_and_end_with_1(tmp_path: Path) -> None:
    shutil.copytree(peer_folder() / "msp", tmp_path / "msp")
    (tmp_path / "msp" / "keystore" / "priv_sk").chmod(0o644)

    outcome = run("msp", "check", tmp_path / "msp", "--json")

    assert outcome.exit_code == 1
    assert outcome.object["ok"] is False
    assert outcome.object["findings"] == [
        {
            "file": "keystore/priv_sk",
            "rule": "key-permissions",
            "severity": "warning",
            "problem": "a private key that users other than its owner may use (mode 0644)",
            "remedy": f"chmod 600 {tmp_path / 'msp' / 'keystore' / 'priv_sk'}",
        }
    ]


def test_people_read_problem_and_remedy(tmp_path: Path) -> None:
    shutil.copytree(peer_folder() / "msp", tmp_path / "msp")
    (tmp_path / "msp" / "tlsintermediatecacerts").mkdir()

    outcome = run("msp", "check", tmp_path / "msp")

    assert outcome.exit_code == 1
    assert "warning: tlsintermediatecacerts: is what Fabric's documentation says, but a peer reads" in outcome.stdout
    assert "  remedy: rename it to tlsintermediatecerts\n" in outcome.stdout
    assert OWN in outcome.stdout


def test_what_a_file_is_named_moves_no_cursor(tmp_path: Path) -> None:
    shutil.copytree(peer_folder() / "msp", tmp_path / "msp")
    (tmp_path / "msp" / "\x1b[2J\u202efdp.\n").write_bytes(b"")

    outcome = run("msp", "check", tmp_path / "msp")

    assert outcome.exit_code == 1
    assert "warning: \\x1b[2J\\u202efdp.\\n: does not belong in an MSP folder" in outcome.stdout
    assert "\x1b" not in outcome.stdout


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    outcome = run("msp", "check", tmp_path / "absent")

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {tmp_path / 'absent'}: there is no such folder\n"

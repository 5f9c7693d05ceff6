"""Our own identity in our own MSPs, where these do not fit each other."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gossip.msp.lint.entries import ALLOW_READING
from gossip.node.diagnose.diagnosis import Outcome
from gossip.node.diagnose.judges.own import judge_own_identity
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings
from tests.support.msp_folders import CA_FILE, NAME, OWN, put, put_tls
from tests.support.organizations import NOW, organization, organization_folder, peer_folder

TLS_CA = organization().tls_ca


def test_our_own_folder_under_the_name_of_another_organisation_is_named() -> None:
    copy = organization_folder(1) / "msp"
    settings = replace(peer_settings(), organizations={"Org2MSP": copy})

    report = judge_own_identity(load_own_side(settings, NOW))

    assert report.outcome is Outcome.WARNING
    assert (
        report.facts["note"]
        == f"the same CA is in --org Org2MSP={copy}: that folder is ours, or Org1MSP is a wrong name"
    )


def make_signcerts_a_file(msp: Path) -> None:
    shutil.rmtree(msp / "signcerts")
    (msp / "signcerts").touch()


def put_the_tls_ca_in_place_of_ours(msp: Path) -> None:
    put(msp / CA_FILE, TLS_CA.certificate_pem)
    shutil.rmtree(msp / "tlscacerts")


def lose_config(msp: Path) -> None:
    (msp / "config.yaml").unlink()


def serve_no_host(msp: Path) -> None:
    put(msp / OWN, b"")
    put_tls(msp, TLS_CA.issue_tls(NAME, validity=organization().validity, hosts=()))


@pytest.mark.parametrize(
    ("damage", "causes"),
    [
        (make_signcerts_a_file, [("misnamed", "msp/signcerts"), ("no-signcert", "msp/keystore/priv_sk")]),
        (
            put_the_tls_ca_in_place_of_ours,
            [("not-issued-here", f"msp/{OWN}"), ("tls-ca-among-cas", f"msp/{CA_FILE}")],
        ),
        (lose_config, [("no-config", "msp")]),
        (
            serve_no_host,
            [
                ("not-pem", f"msp/{OWN}"),
                ("no-signcert", "msp/keystore/priv_sk"),
                ("no-alternative-names", "tls/server.crt"),
            ],
        ),
    ],
)
def test_reasons_come_before_what_follows_and_say_where_to_look(
    tmp_path: Path, damage: Callable[[Path], None], causes: list[tuple[str, str]]
) -> None:
    folder = Path(shutil.copytree(peer_folder(), tmp_path / NAME))
    damage(folder / "msp")

    problem = judge_own_identity(load_own_side(peer_settings(folder=folder), NOW)).problem

    assert problem is not None
    assert [(each.rule, each.look_at) for each in problem.causes] == [(rule, str(folder / at)) for rule, at in causes]


def test_an_msp_folder_that_may_not_be_entered_is_named_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the first thing in it that was looked for."""
    settings = replace(peer_settings(), sources={"peer.mspConfigPath": "core.yaml:4"})

    stat = Path.stat

    def refuse(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent == settings.msp_dir:
            raise PermissionError(errno.EACCES, "Permission denied")
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", refuse)  # tests may run as root, who may enter everything
    report = judge_own_identity(load_own_side(replace(settings, tls=None), NOW))

    assert report.problem is not None
    (cause,) = report.problem.causes
    assert cause.rule == "own-msp"
    assert cause.text == f"{settings.msp_dir}: cannot be read: Permission denied; {ALLOW_READING}"
    assert cause.look_at == f"{settings.msp_dir}, named by core.yaml:4"

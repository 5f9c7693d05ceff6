"""The MSP folders of a peer, as they are read."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from gossip.node.organizations import load_organizations
from tests.support.in_thread import peer_settings
from tests.support.organizations import organization_folder


def test_what_a_folder_holds_and_fabric_ignores_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = Path(shutil.copytree(organization_folder(2) / "msp", tmp_path / "org2"))
    (folder / "cacerts" / "README").write_text("our CA")

    load_organizations(replace(peer_settings(1), organizations={"Org2MSP": folder}))

    assert caplog.messages == [f"Org2MSP: {folder}/cacerts/README: holds no PEM and is ignored, as Fabric does"]

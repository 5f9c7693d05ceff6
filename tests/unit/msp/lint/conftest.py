"""An MSP folder for tests to break."""

import shutil
from pathlib import Path

import pytest

from tests.support.msp_folders import NAME
from tests.support.organizations import peer_folder


@pytest.fixture
def msp(tmp_path: Path) -> Path:
    """A peer's own msp folder to break, with the tls folder beside it."""
    shutil.copytree(peer_folder(), tmp_path / NAME)
    return tmp_path / NAME / "msp"

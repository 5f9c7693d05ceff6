"""How much of an MSP folder is looked at: what lies there may be anybody's, and of any size."""

import errno
from pathlib import Path

import pytest

from gossip.errors import ConfigurationError
from gossip.msp.lint import lint_msp_folder
from gossip.msp.lint.strangers import may_hold_key
from gossip.msp.lint.tls_contents import read_authorities, read_tls_key
from tests.support.msp_folders import CA, put
from tests.support.organizations import NOW, organization, peer


def fill(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f".{number}").touch()


@pytest.mark.parametrize("name", ["crls", "keystore", "cacerts", "../tls"])
def test_a_folder_has_a_thousand_files_at_most(msp: Path, name: str) -> None:
    here = len(list((msp / name).iterdir())) if (msp / name).is_dir() else 0
    fill(msp / name, 1000 - here)
    lint_msp_folder(msp, now=NOW)
    (msp / name / "one more").touch()

    with pytest.raises(ConfigurationError, match="has more than 1000 entries"):
        lint_msp_folder(msp, now=NOW)


def test_of_a_stranger_s_folder_a_thousand_entries_are_looked_at(tmp_path: Path) -> None:
    """What was not looked at may be a key, which nobody should be told to remove."""
    fill(tmp_path / "backup", 1000)
    assert not may_hold_key(tmp_path / "backup")
    (tmp_path / "backup" / "one more").touch()
    assert may_hold_key(tmp_path / "backup")


def test_a_stranger_s_folder_may_have_folders_in_it(tmp_path: Path) -> None:
    put(tmp_path / "backup" / "old" / "notes", b"")
    assert not may_hold_key(tmp_path / "backup")
    put(tmp_path / "backup" / "old" / "notes", peer().tls.key_pem)
    assert may_hold_key(tmp_path / "backup")


def test_what_may_not_be_read_may_be_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> object:
        raise PermissionError(errno.EACCES, "Permission denied")

    put(tmp_path / "notes", b"")
    monkeypatch.setattr(Path, "open", refuse)  # tests may run as root, who may read everything

    assert may_hold_key(tmp_path / "notes")


def test_of_a_stranger_64_kib_are_looked_at(tmp_path: Path) -> None:
    put(tmp_path / "notes", bytes(64 * 1024))
    assert not may_hold_key(tmp_path / "notes")
    put(tmp_path / "notes", bytes(64 * 1024 + 1))
    assert may_hold_key(tmp_path / "notes"), "what was not looked at may be a key"


def test_of_a_file_of_tls_cas_a_thousand_certificates_are_read() -> None:
    certificates, findings = read_authorities("../tls/ca.crt", CA.certificate_pem * 1001)
    assert (len(certificates), findings) == (1000, [])


def test_of_a_file_with_a_tls_key_a_thousand_blocks_are_read() -> None:
    public_key, _ = read_tls_key("../tls/server.key", organization().ca.certificate_pem * 999 + peer().tls.key_pem)
    assert public_key is not None
    public_key, findings = read_tls_key("../tls/server.key", CA.certificate_pem * 1000 + peer().tls.key_pem)
    assert (public_key, [finding.rule for finding in findings]) == (None, ["not-a-key"])

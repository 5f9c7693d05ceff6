"""What is read of our own files, and how much of it."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from gossip.msp.lint.entries import ALLOW_READING
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings, tls_of
from tests.support.organizations import NOW, organization


def test_of_a_file_of_tls_cas_a_thousand_certificates_are_read(tmp_path: Path) -> None:
    (tmp_path / "cas.pem").write_bytes(organization().tls_ca.certificate_pem * 1001)
    settings = replace(peer_settings(), tls=replace(tls_of(), roots=(tmp_path / "cas.pem",)))

    assert len(load_own_side(settings, NOW).tls_cas) == 1000


def test_in_a_folder_of_tls_cas_we_trust_what_the_dialler_trusts(tmp_path: Path) -> None:
    (tmp_path / "tlsca.pem").write_bytes(organization().tls_ca.certificate_pem)
    (tmp_path / ".tlsca.pem.swp").write_bytes(organization(2).tls_ca.certificate_pem)
    (tmp_path / "priv_sk").write_bytes(organization().tls_ca.key_pem)
    settings = replace(peer_settings(), tls=replace(tls_of(), roots=(tmp_path,)))

    assert [root.path.name for root in load_own_side(settings, NOW).roots] == ["tlsca.pem"]


def test_the_remedy_of_what_may_not_be_read_is_that_of_msp_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # tests may run as root, who may read everything
    findings = load_own_side(peer_settings(), NOW).findings

    assert {each.remedy for each in findings if each.rule == "unreadable"} == {ALLOW_READING}

"""How much is read of our own files."""

from dataclasses import replace
from pathlib import Path

from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings, tls_of
from tests.support.organizations import NOW, organization


def test_of_a_file_of_tls_cas_a_thousand_certificates_are_read(tmp_path: Path) -> None:
    (tmp_path / "cas.pem").write_bytes(organization().tls_ca.certificate_pem * 1001)
    settings = replace(peer_settings(), tls=replace(tls_of(), roots=(tmp_path / "cas.pem",)))

    assert len(load_own_side(settings, NOW).tls_cas) == 1000

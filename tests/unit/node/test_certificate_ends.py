"""Certificates of ours that have ended, or are about to, are warned of."""

from datetime import timedelta
from pathlib import Path

import pytest

from gossip.api.options import DialOptions, TlsFiles
from gossip.msp.authority import Validity
from gossip.node.certificate_ends import find_tls_ends, warn_of_ends
from gossip.node.settings import PeerSettings
from tests.support.organizations import NOW, organization


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(seconds=-1), ["The server TLS certificate has expired"]),
        (timedelta(days=6, hours=5, minutes=1), ["The server TLS certificate expires within 6 days and 5 hours"]),
        (timedelta(days=7), []),
    ],
)
def test_the_end_of_a_certificate_is_warned_of(
    left: timedelta, said: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_ends({"identity": NOW + timedelta(days=30), "tls": NOW + left}, NOW)

    assert caplog.messages == said


def test_a_certificate_for_dialling_ends_on_its_own(tmp_path: Path) -> None:
    def files(name: str, validity: Validity) -> TlsFiles:
        issued = organization().tls_ca.issue_tls(name, validity=validity, hosts=("localhost",))
        (tmp_path / name).write_bytes(issued.certificate_pem)
        return TlsFiles(tmp_path / name, tmp_path / "key", ())

    running, expired = files("server", Validity.running(NOW)), files("client", Validity.expired(NOW))
    settings = PeerSettings("Org1MSP", tmp_path, running, dial=DialOptions(tls=expired))
    ends = find_tls_ends(settings)
    assert {name: ends_at < NOW for name, ends_at in ends.items()} == {"tls": False, "client_tls": True}
    (tmp_path / "client").write_text("nothing")
    assert list(find_tls_ends(settings)) == ["tls"]

"""What a TLS file was to be, where one path stands in several places."""

from pathlib import Path

import pytest

from gossip.api.options import TlsFiles
from gossip.node.diagnose.tls_sources import TlsRole, role_of
from tests.support.organizations import peer

LEAF, KEY = peer().tls.certificate_pem, peer().tls.key_pem


@pytest.mark.parametrize(
    ("files", "at_fault", "content", "role"),
    [
        (("a", "b", "c"), "a", LEAF, TlsRole.CERTIFICATE),
        (("a", "b", "c"), "b", LEAF, TlsRole.KEY),
        (("a", "b", "c"), "c", LEAF, TlsRole.ROOT),
        (("a", "a", "c"), "a", LEAF, TlsRole.KEY),
        (("a", "a", "c"), "a", KEY, TlsRole.CERTIFICATE),
        (("a", "b", "b"), "b", KEY, TlsRole.ROOT),
        (("a", "b", "a"), "a", KEY, TlsRole.ROOT),
        (("a", "b", "a"), "a", LEAF, TlsRole.CERTIFICATE),
        (("a", "b", "."), "b", KEY, TlsRole.KEY),
        (("a", "b", "."), "other", b"hello", TlsRole.ROOT),
    ],
)
def test_it_is_what_it_cannot_be(
    files: tuple[str, str, str], at_fault: str, content: bytes, role: TlsRole, tmp_path: Path
) -> None:
    (tmp_path / at_fault).write_bytes(content)
    certificate, key, root = (tmp_path / name for name in files)

    assert role_of(TlsFiles(certificate, key, (root,)), tmp_path / at_fault) is role

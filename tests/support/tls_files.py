"""The TLS material of the peers in tests/vectors/crypto."""

from pathlib import Path

from gossip.api.options import TlsFiles

CRYPTO = Path(__file__).parents[1] / "vectors" / "crypto"


def tls_files(organization: int = 1, peer: int = 0, *, trusts: tuple[int, ...] = (1, 2)) -> TlsFiles:
    """What ``peerN`` of ``orgN`` presents; it trusts the TLS CAs of the organisations ``trusts``."""
    folder = CRYPTO / f"org{organization}" / "peers" / f"peer{peer}" / "tls"
    return TlsFiles(folder / "server.crt", folder / "server.key", tuple(tls_ca(number) for number in trusts))


def tls_ca(organization: int) -> Path:
    """The TLS CA of ``orgN``."""
    return CRYPTO / f"org{organization}" / "peers" / "peer0" / "tls" / "ca.crt"

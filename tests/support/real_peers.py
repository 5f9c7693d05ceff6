"""Settings of peers that talk gRPC over mutual TLS, with the identities of tests/support/organizations.py."""

from pathlib import Path

from gossip import PeerSettings, TlsFiles
from tests.support.organizations import organization_folder, peer_folder


def settings(number: int = 1, index: int = 0, *, listen: str | None = None, folder: Path | None = None) -> PeerSettings:
    """``peerINDEX`` of ``OrgNUMBERMSP``, which knows both organisations.

    ``folder`` is a peer's folder that is used in place of that peer's own.
    """
    other = 3 - number
    folder = folder or peer_folder(number, index)
    roots = tuple(organization_folder(each) / "msp" / "tlscacerts" for each in (1, 2))
    return PeerSettings(
        mspid=f"Org{number}MSP",
        msp_dir=folder / "msp",
        tls=TlsFiles(folder / "tls" / "server.crt", folder / "tls" / "server.key", roots),
        listen=listen,
        organizations={f"Org{other}MSP": organization_folder(other) / "msp"},
    )

"""Three who are not who they say, each with a TLS certificate that the peers take: TLS alone does not stop them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gossip.api.options import TlsFiles
from gossip.cli.demo.organizations import Network, PeerHome
from gossip.comm.handshake.machine import certificate_hash
from gossip.msp.authority import Organization, Validity, write_local_msp, write_tls
from gossip.msp.certificate import parse_certificate_pem, pki_id_of
from gossip.msp.config import load_signing_identity
from gossip.msp.pem import encode_certificate_pem
from gossip.wire.conn_establish import encode_conn_establish
from gossip.wire.serialized import encode_serialized_identity


@dataclass(frozen=True, slots=True)
class Impostor:
    """What it claims, over which TLS certificate, and the error that it must meet."""

    name: str
    tls: TlsFiles
    conn_establish: bytes
    error: str


def make_impostors(network: Network, victim: PeerHome, *, now: datetime) -> list[Impostor]:
    """Make all three; one replays what ``victim`` says.

    Raises:
        OSError: The network's folder cannot be written to.
    """
    known = network.organizations[0]
    mallory = known.issue_client("Mallory")
    write_tls(network.folder / "mallory", known, mallory)
    tls = TlsFiles(
        network.folder / "mallory" / "client.crt", network.folder / "mallory" / "client.key", network.tls_roots
    )

    unknown = Organization.create("MalloryMSP", "mallory.example.net", now=now)
    stranger = network.folder / "mallory" / "stranger"
    write_local_msp(stranger, unknown, unknown.issue_peer("peer0"))

    expired = network.folder / "mallory" / "expired"
    write_local_msp(expired, known, known.issue_peer("peer9", validity=Validity.expired(now)))

    return [
        Impostor(
            f"replays the ConnEstablish of {victim.name} over a TLS certificate of its own",
            tls,
            _conn_establish(victim.msp_dir, victim.mspid, victim.tls.certificate),
            "TlsBindingError",
        ),
        Impostor(
            f"comes from {unknown.mspid}, an organisation that nobody knows",
            tls,
            _conn_establish(stranger, unknown.mspid, tls.certificate),
            "UntrustedIdentityError",
        ),
        Impostor(
            f"has an identity of {known.mspid} that expired a minute ago",
            tls,
            _conn_establish(expired, known.mspid, tls.certificate),
            "IdentityExpiredError",
        ),
    ]


def _conn_establish(msp_dir: Path, mspid: str, tls_certificate: Path) -> bytes:
    """The ConnEstablish of whoever has this MSP folder, for a connection that presents this TLS certificate."""
    signer = load_signing_identity(msp_dir, mspid)
    id_bytes = encode_certificate_pem(signer.certificate.der)
    certificate, _ = parse_certificate_pem(tls_certificate.read_bytes())
    return encode_conn_establish(
        pki_id_of(mspid, id_bytes),
        encode_serialized_identity(mspid, id_bytes),
        certificate_hash(certificate.der),
        probe=True,
        sign=signer.sign,
    )

"""The fifteen questions that operators ask most, each as a broken network that is built for real.

Each yields the arguments of ``gossip diagnose``; we are peer0 of Org2, and the other side is peer0 of Org1.
"""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from gossip.api.options import TlsFiles
from gossip.api.peer import RemotePeer
from gossip.clock import SystemClock
from gossip.comm.config import CommConfig
from gossip.comm.handshake.machine import certificate_hash
from gossip.msp.authority import Authority, Credential, Validity
from gossip.msp.certificate import pki_id_of
from gossip.msp.registry import MspRegistry
from gossip.msp.service import MspCryptoService
from gossip.node.organizations import load_organizations
from gossip.node.peer import Peer
from gossip.operations.exporter import Exporter
from gossip.operations.figures import Figures
from gossip.transport.base import FrameStream, StreamHandler
from gossip.types import PkiId
from gossip.wire.conn_establish import encode_conn_establish
from gossip.wire.serialized import encode_serialized_identity
from tests.support.in_thread import listening, peer_settings, tls_of
from tests.support.odd_servers import grpc_peer, say_nothing, speak_http1, tcp_server
from tests.support.operations import operations_endpoint
from tests.support.organizations import NOW, organization, organization_folder, peer, peer_folder
from tests.support.peers import data_message
from tests.support.served import peer_options
from tests.support.tls_proxy import tls_proxy

HERE = ("127.0.0.1", "localhost")
IMPATIENT = ("--dial-timeout=2", "--conn-timeout=1")
Arguments = list[str]


def copy_of(number: int, into: Path) -> Path:
    """A peer's folder, to be broken."""
    return Path(shutil.copytree(peer_folder(number), into / f"peer0.org{number}"))


def write_tls(folder: Path, credential: Credential, stem: str = "server") -> TlsFiles:
    """Put a TLS certificate and its key into a ``tls`` folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = TlsFiles(folder / f"{stem}.crt", folder / f"{stem}.key", ())
    files.certificate.write_bytes(credential.certificate_pem)
    files.key.write_bytes(credential.key_pem)
    return files


def reissue_tls(folder: Path, number: int, *, validity: Validity | None = None, hosts: tuple[str, ...] = HERE) -> None:
    """Give a copied peer another TLS certificate of its own TLS CA."""
    made = organization(number)
    name = peer(number).name
    write_tls(folder / "tls", made.tls_ca.issue_tls(name, validity=validity or made.validity, hosts=hosts))


def as_org2(folder: Path | None = None, *, trusts: tuple[int, ...] = (1, 2)) -> Arguments:
    """The options by which we are peer0 of Org2."""
    wanted = {f"--tls-ca={organization_folder(number) / 'msp' / 'tlscacerts'}" for number in trusts}
    return [each for each in peer_options(2, folder=folder) if not each.startswith("--tls-ca=") or each in wanted]


@contextmanager
def silent_port(tmp_path: Path) -> Iterator[Arguments]:
    with tcp_server(say_nothing) as endpoint:
        yield [endpoint, *as_org2(), *IMPATIENT]


@contextmanager
def plain_text_port(tmp_path: Path) -> Iterator[Arguments]:
    with tcp_server(speak_http1) as endpoint:
        yield [endpoint, *as_org2(), *IMPATIENT]


@contextmanager
def wrong_host_name(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(1, tmp_path)
    reissue_tls(folder, 1, hosts=("peer0.org1.example.com", "peer0"))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def tls_ca_unknown_to_us(tmp_path: Path) -> Iterator[Arguments]:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1.example.com" / "msp"))
    shutil.rmtree(msp / "tlscacerts")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *(each for each in as_org2(trusts=(2,)) if "--org" not in each), f"--org=Org1MSP={msp}"]


@contextmanager
def tls_ca_unknown_to_them(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1, trusts=(1,))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def expired_tls_certificate(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(1, tmp_path)
    reissue_tls(folder, 1, validity=Validity.expired(NOW))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def client_certificate_refused(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    reissue_tls(folder, 2, validity=Validity.expired(NOW))
    with listening(replace(peer_settings(1), require_client_certificate=True)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def wrong_mspid(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1, mspid="Org2MSP")) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def renewed_peer(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(1, tmp_path)
    renewed = organization(1).ca.issue_identity(peer(1).name, validity=organization(1).validity, units=("peer",))
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.write_bytes(renewed.certificate_pem)
    (folder / "msp" / "keystore" / "priv_sk").write_bytes(renewed.key_pem)
    old = pki_id_of("Org1MSP", peer(1).identity.certificate_pem)
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2(), f"--expect-pki-id={old.hex()}"]


def crypto_of(number: int) -> MspCryptoService:
    """What peer0 of an organisation signs with."""
    organizations = load_organizations(peer_settings(number))
    return MspCryptoService(MspRegistry(organizations.local, organizations.channels), organizations.signing_identity)


def conn_establish_of(
    number: int,
    *,
    tls_cert_hash: bytes | None = None,
    pki_id: PkiId | None = None,
    signer: int = 0,
    pem: bytes | None = None,
) -> bytes:
    """The ConnEstablish of peer0 of an organisation, true but for what is given.

    ``pem`` stands in for its certificate, and nothing for its key: who refuses the identity does not come to the
    signature.
    """
    crypto = crypto_of(number)
    identity = crypto.identity
    if pem is not None:
        identity = encode_serialized_identity(f"Org{number}MSP", pem)
    if tls_cert_hash is None:
        tls_cert_hash = certificate_hash(peer(number).tls.certificate.public_bytes(Encoding.DER))
    own_pki_id = crypto.get_pki_id_of_cert(identity)
    assert own_pki_id is not None
    return encode_conn_establish(
        pki_id or own_pki_id, identity, tls_cert_hash, probe=False, sign=crypto_of(signer or number).sign
    )


def say(*envelopes: bytes, and_wait: bool = False) -> StreamHandler:
    """A handler that says these things, hears one, and ends the stream in peace unless it is to wait."""

    async def handle(stream: FrameStream) -> None:
        await stream.send(envelopes)
        await stream.receive()
        if and_wait:
            await asyncio.Event().wait()

    return handle


@contextmanager
def separate_certificates(tmp_path: Path) -> Iterator[Arguments]:
    """The other side presents its server certificate, and binds its client certificate."""
    with grpc_peer(tls_of(), say(conn_establish_of(1, tls_cert_hash=b"\x0c" * 32))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def node_ou_certifier(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    other = Authority.create("ca-old.org2.example.com", "org2.example.com", validity=organization(2).validity)
    (folder / "msp" / "cacerts" / "ca-old.pem").write_bytes(other.certificate_pem)
    config = folder / "msp" / "config.yaml"
    lines = config.read_text().splitlines()
    certificate = lines.index("  PeerOUIdentifier:") + 1
    lines[certificate] = "    Certificate: cacerts/ca-old.pem"
    config.write_text("\n".join(lines) + "\n")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def ca_in_signcerts(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.unlink()
    (folder / "msp" / "signcerts" / "ca.pem").write_bytes(organization(2).ca.certificate_pem)
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def tls_off_there(tmp_path: Path) -> Iterator[Arguments]:
    with listening(replace(peer_settings(1), tls=None)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def terminating_proxy(tmp_path: Path) -> Iterator[Arguments]:
    validity = organization(1).validity
    authority = Authority.create("ca.loadbalancer.example.com", "example.com", validity=validity)
    ca_file = tmp_path / "loadbalancer-ca.pem"
    ca_file.write_bytes(authority.certificate_pem)
    front = write_tls(tmp_path / "front", authority.issue_tls("lb.example.com", validity=validity, hosts=HERE))
    back = write_tls(
        tmp_path / "back", organization(1).tls_ca.issue_tls("lb.example.com", validity=validity, hosts=HERE)
    )
    with listening(peer_settings(1)) as upstream, tls_proxy(front, upstream, back) as endpoint:
        yield [endpoint, *as_org2(), f"--tls-ca={ca_file}"]


@contextmanager
def proxy_without_certificate(tmp_path: Path) -> Iterator[Arguments]:
    validity = organization(1).validity
    front = write_tls(
        tmp_path / "front", organization(1).tls_ca.issue_tls("lb.example.com", validity=validity, hosts=HERE)
    )
    with listening(peer_settings(1)) as upstream, tls_proxy(front, upstream, None) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def proxy_of_their_own(tmp_path: Path) -> Iterator[Arguments]:
    """Its certificate is of the peer's own TLS CA, so that only what the peer saw gives it away."""
    made = organization(1)
    front, back = (
        write_tls(tmp_path / side, made.tls_ca.issue_tls("lb.example.com", validity=made.validity, hosts=HERE))
        for side in ("front", "back")
    )
    with listening(peer_settings(1)) as upstream, tls_proxy(front, upstream, back) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def full_buffer(tmp_path: Path) -> Iterator[Arguments]:
    """The other side sends ten messages to a peer that does not answer, with room for two."""
    figures, exporters = Figures(), []
    settings = replace(peer_settings(1), comm=CommConfig(send_buffer=2, drain_s=0.0))

    with tcp_server(say_nothing) as nobody:

        async def send_too_much(them: Peer) -> None:
            exporters.append(Exporter(figures, them, SystemClock()))
            for _ in range(10):
                them.comm.send(data_message(b"block"), RemotePeer(nobody, PkiId(b"\x01" * 32)))

        with (
            listening(settings, send_too_much, figures) as endpoint,
            operations_endpoint(exporters[0].render) as operations,
        ):
            yield [endpoint, *as_org2(), f"--operations={operations}"]

"""What a listener presents, and that it verifies clients all the same, though it begins by trusting nobody."""

import asyncio
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gossip.api.options import DialOptions, TlsFiles
from gossip.errors import DialError
from gossip.transport.base import FrameStream
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from gossip.transport.tls.presented import look_at_server
from tests.support.bounded import run_bounded
from tests.support.certificates import make_ca, make_leaf
from tests.support.tls_files import tls_ca, tls_files
from tests.support.transports import receive_all

TIMEOUT_S = 5.0
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
FIRST_WORDS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


async def read_to_the_end(stream: FrameStream) -> None:
    await receive_all(stream)


def der(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(path.read_text())


def presented(files: TlsFiles) -> tuple[bytes, ...]:
    chains = []

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=files)
        chains.append((await look_at_server(listener.endpoint, TIMEOUT_S)).chain)
        await listener.close()

    run_bounded(main)
    return chains[0]


def test_a_root_is_not_sent_along() -> None:
    files = tls_files(1, 0)
    assert presented(files) == (der(files.certificate),)


def test_an_intermediate_is_since_clients_may_not_know_it(tmp_path: Path) -> None:
    root = make_ca("root")
    intermediate = make_ca("intermediate", root)
    leaf = make_leaf("peer0", intermediate)
    files = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", (tmp_path / "root.pem", tmp_path / "intermediate.pem"))
    for path, issued in zip((files.certificate, *files.roots), (leaf, root, intermediate), strict=True):
        path.write_bytes(issued.pem)
    files.key.write_bytes(leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert presented(files) == (leaf.certificate.der, intermediate.certificate.der)


@pytest.mark.parametrize("version", VERSIONS)
def test_clients_are_verified_in_either_version(version: ssl.TLSVersion) -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=tls_files(1, 0, trusts=(1,)))
        host, _, port = listener.endpoint.rpartition(":")
        told = []
        for client in (tls_files(1, 1), tls_files(2, 1)):
            context = ssl.create_default_context(cafile=tls_ca(1))
            context.minimum_version = context.maximum_version = version
            context.load_cert_chain(client.certificate, client.key)
            context.set_alpn_protocols(["h2"])
            try:
                reader, writer = await asyncio.open_connection(
                    host, int(port), ssl=context, server_hostname="localhost"
                )
                writer.write(FIRST_WORDS)
                told.append(await reader.readexactly(9))
                writer.transport.abort()
            except ssl.SSLError as error:
                told.append(str(error.reason).encode())
        await listener.close()
        assert told[0].startswith(b"\0\0"), told  # SETTINGS
        assert told[1] == b"TLSV1_ALERT_UNKNOWN_CA"

    run_bounded(main)


def test_a_client_whose_ca_a_listener_does_not_know_is_told_with_the_files_that_it_knows(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=tls_files(1, 0, trusts=(1,)))
        with pytest.raises(DialError, match="unknown ca"):
            await GrpcDialer(DialOptions(tls=tls_files(2, 0))).dial(listener.endpoint)
        await listener.close()

    run_bounded(main)

    (said,) = [record.getMessage() for record in caplog.records if record.name == "gossip.transport"]
    assert said.endswith(f"; OpenSSL finds no chain from it to the TLS CAs in {tls_ca(1)}")

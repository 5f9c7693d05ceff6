"""RSA keys that Go's TLS takes for an attack on its processor are refused: on both sides, and in our own files."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gossip.api.options import DialOptions, TlsFiles
from gossip.errors import ConfigurationError, DialError
from gossip.transport.base import FrameStream
from gossip.transport.gate import Offence
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.server import listen
from gossip.transport.tls import key as tls_key
from gossip.transport.tls.contexts import client_side
from gossip.transport.tls.key import has_long_rsa_key
from tests.support.bounded import run_bounded
from tests.support.certificates import NOT_AFTER, NOT_BEFORE
from tests.support.tls_files import tls_files
from tests.support.transports import receive_all

ORDINARY = tls_files(1, 1)


async def read_to_the_end(stream: FrameStream) -> None:
    await receive_all(stream)


def certificate_of(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, signer: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    address = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key).serial_number(7)
    builder = builder.not_valid_before(NOT_BEFORE).not_valid_after(NOT_AFTER).add_extension(address, critical=False)
    return builder.sign(signer, SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def signer() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture
def files(signer: rsa.RSAPrivateKey, tmp_path: Path) -> TlsFiles:
    """A peer with a key of 3,072 bits, whom everybody trusts."""
    files = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", ORDINARY.roots)
    files.certificate.write_bytes(certificate_of(signer.public_key(), signer))
    files.key.write_bytes(signer.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.mark.parametrize(("bits", "is_long"), [(8191, False), (8192, False), (8193, True), (16384, True)])
def test_keys_of_more_than_8192_bits_are_long(bits: int, is_long: bool, signer: rsa.RSAPrivateKey) -> None:
    key = rsa.RSAPublicNumbers(65537, (1 << bits) - 1).public_key()
    certificate = x509.load_pem_x509_certificate(certificate_of(key, signer))
    assert has_long_rsa_key(certificate.public_bytes(Encoding.DER)) is is_long


def test_a_long_certificate_of_another_key_is_none(signer: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_key, "MAX_RSA_BITS", 256)
    key = ec.generate_private_key(ec.SECP521R1()).public_key()
    certificate = x509.load_pem_x509_certificate(certificate_of(key, signer))
    assert not has_long_rsa_key(certificate.public_bytes(Encoding.DER))


def test_a_server_with_one_is_refused(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=files)
        dialer = GrpcDialer(DialOptions(tls=TlsFiles(ORDINARY.certificate, ORDINARY.key, (files.certificate,))))
        endpoint = listener.endpoint.replace("127.0.0.1", "localhost")
        await (await dialer.dial(endpoint)).close()
        monkeypatch.setattr(tls_key, "MAX_RSA_BITS", 2048)
        with pytest.raises(DialError, match=r"certificate was refused by us: RSA key of more than 2048 bits$"):
            await dialer.dial(endpoint)
        await listener.close()

    run_bounded(main)


def test_a_client_with_one_is_cut_off(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting = TlsFiles(ORDINARY.certificate, ORDINARY.key, (*ORDINARY.roots, files.certificate))
    cut: list[Offence] = []

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=trusting, on_cut=cut.append)
        dialer = GrpcDialer(DialOptions(tls=files))
        await (await dialer.dial(listener.endpoint)).close()
        assert cut == []
        monkeypatch.setattr(tls_key, "MAX_RSA_BITS", 2048)
        with pytest.raises(DialError, match="the peer closed the connection"):
            await dialer.dial(listener.endpoint)
        await listener.close()

    run_bounded(main)
    assert cut == [Offence.TLS]


def test_what_is_no_certificate_is_refused_by_name_however_long_it_is(files: TlsFiles) -> None:
    files.certificate.write_text(ssl.DER_cert_to_PEM_cert(b"\1" * 3000))
    with pytest.raises(ConfigurationError, match="cannot be used: a certificate in it cannot be read") as refused:
        client_side(files)
    assert refused.value.path == str(files.certificate)


def test_our_own_one_is_refused_by_name(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_key, "MAX_RSA_BITS", 2048)
    with pytest.raises(ConfigurationError, match="RSA key has more than") as refused:
        client_side(files)
    assert refused.value.path == str(files.certificate)

"""TLS contexts, and what is said of files that cannot make one."""

import errno
import os
import shutil
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificates

from gossip.api.options import TlsFiles
from gossip.errors import ConfigurationError
from gossip.transport.tls import contexts as tls
from gossip.transport.tls.contexts import TlsSide, client_side, server_side
from gossip.transport.tls.files import MAX_FILE_BYTES
from tests.support.certificates import make_ca, make_leaf
from tests.support.tls_files import tls_ca, tls_files

SIDES = [client_side, server_side]


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    """Files of our own to spoil."""
    original = tls_files(1, 0)
    for name, source in (("tls.crt", original.certificate), ("tls.key", original.key), ("ca.crt", tls_ca(1))):
        shutil.copy(source, tmp_path / name)
    return TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", (tmp_path / "ca.crt",))


@pytest.mark.parametrize("make", SIDES)
def test_context_takes_what_fabric_takes(make: Callable[[TlsFiles], TlsSide], files: TlsFiles) -> None:
    context = make(files).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    old_suites = [suite["name"] for suite in context.get_ciphers() if suite["protocol"] == "TLSv1.2"]
    assert old_suites
    assert all("AES" in name and "GCM" in name and name.startswith("ECDHE") for name in old_suites)
    assert context.options & ssl.OP_NO_TICKET
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize("make", SIDES)
def test_no_certificates_come_or_leave_compressed(make: Callable[[TlsFiles], TlsSide], files: TlsFiles) -> None:
    """Where OpenSSL can: a chain of a hundred would come in fewer bytes than a certificate has."""
    side = make(files)
    for context in (side.context, *(side.openings or ())):
        assert context.options & (3 << 32) == 3 << 32


def test_client_verifies_the_host_name(files: TlsFiles) -> None:
    context = client_side(files).context
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_server_asks_for_a_certificate_and_may_require_one(files: TlsFiles) -> None:
    assert server_side(files).context.verify_mode is ssl.CERT_OPTIONAL
    assert server_side(files, require_client_certificate=True).context.verify_mode is ssl.CERT_REQUIRED
    assert server_side(files).context.num_tickets == 0


@pytest.mark.parametrize("make", SIDES)
def test_own_certificate_is_the_first_of_the_file_in_der(make: Callable[[TlsFiles], TlsSide], files: TlsFiles) -> None:
    leaf = files.certificate.read_text()
    files.certificate.write_text("some words before\n" + leaf + tls_ca(1).read_text())
    assert make(files).own_certificate == ssl.PEM_cert_to_DER_cert(leaf)


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[list[bytes]]:
    """The chains, in DER, of the files that OpenSSL was given."""
    chains: list[list[bytes]] = []
    load = ssl.SSLContext.load_cert_chain

    def note(context: ssl.SSLContext, certfile: Path, keyfile: Path, password: Callable[[], str]) -> None:
        chains.append([each.public_bytes(Encoding.DER) for each in load_pem_x509_certificates(certfile.read_bytes())])
        load(context, certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", note)
    return chains


def test_our_issuer_goes_along_where_the_file_lacks_it_and_we_know_it(
    files: TlsFiles, loaded: list[list[bytes]]
) -> None:
    """Else OpenSSL looks for it, and presents it, at every handshake."""
    leaf, issuer, other = (
        ssl.PEM_cert_to_DER_cert(path.read_text()) for path in (files.certificate, files.roots[0], tls_ca(2))
    )
    client_side(files)
    client_side(replace(files, roots=(tls_ca(2),)))
    files.certificate.write_text(files.certificate.read_text() + tls_ca(2).read_text())
    client_side(files)
    assert loaded == [[leaf, issuer], [leaf], [leaf, other]]


def test_of_two_cas_of_one_name_none_goes_along(files: TlsFiles, tmp_path: Path, loaded: list[list[bytes]]) -> None:
    """One of them is the wrong one, and OpenSSL tells which by the keys."""
    cas = [make_ca("tls ca") for _ in range(2)]
    leaf = make_leaf("peer0", cas[1])
    roots = (tmp_path / "old.crt", tmp_path / "new.crt")
    for path, issued in zip((*roots, files.certificate), (*cas, leaf), strict=True):
        path.write_bytes(issued.pem)
    files.key.write_bytes(leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    client_side(replace(files, roots=roots))
    client_side(replace(files, roots=roots[1:]))
    assert loaded == [[leaf.certificate.der], [leaf.certificate.der, cas[1].certificate.der]]


@pytest.mark.parametrize("make", SIDES)
def test_a_certificate_that_is_exchanged_while_it_is_read_is_refused(
    make: Callable[[TlsFiles], TlsSide], files: TlsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our handshakes would bind our identity to another certificate than the one that TLS presents."""
    load = ssl.SSLContext.load_cert_chain

    def exchange(context: ssl.SSLContext, certfile: Path, keyfile: Path, password: Callable[[], str]) -> None:
        load(context, certfile, keyfile, password)
        shutil.copy(new.certificate, files.certificate)
        shutil.copy(new.key, files.key)

    new = tls_files(2, 0)
    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", exchange)
    with pytest.raises(ConfigurationError, match="changed while it was read") as raised:
        make(replace(files, roots=(tls_ca(2),)))
    assert raised.value.path == str(files.certificate)


def test_a_key_that_goes_while_it_is_read_is_named(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_and_lose(path: Path) -> str:
        text = path.read_text()
        path.unlink()
        return text

    monkeypatch.setattr(tls, "read_text", read_and_lose)
    with pytest.raises(ConfigurationError, match=rf"{files.key} did, while they were read: No such file or directory$"):
        client_side(files)


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_without_a_place_for_it_the_leaf_goes_alone(
    has_memory_files: bool, files: TlsFiles, loaded: list[list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_name: str) -> int:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(os, "memfd_create", refuse, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(files.key))
    if not has_memory_files:
        monkeypatch.delattr(os, "memfd_create")
    client_side(files)
    assert loaded == [[ssl.PEM_cert_to_DER_cert(files.certificate.read_text())]]


def test_roots_may_be_files_and_folders(files: TlsFiles, tmp_path: Path) -> None:
    folder = tmp_path / "cas"
    folder.mkdir()
    shutil.copy(tls_ca(2), folder / "org2.pem")
    (folder / ".hidden").write_text("not looked at")
    side = client_side(replace(files, roots=(files.roots[0], folder)))
    assert side.roots == (files.roots[0], folder / "org2.pem")
    assert len(side.context.get_ca_certs()) == 2


@pytest.mark.parametrize("make", SIDES)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_words_around_the_roots_may_be_of_any_language(
    make: Callable[[TlsFiles], TlsSide], encoding: str, files: TlsFiles
) -> None:
    files.roots[0].write_text(f"# Zürich\n{tls_ca(1).read_text()}# Genève\n{tls_ca(2).read_text()}", encoding=encoding)
    assert len(make(files).context.get_ca_certs()) == 2


@pytest.mark.parametrize("make", SIDES)
def test_folder_of_roots_that_goes_while_it_is_looked_at_is_named(
    make: Callable[[TlsFiles], TlsSide], files: TlsFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = files.key.parent / "gone"
    monkeypatch.setattr("gossip.transport.tls.files.is_dir", lambda path: path == folder)
    with pytest.raises(ConfigurationError) as raised:
        make(replace(files, roots=(folder,)))
    assert str(raised.value) == f"{folder}: cannot be read: No such file or directory"


def spoil_certificate(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.certificate.write_text("no PEM")
    return files, files.certificate


def spoil_base64(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.certificate.write_text("-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n")
    return files, files.certificate


def spoil_der_of_issuer(files: TlsFiles) -> tuple[TlsFiles, Path]:
    """Behind our own certificate, which is as it should be."""
    issuer = tls_ca(1).read_text().replace("MII", "AII", 1)
    files.certificate.write_text(files.certificate.read_text() + issuer)
    return files, files.certificate


def spoil_der(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return files, files.certificate


def remove_certificate(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.certificate.unlink()
    return files, files.certificate


def folder_for_certificate(files: TlsFiles) -> tuple[TlsFiles, Path]:
    return replace(files, certificate=files.certificate.parent), files.certificate.parent


def remove_key(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.key.unlink()
    return files, files.key


def other_key(files: TlsFiles) -> tuple[TlsFiles, Path]:
    shutil.copy(tls_files(1, 1).key, files.key)
    return files, files.key


def key_of_another_kind(files: TlsFiles) -> tuple[TlsFiles, Path]:
    key = Ed25519PrivateKey.generate()
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files, files.key


def spoil_key(files: TlsFiles) -> tuple[TlsFiles, Path]:
    begin, line, rest = files.key.read_text().partition("-----\n")
    files.key.write_text(f"{begin}{line}A{rest}")
    return files, files.key


def encrypted_key(files: TlsFiles) -> tuple[TlsFiles, Path]:
    key = load_pem_private_key(files.key.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return files, files.key


def no_roots(files: TlsFiles) -> tuple[TlsFiles, None]:
    return replace(files, roots=()), None


def empty_folder(files: TlsFiles) -> tuple[TlsFiles, Path]:
    folder = files.key.parent / "empty"
    folder.mkdir()
    return replace(files, roots=(folder,)), folder


def missing_root(files: TlsFiles) -> tuple[TlsFiles, Path]:
    missing = files.key.parent / "missing.crt"
    return replace(files, roots=(*files.roots, missing)), missing


def spoiled_root(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.roots[0].write_text("no PEM")
    return files, files.roots[0]


def spoiled_root_der(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.roots[0].write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return files, files.roots[0]


def binary_root(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.roots[0].write_bytes(bytes(range(256)))
    return files, files.roots[0]


def root_in_no_base64(files: TlsFiles) -> tuple[TlsFiles, Path]:
    begin, line, rest = tls_ca(1).read_text().partition("-----\n")
    files.roots[0].write_text(f"{begin}{line}ß{rest}", encoding="utf-8")
    return files, files.roots[0]


def key_for_root(files: TlsFiles) -> tuple[TlsFiles, Path]:
    return replace(files, roots=(files.key,)), files.key


def folder_with_a_key_alone(files: TlsFiles) -> tuple[TlsFiles, Path]:
    folder = files.key.parent / "tlsca"
    folder.mkdir()
    shutil.copy(files.key, folder / "priv_sk")
    return replace(files, roots=(folder,)), folder


def pipe_for_certificate(files: TlsFiles) -> tuple[TlsFiles, Path]:
    return files, put_pipe(files.certificate)


def pipe_for_key(files: TlsFiles) -> tuple[TlsFiles, Path]:
    return files, put_pipe(files.key)


def put_pipe(path: Path) -> Path:
    """One that nobody writes to: whoever waits for it waits for good."""
    path.unlink()
    os.mkfifo(path)
    return path


def root_that_may_not_be_looked_at(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.roots[0].unlink()
    files.roots[0].symlink_to("x" * 300)
    return files, files.roots[0]


def device_for_root(files: TlsFiles) -> tuple[TlsFiles, Path]:
    files.roots[0].unlink()
    files.roots[0].symlink_to("/dev/zero")
    return files, files.roots[0]


def huge_certificate(files: TlsFiles) -> tuple[TlsFiles, Path]:
    os.truncate(files.certificate, MAX_FILE_BYTES + 1)
    return files, files.certificate


@pytest.mark.parametrize("make", SIDES)
def test_the_key_in_a_folder_of_a_ca_is_passed_over(make: Callable[[TlsFiles], TlsSide], files: TlsFiles) -> None:
    spoiled, folder = folder_with_a_key_alone(files)
    certificate = shutil.copy(tls_ca(1), folder / "tlsca-cert.pem")
    assert make(spoiled).roots == (certificate,)


@pytest.mark.parametrize("make", SIDES)
@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (spoil_certificate, "holds no certificate in PEM"),
        (spoil_base64, "holds a certificate that is not base64"),
        (spoil_der, "cannot be used: a certificate in it cannot be read"),
        (spoil_der_of_issuer, "cannot be used: a certificate in it cannot be read"),
        (remove_certificate, "cannot be read: No such file or directory"),
        (folder_for_certificate, "cannot be read: Is a directory"),
        (remove_key, "cannot be read: No such file or directory"),
        (other_key, "is not the key of the certificate in"),
        (key_of_another_kind, "is not the key of the certificate in"),
        (encrypted_key, "is encrypted"),
        (spoil_key, "holds a private key that OpenSSL cannot use"),
        (no_roots, "no TLS CA is configured"),
        (empty_folder, "is a folder without TLS CAs"),
        (folder_with_a_key_alone, "is a folder without TLS CAs"),
        (key_for_root, "holds a private key where a CA certificate belongs"),
        (missing_root, "cannot be read: No such file or directory"),
        (spoiled_root, "holds no usable CA certificate in PEM"),
        (spoiled_root_der, "holds no usable CA certificate in PEM"),
        (binary_root, "holds no usable CA certificate in PEM"),
        (root_in_no_base64, "holds no usable CA certificate in PEM"),
        (pipe_for_certificate, "is not a regular file"),
        (pipe_for_key, "is not a regular file"),
        (root_that_may_not_be_looked_at, "cannot be read: File name too long"),
        (device_for_root, "is not a regular file"),
        (huge_certificate, f"is larger than {MAX_FILE_BYTES} bytes"),
    ],
)
def test_file_that_cannot_be_used_is_named(
    make: Callable[[TlsFiles], TlsSide],
    spoil: Callable[[TlsFiles], tuple[TlsFiles, Path | None]],
    text: str,
    files: TlsFiles,
) -> None:
    spoiled, path = spoil(files)
    with pytest.raises(ConfigurationError) as raised:
        make(spoiled)
    assert text in str(raised.value)
    assert raised.value.path == (str(path) if path is not None else None)
    assert "PRIVATE" not in str(raised.value)

"""The look at a server's certificate that verification refused: what it sees, and that it gives nothing away."""

import asyncio
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from gossip.api.options import TlsFiles
from gossip.errors import DialError
from gossip.transport.tls import steps as tls_steps
from gossip.transport.tls.presented import look_at_server
from gossip.transport.tls.steps import Steps
from gossip.transport.tls.threads import Done, Waiting
from gossip.transport.tls.transport import MAX_ANSWER_BYTES
from tests.support.odd_servers import Handler, say_nothing, speak_http1, tcp_server
from tests.support.tls_files import tls_ca, tls_files

TIMEOUT_S = 5.0


class Watcher:
    """A TLS server that asks for a client certificate and notes what it gets."""

    def __init__(self, *, with_ca: bool, files: TlsFiles | None = None) -> None:
        files = files or tls_files(1, 0)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(files.certificate, files.key)
        self.context.load_verify_locations(tls_ca(1))
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.set_alpn_protocols(["h2"])
        if not with_ca:  # OpenSSL adds what it trusts to what it presents
            self.context.verify_mode = ssl.CERT_NONE
        self.certificates: list[object] = []
        self.data: list[bytes] = []

    def __call__(self, connection: socket.socket) -> None:
        with self.context.wrap_socket(connection, server_side=True) as secured:
            self.certificates.append(secured.getpeercert(True))
            try:
                self.data.append(secured.recv(65536))
            except OSError:
                self.data.append(b"")


def test_it_sees_the_leaf_and_what_was_chosen() -> None:
    with tcp_server(Watcher(with_ca=False)) as endpoint:
        seen = asyncio.run(look_at_server(endpoint, TIMEOUT_S))

    assert seen.chain[0] == ssl.PEM_cert_to_DER_cert(tls_files(1, 0).certificate.read_text())
    assert (seen.tls_version, seen.alpn) == ("TLSv1.3", "h2")
    assert seen.cipher is not None
    assert seen.cipher.startswith("TLS_")


def test_it_presents_no_certificate_and_sends_nothing() -> None:
    watcher = Watcher(with_ca=True)
    with tcp_server(watcher) as endpoint:
        asyncio.run(look_at_server(endpoint, TIMEOUT_S))

    assert (watcher.certificates, watcher.data) == ([None], [b""])


def test_no_more_is_read_than_a_dial_reads(tmp_path: Path) -> None:
    files = tls_files(1, 0)
    chain = tmp_path / "chain.pem"
    chain.write_text(files.certificate.read_text() + tls_ca(1).read_text() * (MAX_ANSWER_BYTES // 400))
    server = Watcher(with_ca=False, files=replace(files, certificate=chain))

    with tcp_server(server) as endpoint, pytest.raises(DialError, match="handshake too long"):
        asyncio.run(look_at_server(endpoint, TIMEOUT_S))


def test_what_it_sees_is_read_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    take = Steps.take_in_thread

    def note(self: Steps, tls: ssl.SSLObject, said_bytes: int, address: str | None, done: Done) -> Waiting:
        taken.append(said_bytes)
        return take(self, tls, said_bytes, address, done)

    monkeypatch.setattr(Steps, "take_in_thread", note)
    monkeypatch.setattr(tls_steps, "_this_thread", tls_steps._ThisThread())
    with tcp_server(Watcher(with_ca=False)) as endpoint:
        seen = asyncio.run(look_at_server(endpoint, TIMEOUT_S))
    assert max(taken) > len(seen.chain[0])


def test_who_hangs_up_is_an_error_of_the_dial() -> None:
    def hang_up(connection: socket.socket) -> None:
        connection.recv(65536)

    with tcp_server(hang_up) as endpoint, pytest.raises(DialError) as refusal:
        asyncio.run(look_at_server(endpoint, TIMEOUT_S))

    assert refusal.value.stage == "tls"


@pytest.mark.parametrize("handler", [say_nothing, speak_http1])
def test_no_tls_is_an_error_of_the_dial(handler: Handler) -> None:
    with tcp_server(handler) as endpoint, pytest.raises(DialError) as refusal:
        asyncio.run(look_at_server(endpoint, 0.2))

    assert (refusal.value.endpoint, refusal.value.stage) == (endpoint, "tls")


def test_no_endpoint_is_an_error_of_the_address() -> None:
    with pytest.raises(DialError) as refusal:
        asyncio.run(look_at_server("localhost", TIMEOUT_S))

    assert refusal.value.stage == "address"

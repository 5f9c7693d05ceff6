"""TLS failures told apart, each as it really happens."""

import asyncio
import socket
import ssl
from dataclasses import replace

import pytest

from gossip.api.options import DialOptions, TlsFiles
from gossip.errors import DialError
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.errors import dial_error
from gossip.transport.tls.failure import TlsFault, classify, find_alert
from gossip.transport.tls.hello import refusal
from tests.support.odd_servers import Handler, present, refuse_tls, say_nothing, speak_http1, tcp_server
from tests.support.tls_files import tls_ca, tls_files


def tls_server(*, asks_for: int | None = None, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> Handler:
    """Peer0 of Org1; verifies clients against an organisation's TLS CA."""
    files = tls_files(1, 0)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    context.set_alpn_protocols(["h2"])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = newest
    if asks_for is not None:
        context.load_verify_locations(tls_ca(asks_for))
        context.verify_mode = ssl.CERT_REQUIRED

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return handle


def dial(handler: Handler, files: TlsFiles) -> DialError:
    options = DialOptions(tls=files, dial_timeout_s=0.5)

    async def fail(endpoint: str) -> None:
        await GrpcDialer(options).dial(endpoint)

    with tcp_server(handler) as endpoint, pytest.raises(DialError) as refusal:
        asyncio.run(fail(endpoint))
    return refusal.value


OURS = tls_files(2, 0)


@pytest.mark.parametrize(
    ("handler", "files", "fault", "alert"),
    [
        (tls_server(), replace(OURS, roots=(tls_ca(2),)), TlsFault.WE_REFUSED, None),
        (tls_server(asks_for=1), OURS, TlsFault.THEY_REFUSED, "unknown ca"),
        (tls_server(asks_for=1, newest=ssl.TLSVersion.TLSv1_2), OURS, TlsFault.THEY_REFUSED, "unknown ca"),
        (speak_http1, OURS, TlsFault.NOT_TLS, None),
        (say_nothing, OURS, TlsFault.SILENT, None),
        (lambda _: None, OURS, TlsFault.CLOSED, None),
        (tls_server(), OURS, TlsFault.CLOSED, None),
        (present(b"no certificate"), OURS, TlsFault.WE_REFUSED, None),
    ],
    ids=[
        "our refusal",
        "theirs in 1.3",
        "theirs in 1.2",
        "HTTP",
        "silence",
        "closed at once",
        "closed behind TLS",
        "garbage",
    ],
)
def test_each_failure_is_told_from_the_others(
    handler: Handler, files: TlsFiles, fault: TlsFault, alert: str | None
) -> None:
    error = dial(handler, files)

    assert (classify(error), find_alert(error)) == (fault, alert), str(error)


@pytest.mark.parametrize(
    ("number", "alert", "fault"),
    [
        (40, "handshake failure", TlsFault.ALERT),
        (48, "unknown ca", TlsFault.THEY_REFUSED),
        (80, "internal error", TlsFault.ALERT),
        (112, "unrecognized name", TlsFault.ALERT),
        (120, "no application protocol", TlsFault.ALERT),
    ],
)
def test_an_alert_is_told_by_its_name_in_tls(number: int, alert: str, fault: TlsFault) -> None:
    """OpenSSL names some without the word, and Python does not know one of them."""
    error = dial(refuse_tls(number), OURS)

    assert (classify(error), find_alert(error)) == (fault, alert), str(error)
    assert str(error).endswith(f": {alert}")


@pytest.mark.parametrize(
    ("reason", "fault", "text"),
    [
        (
            "BAD_ECC_CERT",
            TlsFault.WE_REFUSED,
            "the peer's certificate was refused by us: it has key usages without digital signature (BAD_ECC_CERT)",
        ),
        ("WRONG_SIGNATURE_TYPE", TlsFault.OTHER, "wrong signature type"),
    ],
)
def test_what_openssl_refuses_before_it_verifies_is_told_in_words(reason: str, fault: TlsFault, text: str) -> None:
    error = dial_error("peer:7051", "tls", None, refusal(reason), None)

    assert classify(error) is fault
    assert str(error).endswith(f": tls: {text}")

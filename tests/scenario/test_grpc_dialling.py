"""Every way in which a dial can fail: the stage, and words that name the thing."""

import asyncio
import shutil
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from gossip.api.options import DialOptions, TlsFiles
from gossip.errors import ConfigurationError, DialError, StreamBrokenError
from gossip.transport.base import FrameStream
from gossip.transport.grpc import client_protocol as grpc_client_protocol
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.grpc.client_protocol import ClientProtocol
from gossip.transport.grpc.protocol import GrpcProtocol
from gossip.transport.grpc.server import GrpcListener, listen
from gossip.transport.grpc.server_protocol import ServerProtocol
from gossip.transport.tcp import names as names_module
from gossip.transport.tcp import plain_transport
from gossip.transport.tls.contexts import server_side
from gossip.transport.tls.transport import TlsTransport
from tests.support.bounded import run_bounded
from tests.support.certificates import Issued, make_ca, make_der
from tests.support.odd_servers import (
    begin_http2_and_stop,
    full_backlog,
    over_tls,
    say_nothing,
    send_garbage,
    speak_http1,
    tcp_server,
)
from tests.support.raw_http2 import raw_server
from tests.support.stream_server import stream_server
from tests.support.tls_files import tls_ca, tls_files
from tests.support.transports import receive_all
from tests.support.vectors import load_vectors

CLIENT = tls_files(2, 1)
SERVER = tls_files(1, 0)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def read_to_the_end(stream: FrameStream) -> None:
    await receive_all(stream)


async def nothing_more(*_: object) -> None:
    pass


def vector_files(folder: Path, name: str, *roots: Path) -> TlsFiles:
    """One of the certificates of tls_certs.json, on disk."""
    record = next(record for record in load_vectors("tls_certs.json") if record["name"] == name)
    (folder / "tls.crt").write_text(record["cert_pem"])
    (folder / "tls.key").write_text(record["key_pem"])
    return TlsFiles(folder / "tls.crt", folder / "tls.key", roots or (tls_ca(1), tls_ca(2)))


def dial_error(endpoint: str, files: TlsFiles | None = CLIENT, *, timeout_s: float = 5) -> DialError:
    """What a dial fails with; the dialer has to have given up everything by then."""
    caught: list[DialError] = []

    async def main() -> None:
        with pytest.raises(DialError) as raised:
            await GrpcDialer(DialOptions(tls=files, dial_timeout_s=timeout_s)).dial(endpoint)
        caught.append(raised.value)
        await asyncio.sleep(0)

    run_bounded(main)
    assert caught[0].endpoint == endpoint
    return caught[0]


def dial_to_listener(
    server: TlsFiles | None, client: TlsFiles | None, *, host: str = "127.0.0.1", require: bool = False
) -> DialError:
    """What a dial to our own server fails with."""
    caught: list[DialError] = []

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=server, require_client_certificate=require)
        endpoint = listener.endpoint.replace("127.0.0.1", host)
        with pytest.raises(DialError) as raised:
            await GrpcDialer(DialOptions(tls=client)).dial(endpoint)
        caught.append(raised.value)
        await listener.close()

    run_bounded(main)
    return caught[0]


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        ("localhost", "an endpoint is host:port, and there is no port"),
        ("localhost:", "'' is not a port"),
        ("localhost:0", "'0' is not a port"),
        ("localhost:65536", "'65536' is not a port"),
        ("localhost:http", "'http' is not a port"),
        (":7051", "'' is not a host name"),
        ("::1:7051", "must stand in brackets"),
        ("127.0.0.1:7051,127.0.0.1:8051", "stand blanks, not commas"),
        ("peer0,peer1:7051", "stand blanks, not commas"),
        ("https://localhost:7051", "without https://"),
        ("a b:7051", "'a b' is not a host name"),
        ("localhost:٣", "is not a port"),
    ],
)
def test_endpoint_that_is_none(endpoint: str, text: str) -> None:
    error = dial_error(endpoint)
    assert error.stage == "address"
    assert text in str(error)


def test_name_that_does_not_exist() -> None:
    error = dial_error("no-such-host.invalid:7051")
    assert error.stage == "address"
    assert "cannot resolve the name" in str(error)


def test_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    error = dial_error(f"127.0.0.1:{port}")
    assert error.stage == "tcp"
    assert "refused" in str(error)


def test_name_with_several_addresses_is_tried_to_the_end() -> None:
    """``localhost`` may be ::1 first; our listener is at 127.0.0.1 alone."""

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER)
        channel = await GrpcDialer(DialOptions(tls=CLIENT)).dial(listener.endpoint.replace("127.0.0.1", "localhost"))
        await channel.ping()
        await channel.close()
        await listener.close()

    run_bounded(main)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such setting")
@pytest.mark.parametrize(("options", "ms"), [({}, 20_000), ({"keepalive_timeout_s": 1e12}, 2**31 - 1)])
def test_what_nobody_acknowledges_ends_the_connection(
    options: dict[str, float], ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[socket.socket] = []

    async def connect(addresses: names_module.Addresses) -> socket.socket:
        connected.append(await names_module.connect_to_any(addresses))
        return connected[0]

    async def main(endpoint: str) -> None:
        channel = await GrpcDialer(DialOptions(tls=CLIENT, **options)).dial(endpoint)  # type: ignore[arg-type]
        assert connected[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == ms
        channel.abort()

    monkeypatch.setattr(grpc_client_protocol, "connect_to_any", connect)
    with tcp_server(over_tls(SERVER, begin_http2_and_stop, alpn="h2")) as endpoint:
        run_bounded(lambda: main(endpoint))


def test_full_backlog_runs_out_of_time_in_tcp() -> None:
    with full_backlog() as endpoint:
        error = dial_error(endpoint, timeout_s=0.3)
    assert error.stage == "tcp"
    assert "no answer within 0.3 s" in str(error)


@pytest.mark.parametrize("handle", [speak_http1, send_garbage])
def test_port_without_tls(handle: Callable[[socket.socket], None]) -> None:
    with tcp_server(handle) as endpoint:
        error = dial_error(endpoint)
    assert error.stage == "tls"
    assert "is not TLS" in str(error)


def test_silent_port_runs_out_of_time_in_tls() -> None:
    with tcp_server(say_nothing) as endpoint:
        error = dial_error(endpoint, timeout_s=0.3)
    assert error.stage == "tls"
    assert "no answer within 0.3 s" in str(error)


def test_port_that_closes_at_once() -> None:
    with tcp_server(lambda _: None) as endpoint:
        error = dial_error(endpoint)
    assert error.stage == "tls"
    assert "during the TLS handshake" in str(error) or "reset" in str(error)


def test_tls_server_without_http2() -> None:
    with tcp_server(over_tls(SERVER, say_nothing, alpn="http/1.1")) as endpoint:
        error = dial_error(endpoint)
    assert error.stage == "tls"
    assert "no ALPN h2" in str(error)


def test_tls_server_that_knows_no_alpn() -> None:
    with tcp_server(over_tls(SERVER, say_nothing, alpn=None)) as endpoint:
        error = dial_error(endpoint)
    assert error.stage == "tls"
    assert "no ALPN h2" in str(error)


@pytest.mark.parametrize("handle", [speak_http1, send_garbage])
def test_another_protocol_behind_tls(handle: Callable[[socket.socket], None]) -> None:
    def answer(connection: socket.socket) -> None:
        handle(connection)

    with tcp_server(over_tls(SERVER, answer, alpn="h2")) as endpoint:
        error = dial_error(endpoint)
    assert error.stage == "http2"
    assert "breaks the rules of HTTP/2: it begins with b'" in str(error)


def test_silence_behind_tls_runs_out_of_time_in_http2() -> None:
    with tcp_server(over_tls(SERVER, say_nothing, alpn="h2")) as endpoint:
        error = dial_error(endpoint, timeout_s=0.5)
    assert error.stage == "http2"
    assert "no answer within 0.5 s" in str(error)


def test_one_settings_frame_makes_a_connection() -> None:
    async def main(endpoint: str) -> None:
        channel = await GrpcDialer(DialOptions(tls=CLIENT)).dial(endpoint)
        channel.abort()
        with pytest.raises(StreamBrokenError, match="cut by us"):
            await channel.ping()

    with tcp_server(over_tls(SERVER, begin_http2_and_stop, alpn="h2")) as endpoint:
        run_bounded(lambda: main(endpoint))


def test_server_of_an_unknown_ca_names_the_files_that_were_searched() -> None:
    error = dial_to_listener(SERVER, tls_files(2, 1, trusts=(2,)))
    assert error.stage == "tls"
    assert "the peer's certificate was refused by us: " in str(error)
    assert str(error).endswith(f"; OpenSSL finds no chain from it to the TLS CAs in {tls_ca(2)}")


def test_expired_server_certificate(tmp_path: Path) -> None:
    error = dial_to_listener(vector_files(tmp_path, "expired"), CLIENT)
    assert error.stage == "tls"
    assert "certificate has expired" in str(error)


def test_server_certificate_for_another_host() -> None:
    error = dial_to_listener(SERVER, CLIENT, host="127.0.0.2")
    assert error.stage == "tcp", "the listener is at 127.0.0.1 alone"

    async def main() -> None:
        listener = await listen("127.0.0.2:0", read_to_the_end, tls=SERVER)
        with pytest.raises(DialError, match=r"not valid for '127\.0\.0\.2'") as raised:
            await GrpcDialer(DialOptions(tls=CLIENT)).dial(listener.endpoint)
        assert raised.value.stage == "tls"
        await listener.close()

    run_bounded(main)


def test_a_full_name_with_its_dot_is_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Go's servers refuse a server name with a dot at its end, and Go's clients leave it out."""
    asked: list[str | None] = []

    def take(transport: TlsTransport, *args: Any, server_hostname: str | None = None, **options: Any) -> None:
        if not options["server_side"]:
            asked.append(server_hostname)
        begin(transport, *args, server_hostname=server_hostname, **options)

    begin = TlsTransport.__init__
    monkeypatch.setattr(TlsTransport, "__init__", take)

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER)

        def find(host: str, port: int, **_: Any) -> list[Any]:
            assert host == "localhost."
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(names_module, "getaddrinfo", find)
        endpoint = listener.endpoint.replace("127.0.0.1", "localhost.")
        channel = await GrpcDialer(DialOptions(tls=CLIENT)).dial(endpoint)
        await channel.close()
        await listener.close()

    run_bounded(main)
    assert asked == ["localhost"]


@pytest.mark.parametrize("names", [None, ["127.0.0.2"]])
def test_the_common_name_is_no_host_name(names: list[str] | None, tmp_path: Path) -> None:
    """As in Go, since version 1.15."""
    kinds = [x509.IPAddress(ip_address(name)) for name in names or ()]
    extensions = [(x509.SubjectAlternativeName(kinds), False)] if kinds else []
    der, key = make_der("localhost", extensions=extensions)
    server = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", CLIENT.roots)
    server.certificate.write_text(ssl.DER_cert_to_PEM_cert(der))
    server.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    error = dial_to_listener(server, replace(CLIENT, roots=(server.certificate,)), host="localhost")
    assert error.stage == "tls"
    assert "not valid for 'localhost'" in str(error)


@pytest.mark.parametrize("endpoint", [":7051", "*:7051"])
def test_a_listener_without_a_host_serves_every_address(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    async def start(_: GrpcListener, host: str, port: int) -> None:
        asked.append((host, port))

    monkeypatch.setattr(GrpcListener, "start", start)  # tests listen on this machine alone
    asyncio.run(listen(endpoint, read_to_the_end, tls=SERVER))
    assert asked == [("", 7051)]


def test_our_certificate_of_an_unknown_ca_is_refused_by_the_peer_in_these_words(tmp_path: Path) -> None:
    error = dial_to_listener(SERVER, vector_files(tmp_path, "unknown_ca"))
    assert error.stage == "tls"
    assert "the peer refused our certificate: unknown ca" in str(error)


def test_our_missing_certificate_is_refused_where_one_is_required() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER, require_client_certificate=True)
        context = ssl.create_default_context(cafile=tls_ca(1))
        context.set_alpn_protocols(["h2"])
        host, _, port = listener.endpoint.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context, server_hostname="localhost")
        with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
            await reader.read()
        writer.transport.abort()
        await listener.close()

    run_bounded(main)


def test_expired_client_certificate_is_taken_unless_certificates_are_required(tmp_path: Path) -> None:
    """A Fabric peer takes it, too: what counts is the binding to the identity."""
    files = vector_files(tmp_path, "expired")

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER)
        channel = await GrpcDialer(DialOptions(tls=files)).dial(listener.endpoint)
        await channel.ping()
        await channel.close()
        await listener.close()

    run_bounded(main)
    error = dial_to_listener(SERVER, files, require=True)
    assert error.stage == "tls"
    assert "the peer refused our certificate: certificate expired" in str(error)


def files_for_servers_alone(folder: Path, name: str, roots: tuple[Path, ...], issuer: Issued | None = None) -> TlsFiles:
    """A certificate for servers alone, of nobody's CA and long over: what Fabric's own tests dial with."""
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    ends_at = LONG_AGO + timedelta(1)
    der, key = make_der("anybody", issuer, extensions=[(usages, False)], not_before=LONG_AGO, not_after=ends_at)
    files = TlsFiles(folder / f"{name}.crt", folder / f"{name}.key", roots)
    files.certificate.write_text(ssl.DER_cert_to_PEM_cert(der))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def test_listed_client_certificate_is_taken_whatever_its_usages_are(tmp_path: Path) -> None:
    """A Fabric peer takes it listed or not, unless client certificates are required."""
    clients = [files_for_servers_alone(tmp_path, name, CLIENT.roots) for name in ("one", "two")]
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(
        "".join(path.read_text() for path in (*SERVER.roots, *(client.certificate for client in clients)))
    )
    server = replace(SERVER, roots=(bundle,))

    async def main() -> None:
        seen: asyncio.Queue[bytes | None] = asyncio.Queue()

        async def look(stream: FrameStream) -> None:
            seen.put_nowait(stream.link.peer_certificate)

        listener = await listen("127.0.0.1:0", look, tls=server)
        for client in (*clients, CLIENT):
            channel = await GrpcDialer(DialOptions(tls=client)).dial(listener.endpoint)
            await channel.open_stream()
            assert await seen.get() == channel.link.own_certificate is not None
            await channel.close()
        await listener.close()

    run_bounded(main)
    for client in clients:
        assert "the peer refused our certificate: unsupported certificate" in str(
            dial_to_listener(server, client, require=True)
        )
        assert "the peer refused our certificate: unknown ca" in str(dial_to_listener(SERVER, client))


def test_a_listed_client_certificate_is_judged_by_its_usages_where_its_ca_is_listed_too(tmp_path: Path) -> None:
    """OpenSSL goes on to the CA, and the certificate is none of those that it trusts whatever they are for."""
    root, ca_file = make_ca("tlsca"), tmp_path / "ca.pem"
    ca_file.write_bytes(root.pem)
    client = files_for_servers_alone(tmp_path, "client", CLIENT.roots, root)
    alone = replace(SERVER, roots=(client.certificate,))

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=alone)
        channel = await GrpcDialer(DialOptions(tls=client)).dial(listener.endpoint)
        await channel.ping()
        await channel.close()
        await listener.close()

    run_bounded(main)
    both = replace(SERVER, roots=(client.certificate, ca_file))
    assert "the peer refused our certificate: unsupported certificate" in str(dial_to_listener(both, client))


def test_a_listed_ca_for_any_usage_is_one_for_tls(tmp_path: Path) -> None:
    """Such are the CAs that cryptogen made before Fabric 1.4."""
    files = files_of_a_ca_for(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, tmp_path)

    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=files, require_client_certificate=True)
        channel = await GrpcDialer(DialOptions(tls=files)).dial(listener.endpoint)
        await channel.ping()
        await channel.close()
        await listener.close()

    run_bounded(main)


def test_a_listed_ca_for_other_usages_is_none_for_tls(tmp_path: Path) -> None:
    files = files_of_a_ca_for(ExtendedKeyUsageOID.CODE_SIGNING, tmp_path)
    error = dial_to_listener(files, files, require=True)
    assert "the peer's certificate was refused by us: unsuitable certificate purpose" in str(error)


def files_of_a_ca_for(usage: x509.ObjectIdentifier, folder: Path) -> TlsFiles:
    ca = make_ca("tlsca", more=[(x509.ExtendedKeyUsage([usage]), False)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    der, key = make_der("peer0", ca, extensions=[(names, False)])
    files = TlsFiles(folder / "tls.crt", folder / "tls.key", (folder / "ca.crt",))
    files.certificate.write_text(ssl.DER_cert_to_PEM_cert(der))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    files.roots[0].write_bytes(ca.pem)
    return files


def test_tls_on_one_side_only() -> None:
    error = dial_to_listener(None, CLIENT)
    assert error.stage == "tls"
    assert "the peer closed the connection during the TLS handshake" in str(error) or "is not TLS" in str(error)
    error = dial_to_listener(SERVER, None)
    assert error.stage == "http2"


def test_without_tls_on_both_sides_there_are_no_certificates() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=None)
        channel = await GrpcDialer(DialOptions()).dial(listener.endpoint)
        await channel.ping()
        assert (channel.link.own_certificate, channel.link.peer_certificate, channel.link.tls_version) == (None,) * 3
        assert channel.times.tls_s < channel.times.tcp_s + 0.1
        await channel.close()
        await listener.close()

    run_bounded(main)


@pytest.mark.parametrize("receiver", [ClientProtocol, ServerProtocol])
def test_without_tls_too_both_sides_take_what_comes_piece_by_piece(
    receiver: type[GrpcProtocol], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def take(protocol: GrpcProtocol, data: bytes) -> None:
        if isinstance(protocol, receiver):
            sizes.append(len(data))
        data_received(protocol, data)

    data_received = GrpcProtocol.data_received
    monkeypatch.setattr(GrpcProtocol, "data_received", take)
    monkeypatch.setattr(plain_transport, "PIECE_BYTES", 1000)

    async def echo(stream: FrameStream) -> None:
        await stream.send(await stream.receive())

    async def main() -> None:
        listener = await listen("127.0.0.1:0", echo, tls=None)
        channel = await GrpcDialer(DialOptions()).dial(listener.endpoint)
        stream = await channel.open_stream()
        await stream.send([bytes(60_000)])
        assert await stream.receive() == [bytes(60_000)]
        await channel.close()
        await listener.close()

    run_bounded(main)
    assert max(sizes) == 1000


def test_client_without_certificate_is_seen_as_such() -> None:
    async def main() -> None:
        seen: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()

        async def note(stream: FrameStream) -> None:
            seen.set_result(stream.link.peer_certificate)

        listener = await listen("127.0.0.1:0", note, tls=SERVER)
        dialer = GrpcDialer(DialOptions(tls=CLIENT))
        context = ssl.create_default_context(cafile=tls_ca(1))
        context.set_alpn_protocols(["h2"])
        assert dialer._side is not None
        dialer._side = replace(dialer._side, context=context)  # a dialer of ours always has one
        channel = await dialer.dial(listener.endpoint)
        stream = await channel.open_stream()
        assert await stream.receive() == []
        assert await seen is None
        await channel.close()
        await listener.close()

    run_bounded(main)


def test_stages_are_timed_apart() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER)
        channel = await GrpcDialer(DialOptions(tls=CLIENT)).dial(listener.endpoint)
        assert channel.times.tcp_s > 0
        assert channel.times.tls_s > 0
        assert (channel.link.tls_version, channel.link.remote) == ("TLSv1.3", listener.endpoint)
        assert channel.link.cipher is not None
        await channel.close()
        await listener.close()

    run_bounded(main)


def test_options_that_cannot_be_used_leave_the_old_ones() -> None:
    async def main() -> None:
        dialer = GrpcDialer(DialOptions(tls=CLIENT))
        missing = replace(CLIENT, certificate=CLIENT.certificate.with_name("missing.crt"))
        with pytest.raises(ConfigurationError, match=r"missing\.crt: cannot be read"):
            dialer.set_options(DialOptions(tls=missing))
        await assert_speaks_tls(dialer)

    run_bounded(main)


def test_a_server_that_exchanges_costly_keys_is_not_dialled() -> None:
    async def main() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(SERVER.certificate, SERVER.key)
        context.set_ecdh_curve("ffdhe2048")
        async with stream_server(nothing_more, context) as endpoint:
            with pytest.raises(DialError, match="tls: key exchange too costly"):
                await GrpcDialer(DialOptions(tls=CLIENT)).dial(endpoint)

    run_bounded(main)


@pytest.mark.parametrize(("copies", "is_dialled"), [(10, True), (40, False)])
def test_a_server_that_says_more_than_16_kib_before_tls_stands_is_not_dialled(
    copies: int, is_dialled: bool, tmp_path: Path
) -> None:
    chain = tmp_path / "chain.crt"
    chain.write_bytes(SERVER.certificate.read_bytes() + tls_ca(2).read_bytes() * copies)

    async def main() -> None:
        async with raw_server(nothing_more, replace(SERVER, certificate=chain)) as endpoint:
            dialling = GrpcDialer(DialOptions(tls=CLIENT)).dial(endpoint)
            if is_dialled:
                (await dialling).abort()
                return
            with pytest.raises(DialError) as refused:
                await dialling
            assert refused.value.stage == "tls"
            assert isinstance(refused.value.__cause__, ssl.SSLError)
            assert refused.value.__cause__.reason == "HANDSHAKE_TOO_LONG"

    run_bounded(main)


def test_options_that_say_nothing_of_tls_do_not_turn_it_off() -> None:
    async def main() -> None:
        dialer = GrpcDialer(DialOptions(tls=CLIENT))
        dialer.set_options(DialOptions(dial_timeout_s=2.0))
        await assert_speaks_tls(dialer)

    run_bounded(main)


async def assert_speaks_tls(dialer: GrpcDialer) -> None:
    listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER)
    channel = await dialer.dial(listener.endpoint)
    assert channel.link.tls_version == "TLSv1.3"
    await channel.close()
    await listener.close()


def test_new_certificate_serves_new_connections_and_old_ones_keep_theirs() -> None:
    async def main() -> None:
        served: list[bytes | None] = []
        may_end = asyncio.Event()

        async def note(stream: FrameStream) -> None:
            await may_end.wait()
            served.append(stream.link.own_certificate)

        listener = await listen("127.0.0.1:0", note, tls=SERVER)
        dialer = GrpcDialer(DialOptions(tls=CLIENT))
        before = await dialer.dial(listener.endpoint)
        old_stream = await before.open_stream()
        await before.ping()
        listener.use_tls(server_side(tls_files(1, 1)))
        after = await dialer.dial(listener.endpoint)
        new_stream = await after.open_stream()
        await after.ping()
        assert before.link.peer_certificate != after.link.peer_certificate
        may_end.set()
        assert await receive_all(old_stream) == []
        assert await receive_all(new_stream) == []
        assert served == [before.link.peer_certificate, after.link.peer_certificate]
        await listener.close()

    run_bounded(main)


def test_options_that_name_no_tls_files_keep_what_was_read_of_the_former_ones(tmp_path: Path) -> None:
    folder = shutil.copytree(CLIENT.certificate.parent, tmp_path / "tls")
    files = replace(CLIENT, certificate=folder / CLIENT.certificate.name, key=folder / CLIENT.key.name)
    dialer = GrpcDialer(DialOptions(tls=files))
    presented = dialer.own_certificate
    files.certificate.write_bytes(SERVER.certificate.read_bytes())

    dialer.set_options(DialOptions(dial_timeout_s=1.0))

    assert presented is not None
    assert dialer.own_certificate == presented
    assert dialer.tls_files == files
    with pytest.raises(ConfigurationError, match="is not the key of the certificate"):
        dialer.set_options(DialOptions(tls=files))
    assert dialer.own_certificate == presented


@pytest.mark.parametrize(
    ("endpoint", "text"), [("127.0.0.1", "there is no port"), ("203.0.113.1:0", "cannot listen on 203.0.113.1:0")]
)
def test_endpoint_that_cannot_be_listened_on(endpoint: str, text: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=text):
            await listen(endpoint, read_to_the_end, tls=SERVER)

    run_bounded(main)


def test_port_in_use_cannot_be_listened_on() -> None:
    async def main() -> None:
        listener = await listen("127.0.0.1:0", read_to_the_end, tls=SERVER)
        with pytest.raises(ConfigurationError, match="in use"):
            await listen(listener.endpoint, read_to_the_end, tls=SERVER)
        await listener.close()

    run_bounded(main)

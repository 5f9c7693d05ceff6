"""What operators get wrong, and what they find at the other end: each has a message that names the thing."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gossip.api.options import TlsFiles
from gossip.transport.base import FrameStream, StreamHandler
from tests.support.broken_networks import IMPATIENT
from tests.support.cli import Outcome, run, run_process
from tests.support.odd_servers import (
    Handler,
    begin_http2_and_stop,
    grpc_peer,
    over_tls,
    say_nothing,
    send_garbage,
    speak_http1,
    tcp_server,
)
from tests.support.organizations import organization_folder, peer_folder
from tests.support.served import peer_options

NOBODY = "127.0.0.1:1"
Break = Callable[[Path], Path]


def own_tls() -> TlsFiles:
    """What peer1 of Org1 presents."""
    folder = peer_folder(1, 1) / "tls"
    return TlsFiles(folder / "server.crt", folder / "server.key", (folder / "ca.crt",))


def failure(outcome: Outcome) -> tuple[object, object, object, object]:
    """The facts of a failure that programs read."""
    facts = outcome.object
    assert facts["ok"] is False
    return outcome.exit_code, facts["stage"], facts["error"], facts["fault"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a peer's folder, to be broken."""
    return Path(shutil.copytree(peer_folder(1), tmp_path / "peer"))


def no_msp(folder: Path) -> Path:
    shutil.rmtree(folder / "msp")
    return folder / "msp"


def empty_msp(folder: Path) -> Path:
    shutil.rmtree(folder / "msp")
    (folder / "msp").mkdir()
    return folder / "msp"


def no_certificate(folder: Path) -> Path:
    shutil.rmtree(folder / "msp" / "signcerts")
    return folder / "msp" / "signcerts"


def a_certificate_that_is_none(folder: Path) -> Path:
    (certificate,) = (folder / "msp" / "signcerts").iterdir()
    certificate.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return certificate


def no_key(folder: Path) -> Path:
    shutil.rmtree(folder / "msp" / "keystore")
    return folder / "msp" / "keystore"


def the_key_of_another_certificate(folder: Path) -> Path:
    shutil.copy(peer_folder(1, 1) / "msp" / "keystore" / "priv_sk", folder / "msp" / "keystore" / "priv_sk")
    return folder / "msp" / "keystore"


def the_msp_of_another_organization(folder: Path) -> Path:
    for name in ("cacerts", "config.yaml"):
        source, target = organization_folder(2) / "msp" / name, folder / "msp" / name
        if target.is_dir():
            shutil.rmtree(target)
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return folder / "msp"


def a_broken_config_yaml(folder: Path) -> Path:
    (folder / "msp" / "config.yaml").write_text("NodeOUs: [")
    return folder / "msp" / "config.yaml"


def no_tls_certificate(folder: Path) -> Path:
    (folder / "tls" / "server.crt").unlink()
    return folder / "tls" / "server.crt"


def a_tls_certificate_that_is_a_folder(folder: Path) -> Path:
    (folder / "tls" / "server.crt").unlink()
    (folder / "tls" / "server.crt").mkdir()
    return folder / "tls" / "server.crt"


def no_tls_key(folder: Path) -> Path:
    (folder / "tls" / "server.key").unlink()
    return folder / "tls" / "server.key"


def the_tls_key_of_another_certificate(folder: Path) -> Path:
    shutil.copy(peer_folder(1, 1) / "tls" / "server.key", folder / "tls" / "server.key")
    return folder / "tls" / "server.key"


@pytest.mark.parametrize(
    "broken",
    [
        no_msp,
        empty_msp,
        no_certificate,
        a_certificate_that_is_none,
        no_key,
        the_key_of_another_certificate,
        the_msp_of_another_organization,
        a_broken_config_yaml,
        no_tls_certificate,
        a_tls_certificate_that_is_a_folder,
        no_tls_key,
        the_tls_key_of_another_certificate,
    ],
)
@pytest.mark.parametrize("command", ["probe", "handshake", "serve"])
def test_a_file_that_cannot_be_used_is_named(command: str, broken: Break, folder: Path) -> None:
    at_fault = broken(folder)

    options = (*peer_options(1, folder=folder), "--json")
    if command == "serve":
        outcome = run_process("serve", "--listen=127.0.0.1:0", *options)  # which prints to files alone
    else:
        outcome = run(command, NOBODY, *options)

    assert outcome.exit_code == 2
    assert (outcome.object["ok"], outcome.object["error"], outcome.object["fault"]) == (
        False,
        "ConfigurationError",
        "ours",
    )
    assert str(at_fault) in str(outcome.object["message"])


def test_a_failure_before_the_first_stage_has_a_stage_too(folder: Path) -> None:
    empty_msp(folder)

    outcome = run("handshake", NOBODY, *peer_options(1, folder=folder), "--json")

    assert failure(outcome) == (2, "settings", "ConfigurationError", "ours")


def test_a_tls_ca_that_is_missing_is_named(tmp_path: Path) -> None:
    outcome = run("handshake", NOBODY, *peer_options(1), f"--tls-ca={tmp_path / 'ca.crt'}")

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {tmp_path / 'ca.crt'}: cannot be read: No such file or directory\n"


def test_our_own_organization_cannot_be_another_one_too() -> None:
    outcome = run("handshake", NOBODY, *peer_options(1), f"--org=Org1MSP={organization_folder(1) / 'msp'}")

    assert outcome.exit_code == 2
    assert "Org1MSP is our own organisation" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--tls-cert=x"], "--tls-cert, --tls-key, --tls-ca go together; not given: --tls-key, --tls-ca"),
        (["--tls-cert=x", "--tls-key=x"], "go together; not given: --tls-ca"),
        (["--org=Org2MSP"], "'Org2MSP' is not MSPID=DIR"),
        (["--org= Org2MSP=msp"], "' Org2MSP': an MSP-ID must not begin or end with blanks"),
        (["--mspid="], "gossip: --mspid: peer.localMspId is empty"),
        (["--expect-pki-id=abc"], "'abc' is not 32 bytes in hex"),
        (["--conn-timeout=0"], "--conn-timeout"),
        (["--dial-timeout=inf"], "Invalid value for '--dial-timeout': Input should be less than or equal to 86400"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], named: str, folder: Path) -> None:
    options = [f"--msp-dir={folder / 'msp'}", "--mspid=Org1MSP"]

    outcome = run("handshake", NOBODY, *options, *arguments)

    assert outcome.exit_code == 2
    assert named in " ".join(outcome.stderr.replace("│", " ").split())


def test_a_wait_without_end_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"data")

    outcome = run("send", NOBODY, *peer_options(1), f"--data={tmp_path / 'data'}", "--ack=1", "--timeout=inf")

    assert outcome.exit_code == 2
    assert "Invalid value for '--timeout'" in outcome.stderr


@pytest.mark.parametrize(("name", "what"), [("nowhere", "there is no such folder"), ("file", "is not a folder")])
def test_a_ca_that_is_no_folder_is_named(name: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    outcome = run("misbehave", NOBODY, *peer_options(1), "--fault=expired", f"--ca={tmp_path / name}")

    assert (outcome.exit_code, outcome.stderr) == (2, f"gossip: {tmp_path / name}: {what}\n")


@pytest.mark.parametrize("option", ["--tls-key", "--tls-cert", "--tls-ca", "--msp-dir", "--config"])
def test_a_file_that_may_not_be_read_is_told_to_programs_too(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # tests may run as root, who may read everything
    outcome = run("probe", NOBODY, *peer_options(1), f"{option}={Path(__file__)}", "--json")

    assert outcome.exit_code == 2
    assert str(outcome.object["message"]).startswith(__file__)


@pytest.mark.parametrize(
    "arguments",
    [
        ["send", NOBODY, *peer_options(1), "--data=-", "--channel=\udcff"],
        ["probe", NOBODY, *peer_options(1), "--mspid=Org1MSP\udcff"],
        ["diagnose", NOBODY, *peer_options(1), "--org=Org3MSP\udcff=msp"],
        ["serve", "--listen=127.0.0.1:0", *peer_options(1), "--nack=\udcff"],
        ["msp", "check", peer_folder(1) / "msp", "--mspid=Org1MSP\udcff"],
        ["identity", "show", peer_folder(1) / "msp", "--mspid=Org1MSP\udcff"],
    ],
    ids=lambda arguments: f"{arguments[0]} {str(arguments[-1]).partition('=')[0]}",
)
def test_bytes_that_are_no_characters_are_wrong_usage(arguments: list[object]) -> None:
    outcome = run(*arguments)

    assert outcome.exit_code == 2
    assert "\\udcff' is not text: it contains bytes that are not characters" in " ".join(
        outcome.stderr.replace("│", " ").split()
    )


@pytest.mark.parametrize(
    ("endpoint", "what"),
    [
        ("localhost", "there is no port"),
        ("[::1]", "there is no port"),
        ("localhost:", "'' is not a port"),
        ("localhost:99999", "'99999' is not a port"),
        ("https://localhost:7051", "without https://"),
        (":7051", "'' is not a host name"),
    ],
)
@pytest.mark.parametrize("command", ["probe", "handshake"])
def test_an_endpoint_of_another_form_is_wrong_usage(command: str, endpoint: str, what: str) -> None:
    outcome = run(command, endpoint, *peer_options(1), "--json")

    assert failure(outcome) == (2, "address", "ConfigurationError", "ours")
    assert str(outcome.object["message"]).startswith(f"{endpoint!r} is not an endpoint")
    assert what in str(outcome.object["message"])


@pytest.mark.parametrize(
    ("endpoint", "stage", "what"),
    [
        ("no-such-host.invalid:7051", "address", "cannot resolve the name"),
        (NOBODY, "tcp", "connection refused, nothing listens there"),
    ],
)
@pytest.mark.parametrize("command", ["probe", "handshake"])
def test_an_endpoint_that_nobody_answers_at(command: str, endpoint: str, stage: str, what: str) -> None:
    outcome = run(command, endpoint, *peer_options(1), "--json")

    assert failure(outcome) == (3, stage, "DialError", "network")
    assert f"cannot connect to {endpoint}: {stage}: {what}" in str(outcome.object["message"])


def test_people_read_one_line_about_it() -> None:
    outcome = run("probe", NOBODY, *peer_options(1))

    assert (outcome.exit_code, outcome.stdout) == (3, "")
    assert outcome.stderr == f"gossip: cannot connect to {NOBODY}: tcp: connection refused, nothing listens there\n"


@pytest.mark.parametrize(
    ("handler", "stage", "error", "what"),
    [
        (say_nothing, "tls", "DialError", "no answer within 2 s"),
        (speak_http1, "tls", "DialError", "what the peer speaks is not TLS"),
        (send_garbage, "tls", "DialError", "what the peer speaks is not TLS"),
        (over_tls(own_tls(), say_nothing, alpn=None), "tls", "DialError", "no ALPN h2"),
        (over_tls(own_tls(), speak_http1, alpn="http/1.1"), "tls", "DialError", "no ALPN h2"),
        (over_tls(own_tls(), say_nothing, alpn="h2"), "http2", "DialError", "no answer within 2 s"),
        (over_tls(own_tls(), begin_http2_and_stop, alpn="h2"), "ping", "PeerSilentError", "waiting for Ping"),
    ],
    ids=["silent", "HTTP", "garbage", "TLS without ALPN", "HTTPS", "TLS then silent", "HTTP/2 then silent"],
)
def test_a_port_with_another_protocol(handler: Handler, stage: str, error: str, what: str) -> None:
    with tcp_server(handler) as endpoint:
        outcome = run_process("handshake", endpoint, *peer_options(1), *IMPATIENT, "--json")

    assert failure(outcome) == (3, stage, error, "network")
    assert endpoint in str(outcome.object["message"])
    assert what in str(outcome.object["message"])


def test_tls_that_we_do_not_speak(folder: Path) -> None:
    with tcp_server(over_tls(own_tls(), say_nothing, alpn="h2")) as endpoint:
        outcome = run_process(
            "handshake", endpoint, f"--msp-dir={folder / 'msp'}", "--mspid=Org1MSP", *IMPATIENT, "--json"
        )

    assert failure(outcome) == (3, "http2", "DialError", "network")
    assert endpoint in str(outcome.object["message"])


async def never_speak(_: FrameStream) -> None:
    await asyncio.Event().wait()


async def send_no_message(stream: FrameStream) -> None:
    await stream.send([b"\xff" * 40])
    await stream.receive()


async def send_an_empty_message(stream: FrameStream) -> None:
    await stream.send([b""])
    await stream.receive()


async def end_at_once(_: FrameStream) -> None:
    return


@pytest.mark.parametrize(
    ("handler", "exit_code", "error", "what"),
    [
        (never_speak, 3, "PeerSilentError", "timed out waiting for connection message from"),
        (send_no_message, 1, "MalformedEnvelopeError", "malformed Envelope"),
        (send_an_empty_message, 1, "UnexpectedMessageError", "wrong type"),
        (end_at_once, 1, "HandshakeError", "ended the stream before its connection message"),
    ],
)
def test_a_peer_that_misbehaves_on_the_stream(handler: StreamHandler, exit_code: int, error: str, what: str) -> None:
    with grpc_peer(own_tls(), handler) as endpoint:
        outcome = run_process("handshake", endpoint, *peer_options(1), *IMPATIENT, "--json")

    fault = "network" if exit_code == 3 else "peer"
    assert failure(outcome) == (exit_code, "exchange", error, fault)
    assert what in str(outcome.object["message"])


def test_the_name_of_a_file_in_a_warning_moves_no_cursor(tmp_path: Path) -> None:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "msp"))
    (msp / "cacerts" / "\x1b[2J\n.pem").write_text("no certificate")
    others = [each for each in peer_options(2) if not each.startswith("--org=")]

    outcome = run_process("handshake", "127.0.0.1:1", *others, f"--org=Org1MSP={msp}")

    assert "cacerts/\\x1b[2J\\n.pem: holds no PEM" in outcome.stderr
    assert "\x1b" not in outcome.stderr

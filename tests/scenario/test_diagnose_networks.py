"""``gossip diagnose`` on healthy networks, on further broken ones, and on many endpoints at once."""

import asyncio
import codecs
import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.errors import HandshakeError
from gossip.msp.authority import Authority, Credential, Validity
from gossip.shown import shown_time
from gossip.transport.base import FrameStream, StreamHandler
from gossip.types import PkiId
from tests.support.broken_networks import (
    HERE,
    IMPATIENT,
    Arguments,
    as_org2,
    conn_establish_of,
    copy_of,
    reissue_tls,
    say,
    write_tls,
)
from tests.support.certificates import with_unknown_extension
from tests.support.cli import Outcome, run, run_process
from tests.support.core_yaml import line_of, write_core_yaml
from tests.support.in_thread import listening, peer_settings, tls_of
from tests.support.msp_folders import replace_line
from tests.support.odd_servers import begin_http2_and_stop, grpc_peer, over_tls, speak_http1, tcp_server
from tests.support.organizations import NOW, organization, organization_folder, peer, peer_folder
from tests.support.peers import data_message
from tests.support.served import peer_options

NOBODY = "127.0.0.1:1"
VALIDITY = organization(1).validity
Network = Callable[[Path], AbstractContextManager[Arguments]]


def without(options: Arguments, *names: str) -> Arguments:
    """The options but for these."""
    return [each for each in options if not each.startswith(names)]


def found(outcome: Outcome) -> tuple[object, object, object, str, int]:
    """Stage, side, first cause and where to look, and the exit code."""
    stages = outcome.object["stages"]
    assert isinstance(stages, list)
    (stage,) = [each for each in stages if each["stage"] == outcome.object["failed_at"]]
    cause = stage["causes"][0]
    return stage["stage"], stage["side"], cause["rule"], str(cause["look_at"]), outcome.exit_code


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """peer0 of Org1, which is well."""
    with listening(peer_settings(1)) as endpoint:
        yield endpoint


def test_all_is_well(endpoint: str) -> None:
    outcome = run("diagnose", endpoint, *as_org2(), "--json")

    facts = outcome.object
    assert outcome.exit_code == 0
    assert (facts["ok"], facts["failed_at"], facts["mspid"]) == (True, None, "Org1MSP")
    assert (facts["we_accept_them"], facts["they_accept_us"]) == (True, True)
    stages = facts["stages"]
    assert isinstance(stages, list)
    assert {stage["stage"]: stage["outcome"] for stage in stages} == {
        **dict.fromkeys(["name", "tcp", "tls", "http2", "ping", "own_identity", "conn_establish"], "ok"),
        **dict.fromkeys(["identity", "tls_binding", "signature", "verdict"], "ok"),
        **dict.fromkeys(["expected_peer", "buffers"], "skipped"),
    }
    assert all(stage["ms"] > 0 for stage in stages if stage["stage"] in {"name", "tcp", "tls", "ping", "verdict"})
    assert stages[2]["facts"]["version"] == "TLSv1.3"
    assert stages[2]["facts"]["trusted by"].endswith("tlsca.org1.example.com-cert.pem")


def test_our_own_identity_on_the_other_side_is_told(endpoint: str) -> None:
    outcome = run("diagnose", endpoint, *peer_options(1), "--json")

    stages = outcome.object["stages"]
    assert isinstance(stages, list)
    (stage,) = [each for each in stages if each["stage"] == "conn_establish"]
    assert (outcome.exit_code, stage["outcome"]) == (0, "warning")
    assert stage["facts"]["note"].startswith("it is our own identity: we reach ourselves, or two peers have one MSP")


def test_people_see_a_tree(endpoint: str) -> None:
    outcome = run("diagnose", endpoint, *as_org2(), f"--expect-pki-id={run_pki_id(endpoint)}")

    lines = outcome.stdout.splitlines()
    assert outcome.exit_code == 0
    assert lines[0] == endpoint
    assert "├── ✓ the peer that was expected" in lines
    assert lines[-1].startswith("└── ✓ their verdict on us")
    assert "✗" not in outcome.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_the_tree_is_readable_in_an_encoding_without_its_signs(
    endpoint: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    outcome = run_process("diagnose", endpoint, *without(as_org2(), "--org"))

    lines = outcome.stdout.splitlines()
    assert outcome.exit_code == 1, outcome.stderr
    assert any(line.startswith("+-- ok Ping") for line in lines)
    assert any(line.startswith("+-- FAILED their identity in our MSPs") for line in lines)


def run_pki_id(endpoint: str) -> object:
    return run("handshake", endpoint, *as_org2(), "--json").object["pki_id"]


def test_a_client_certificate_of_its_own_is_shown_as_what_is_bound(endpoint: str, tmp_path: Path) -> None:
    folder = copy_of(2, tmp_path)
    tls_ca, validity = organization(2).tls_ca, organization(2).validity
    write_tls(folder / "tls", tls_ca.issue_tls("client.org2.example.com", validity=validity, hosts=HERE), "client")
    config = write_core_yaml(
        folder,
        ("localMspId: Org1MSP", "localMspId: Org2MSP"),
        ("clientKey:\n      file:", "clientKey:\n      file: tls/client.key"),
        ("clientCert:\n      file:", "clientCert:\n      file: tls/client.crt"),
    )

    outcome = run("diagnose", endpoint, f"--config={config}", f"--org=Org1MSP={organization_folder(1) / 'msp'}")

    assert outcome.exit_code == 0, outcome.stdout
    own = f"client.org2.example.com, a client certificate of its own: {folder / 'tls' / 'client.crt'}"
    assert f"our certificate: {own}" in outcome.stdout


@contextmanager
def bad_endpoint(tmp_path: Path) -> Iterator[Arguments]:
    yield ["localhost", *as_org2()]


@contextmanager
def unknown_name(tmp_path: Path) -> Iterator[Arguments]:
    yield ["no-such-host.invalid:7051", *as_org2()]


@contextmanager
def nobody_there(tmp_path: Path) -> Iterator[Arguments]:
    yield [NOBODY, *as_org2()]


@contextmanager
def every_address(tmp_path: Path) -> Iterator[Arguments]:
    yield ["0.0.0.0:1", *as_org2()]


@contextmanager
def own_tls_file_missing(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    (folder / "tls" / "server.key").unlink()
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def tls_off_here(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--tls-")]


@contextmanager
def outdated_tls_ca(tmp_path: Path) -> Iterator[Arguments]:
    old = Authority.create(
        organization(1).tls_ca.name, organization(1).domain, validity=organization(1).validity
    ).certificate_pem
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    (ca_file,) = (msp / "tlscacerts").iterdir()
    ca_file.write_bytes(old)
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(trusts=(2,)), "--org"), f"--org=Org1MSP={msp}"]


@contextmanager
def web_server(tmp_path: Path) -> Iterator[Arguments]:
    with tcp_server(over_tls(tls_of(), speak_http1, alpn="http/1.1")) as endpoint:
        yield [endpoint, *as_org2(), *IMPATIENT]


@contextmanager
def closing_peer(tmp_path: Path) -> Iterator[Arguments]:
    with tcp_server(over_tls(tls_of(), lambda _: None, alpn="h2")) as endpoint:
        yield [endpoint, *as_org2(), *IMPATIENT]


@contextmanager
def hanging_peer(tmp_path: Path) -> Iterator[Arguments]:
    with tcp_server(over_tls(tls_of(), begin_http2_and_stop, alpn="h2")) as endpoint:
        yield [endpoint, *as_org2(), *IMPATIENT]


def speaking(handler: StreamHandler, name: str) -> Network:
    """A network whose peer does with a stream what ``handler`` does."""

    @contextmanager
    def network(tmp_path: Path) -> Iterator[Arguments]:
        with grpc_peer(tls_of(), handler) as endpoint:
            yield [endpoint, *as_org2(), *IMPATIENT]

    network.__name__ = name
    return network


def issued_by(ca: Authority, validity: Validity = VALIDITY) -> Credential:
    """What peer0 of Org1 would have from this CA."""
    return ca.issue_identity(peer(1).name, validity=validity, units=("peer",))


def presenting(pem: bytes, name: str) -> Network:
    """A network whose peer presents another certificate than its own."""
    return speaking(say(conn_establish_of(1, pem=pem)), name)


async def never_speak(_: FrameStream) -> None:
    await asyncio.Event().wait()


@contextmanager
def orderer(tmp_path: Path) -> Iterator[Arguments]:
    """A gRPC server without gossip."""
    files = tls_of()
    server = grpc.server(ThreadPoolExecutor(1))
    credentials = grpc.ssl_server_credentials([(files.key.read_bytes(), files.certificate.read_bytes())])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield [f"127.0.0.1:{port}", *as_org2()]
    finally:
        server.stop(None).wait()


@contextmanager
def we_have_no_msp_of_theirs(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org")]


@contextmanager
def they_have_no_msp_of_ours(tmp_path: Path) -> Iterator[Arguments]:
    with listening(replace(peer_settings(1), organizations={})) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def our_wrong_mspid(tmp_path: Path) -> Iterator[Arguments]:
    others = [f"--org=Org{number}MSP={organization_folder(number) / 'msp'}" for number in (1, 2)]
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org", "--mspid"), "--mspid=Org3MSP", *others]


def reissue_identity(folder: Path, number: int, validity: Validity, *, role: str = "peer") -> None:
    """Give a copied peer another certificate of its own CA."""
    issued = organization(number).ca.issue_identity(peer(number).name, validity=validity, units=(role,))
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.write_bytes(issued.certificate_pem)
    (folder / "msp" / "keystore" / "priv_sk").write_bytes(issued.key_pem)


@pytest.mark.parametrize(
    ("validity", "what"),
    [
        (
            Validity(NOW, NOW + timedelta(days=20)),
            f"ends at {shown_time(NOW + timedelta(days=20))}",
        ),
        (Validity.not_yet(NOW), f"begins at {shown_time(NOW + timedelta(days=1))}, which is in the future"),
    ],
)
def test_the_end_of_identities_is_told_where_nobody_minds_yet(validity: Validity, what: str, tmp_path: Path) -> None:
    ours, theirs = copy_of(2, tmp_path), copy_of(1, tmp_path)
    reissue_identity(ours, 2, validity)
    reissue_identity(theirs, 1, validity)
    with listening(peer_settings(1, folder=theirs)) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(ours), "--json")

    facts: Any = outcome.object
    notes = {stage["stage"]: (stage["outcome"], stage["facts"].get("note")) for stage in facts["stages"]}
    assert (outcome.exit_code, facts["we_accept_them"], facts["they_accept_us"]) == (0, True, True)
    assert notes["own_identity"] == ("warning", f"our certificate {what}")
    assert notes["identity"] == ("warning", f"the certificate {what}")


def test_our_own_name_and_units_are_shown_as_theirs_are(endpoint: str, tmp_path: Path) -> None:
    """An admin's certificate does as a peer's, so nothing fails."""
    folder = copy_of(2, tmp_path)
    reissue_identity(folder, 2, organization(2).validity, role="admin")
    outcome = run("diagnose", endpoint, *as_org2(folder), "--json")

    stages: Any = outcome.object["stages"]
    (facts,) = [stage["facts"] for stage in stages if stage["stage"] == "own_identity"]
    assert (outcome.exit_code, facts["subject"], facts["units"]) == (0, "peer0.org2.example.com", "admin")


@contextmanager
def our_identity_expired(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    reissue_identity(folder, 2, Validity.expired(NOW))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def they_revoked_us(tmp_path: Path) -> Iterator[Arguments]:
    msp = Path(shutil.copytree(organization_folder(2) / "msp", tmp_path / "org2" / "msp"))
    (msp / "crls").mkdir()
    (msp / "crls" / "crl.pem").write_bytes(organization(2).ca.revoke([peer(2).identity.certificate], now=NOW))
    with listening(replace(peer_settings(1), organizations={"Org2MSP": msp})) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def we_revoked_them(tmp_path: Path) -> Iterator[Arguments]:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    (msp / "crls").mkdir()
    (msp / "crls" / "older.pem").write_bytes(organization(1).ca.revoke([], now=NOW))
    (msp / "crls" / "newer.pem").write_bytes(organization(1).ca.revoke([peer(1).identity.certificate], now=NOW))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org"), f"--org=Org1MSP={msp}"]


@contextmanager
def our_copy_names_another_certifier(tmp_path: Path) -> Iterator[Arguments]:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    other = Authority.create("ca-old.org1.example.com", "org1.example.com", validity=organization(1).validity)
    (msp / "cacerts" / "ca-old.pem").write_bytes(other.certificate_pem)
    config = msp / "config.yaml"
    text, certificate = config.read_text(), f"cacerts/{organization(1).ca.name}-cert.pem"
    at = text.index("PeerOUIdentifier")
    config.write_text(text[:at] + text[at:].replace(certificate, "cacerts/ca-old.pem", 1))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org"), f"--org=Org1MSP={msp}"]


@contextmanager
def our_copy_spells_their_role_in_capitals(tmp_path: Path) -> Iterator[Arguments]:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    config = msp / "config.yaml"
    text = config.read_text()
    at = text.index("PeerOUIdentifier")
    config.write_text(
        text[:at] + text[at:].replace("OrganizationalUnitIdentifier: peer", "OrganizationalUnitIdentifier: Peer", 1)
    )
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org"), f"--org=Org1MSP={msp}"]


@contextmanager
def our_copy_has_another_ou_for_their_role(tmp_path: Path) -> Iterator[Arguments]:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    replace_line(msp / "config.yaml", "Identifier: peer", "Identifier: committer")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org"), f"--org=Org1MSP={msp}"]


@contextmanager
def we_misname_their_organization(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(), "--org"), f"--org=Org3MSP={organization_folder(1) / 'msp'}"]


@contextmanager
def we_misname_our_own(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(2)) as endpoint:
        yield [endpoint, *without(as_org2(), "--mspid"), "--mspid=Org3MSP"]


def identity_as_tls(folder: Path) -> None:
    """Put a peer's identity where its TLS certificate belongs; TLS itself minds nothing."""
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    shutil.copy(signcert, folder / "tls" / "server.crt")
    shutil.copy(folder / "msp" / "keystore" / "priv_sk", folder / "tls" / "server.key")


@contextmanager
def our_own_organization_given_as_another(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(), f"--org=Org2MSP={organization_folder(2) / 'msp'}"]


@contextmanager
def their_folder_missing(tmp_path: Path) -> Iterator[Arguments]:
    """Its TLS CA is missing with it."""
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(trusts=(2,)), "--org"), f"--org=Org1MSP={tmp_path / 'org1' / 'msp'}"]


@contextmanager
def our_folder_broken_below_theirs(tmp_path: Path) -> Iterator[Arguments]:
    """The folder that --org names lies above ours, and is sound."""
    above = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1"))
    folder = copy_of(2, above)
    (folder / "msp" / "config.yaml").write_text("NodeOUs: [")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *without(as_org2(folder), "--org"), f"--org=Org1MSP={above}"]


@contextmanager
def our_certificate_in_der(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.write_bytes(peer(2).identity.certificate.public_bytes(Encoding.DER))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_ca_behind_a_byte_order_mark(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    (ca_file,) = (folder / "msp" / "cacerts").iterdir()
    ca_file.write_bytes(codecs.BOM_UTF8 + ca_file.read_bytes())
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_role_misspelt(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    config = folder / "msp" / "config.yaml"
    config.write_text(config.read_text().replace("PeerOUIdentifier", "PeerOuIdentifier"))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_certificate_a_link_to_nowhere(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.unlink()
    signcert.symlink_to("gone.pem")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def identity_as_our_tls(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(2, tmp_path)
    identity_as_tls(folder)
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def identity_as_their_tls(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(1, tmp_path)
    identity_as_tls(folder)
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def no_operations(tmp_path: Path) -> Iterator[Arguments]:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(), f"--operations={NOBODY}"]


@contextmanager
def nobody_answers_for_the_name(tmp_path: Path) -> Iterator[Arguments]:
    folder = copy_of(1, tmp_path)
    reissue_tls(folder, 1, hosts=("localhost",), validity=Validity.not_yet(NOW))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint.replace("127.0.0.1", "localhost"), *as_org2()]


CASES: list[tuple[Network, tuple[str, str, str, str, int]]] = [
    (bad_endpoint, ("name", "ours", "endpoint-form", "the endpoint", 2)),
    (unknown_name, ("name", "between", "unknown-name", "/etc/hosts", 3)),
    (nobody_there, ("tcp", "theirs", "not-running", "the peer's log", 3)),
    (every_address, ("tcp", "ours", "unspecified-address", "the endpoint as it was given", 3)),
    (own_tls_file_missing, ("tls", "ours", "own-tls-files", "peer0.org2/tls/server.key", 2)),
    (tls_off_here, ("tls", "ours", "tls-off-here", "peer.tls.enabled, or --tls-cert", 3)),
    (outdated_tls_ca, ("tls", "ours", "tls-ca-outdated-here", "org1/msp/tlscacerts/tlsca.org1", 3)),
    (nobody_answers_for_the_name, ("tls", "theirs", "tls-not-yet-valid", "this machine's clock", 3)),
    (web_server, ("http2", "theirs", "other-service", "peer.listenAddress", 3)),
    (closing_peer, ("tls", "theirs", "closed-without-reason", "their peer.tls.clientRootCAs.files", 3)),
    (hanging_peer, ("ping", "theirs", "busy-peer", "the peer's log", 3)),
    (orderer, ("ping", "theirs", "no-gossip-service", "which node", 1)),
    (speaking(never_speak, "silent_peer"), ("conn_establish", "theirs", "handshake-hangs", "the peer's log", 3)),
    (
        speaking(say(data_message(b"x").envelope), "data_first"),
        ("conn_establish", "theirs", "no-conn-establish", "its version", 1),
    ),
    (
        speaking(say(conn_establish_of(1, pki_id=PkiId(b"\x07" * 32))), "false_pki_id"),
        ("identity", "theirs", "refused-by-msp", "the peer's signcerts", 1),
    ),
    (presenting(b"no PEM", "no_identity"), ("identity", "theirs", "no-identity", "the peer's signcerts", 1)),
    (
        presenting(organization(1).ca.certificate_pem, "their_ca_as_identity"),
        ("identity", "theirs", "ca-in-signcerts", "the peer's signcerts", 1),
    ),
    (
        presenting(issued_by(organization(1).ca, Validity.expired(NOW)).certificate_pem, "their_identity_expired"),
        ("identity", "theirs", "identity-expired", "the peer's signcerts", 1),
    ),
    (
        presenting(
            with_unknown_extension(issued_by(organization(1).ca), organization(1).ca).certificate_pem,
            "their_identity_breaks_the_chain",
        ),
        ("identity", "theirs", "broken-chain", "the peer's signcerts", 1),
    ),
    (
        presenting(
            issued_by(Authority.create("ca.other", "org1.example.com", validity=VALIDITY)).certificate_pem,
            "their_ca_unknown_to_us",
        ),
        ("identity", "ours", "ca-unknown-here", "org1.example.com/msp/cacerts", 1),
    ),
    (
        speaking(say(conn_establish_of(1, signer=2)), "wrong_key"),
        ("signature", "theirs", "wrong-key", "the peer's keystore", 1),
    ),
    (
        speaking(say(conn_establish_of(1, tls_cert_hash=b""), and_wait=False), "binds_nothing"),
        ("tls_binding", "theirs", "tls-off-there", "peer.tls.enabled", 1),
    ),
    (
        speaking(say(conn_establish_of(1), and_wait=True), "no_verdict"),
        ("verdict", "theirs", "no-verdict", "its log", 3),
    ),
    (we_have_no_msp_of_theirs, ("identity", "ours", "organization-unknown-here", "--org Org1MSP=DIR", 1)),
    (they_have_no_msp_of_ours, ("verdict", "theirs", "organization-unknown-to-them", "the channels", 1)),
    (our_wrong_mspid, ("verdict", "ours", "wrong-mspid", "peer.localMspId (--mspid)", 1)),
    (our_identity_expired, ("own_identity", "ours", "expired", "peer0.org2/msp/signcerts/", 2)),
    (we_revoked_them, ("identity", "theirs", "revoked", "org1/msp/crls/newer.pem", 1)),
    (they_revoked_us, ("verdict", "ours", "revoked", "msp/signcerts", 1)),
    (our_copy_names_another_certifier, ("identity", "ours", "node-ou-certifier", "org1/msp/config.yaml:7", 1)),
    (our_copy_spells_their_role_in_capitals, ("identity", "ours", "node-ou-case", "org1/msp/config.yaml:8", 1)),
    (our_copy_has_another_ou_for_their_role, ("identity", "ours", "node-ou-role", "org1/msp/config.yaml:8", 1)),
    (we_misname_their_organization, ("identity", "ours", "misnamed-here", "--org Org3MSP=/", 1)),
    (we_misname_our_own, ("identity", "ours", "misnamed-here", "peer.localMspId (--mspid)", 1)),
    (our_own_organization_given_as_another, ("own_identity", "ours", "own-mspid", "(--mspid), and --org Org2MSP=/", 2)),
    (their_folder_missing, ("tls", "ours", "org-msp", "org1/msp, named by --org Org1MSP", 2)),
    (our_folder_broken_below_theirs, ("own_identity", "ours", "config-unreadable", "org2/msp/config.yaml:1", 2)),
    (our_certificate_in_der, ("own_identity", "ours", "not-pem", "msp/signcerts/peer0.org2", 2)),
    (our_ca_behind_a_byte_order_mark, ("own_identity", "ours", "not-pem", "msp/cacerts/ca.org2", 2)),
    (our_role_misspelt, ("own_identity", "ours", "unknown-key", "peer0.org2/msp/config.yaml:6", 2)),
    (our_certificate_a_link_to_nowhere, ("own_identity", "ours", "dangling-link", "msp/signcerts/peer0.org2", 2)),
    (identity_as_our_tls, ("tls", "ours", "identity-ca", "server.crt, named by --tls-cert", 3)),
    (identity_as_their_tls, ("tls", "theirs", "identity-ca", "the peer's peer.tls.cert.file", 3)),
    (no_operations, ("buffers", "theirs", "operations-unreachable", "operations.listenAddress", 3)),
]


@pytest.mark.parametrize(("network", "expected"), CASES, ids=[network.__name__ for network, _ in CASES])
def test_what_fails_is_found(network: Network, expected: tuple[str, str, str, str, int], tmp_path: Path) -> None:
    with network(tmp_path) as arguments:
        outcome = run("diagnose", *arguments, "--json")

    stage, side, rule, look_at, exit_code = found(outcome)
    assert (stage, side, rule, exit_code) == (*expected[:3], expected[4]), outcome.stdout
    assert expected[3] in look_at


def test_without_tls_on_either_side_there_is_a_warning() -> None:
    with listening(replace(peer_settings(1), tls=None)) as endpoint:
        outcome = run("diagnose", endpoint, *without(as_org2(), "--tls-"), "--json")

    stages = outcome.object["stages"]
    assert isinstance(stages, list)
    assert outcome.exit_code == 0
    assert (stages[2]["stage"], stages[2]["outcome"]) == ("tls", "warning")
    assert (outcome.object["we_accept_them"], outcome.object["they_accept_us"]) == (True, True)


def test_each_side_s_verdict_is_told_where_only_one_refuses(tmp_path: Path) -> None:
    with they_have_no_msp_of_ours(tmp_path) as arguments:
        refused_by_them = run("diagnose", *arguments, "--json").object
    with we_have_no_msp_of_theirs(tmp_path) as arguments:
        refused_by_us = run("diagnose", *arguments, "--json").object

    assert (refused_by_them["we_accept_them"], refused_by_them["they_accept_us"]) == (True, False)
    assert (refused_by_us["we_accept_them"], refused_by_us["they_accept_us"]) == (False, True)


def test_many_endpoints_end_with_a_matrix(tmp_path: Path) -> None:
    with ExitStack() as stack:
        well = stack.enter_context(listening(peer_settings(1)))
        refusing = stack.enter_context(listening(replace(peer_settings(1), organizations={})))
        profile = tmp_path / "connection-profile.json"
        peers = {
            "peer0.org1.example.com": {"url": f"grpcs://{well}"},
            "peer1": {"url": f"grpcs://{refusing}"},
            "peer2": {"url": f"grpcs://{NOBODY}"},
        }
        profile.write_text(json.dumps({"name": "net", "organizations": {}, "peers": peers}))

        shown = run("diagnose", f"--all-from={profile}", *as_org2())
        outcome = run("diagnose", f"--all-from={profile}", *as_org2(), "--json")

    assert [each["endpoint"] for each in outcome.objects] == [well, refusing, NOBODY]
    assert [each["failed_at"] for each in outcome.objects] == [None, "verdict", "tcp"]
    assert (shown.exit_code, outcome.exit_code) == (1, 1)  # the first that failed
    matrix = shown.stdout.partition("who reaches whom")[2].splitlines()
    rows = [line.split() for line in matrix if line.strip().startswith("127.0.0.1")]
    assert [(row[0], row[3:6], row[-1]) for row in rows] == [
        (well, ["yes", "yes", "yes"], "-"),
        (refusing, ["yes", "yes", "no"], "organization-unknown-to-them"),
        (NOBODY, ["no", "-", "-"], "not-running"),
    ]


def test_the_peers_of_a_core_yaml(endpoint: str, tmp_path: Path) -> None:
    core = write_core_yaml(
        tmp_path,
        ("- 127.0.0.1:7051\n      - 127.0.0.1:8051", f"- {endpoint}"),
        ("externalEndpoint: peer0.org1.example.com:7051", "externalEndpoint:"),
    )

    outcome = run("diagnose", f"--all-from={core}", *as_org2(), "--json")

    assert (outcome.exit_code, outcome.object["endpoint"]) == (0, endpoint)


@pytest.mark.parametrize(
    ("old", "new", "meant", "rule"),
    [
        ("mspConfigPath: msp", "mspConfigPath: tls", "tls", "own-msp"),
        ("file: tls/server.crt", "file: tls/none.crt", "tls/none.crt", "own-tls-files"),
        ("file: tls/ca.crt", "file: ./tls/ca.crt", "tls/ca.crt", "tls-ca-unknown-here"),
        ("file: tls/server.key", "file: ./tls/server.crt", "tls/server.crt", "own-tls-files"),
        ("file: tls/server.crt", "file: ./tls/server.key", "tls/server.key", "own-tls-files"),
        ("file: tls/ca.crt", "file: ./tls/server.key", "tls/server.key", "own-tls-files"),
    ],
)
def test_the_line_of_core_yaml_that_names_a_wrong_file_is_told(
    endpoint: str, tmp_path: Path, old: str, new: str, meant: str, rule: str
) -> None:
    folder = copy_of(2, tmp_path)
    without_list = ("\n        - tls/ca.crt", "")
    config = write_core_yaml(folder, ("localMspId: Org1MSP", "localMspId: Org2MSP"), without_list, (old, new))
    org1 = [] if rule == "tls-ca-unknown-here" else [f"--org=Org1MSP={organization_folder(1) / 'msp'}"]

    outcome = run("diagnose", endpoint, f"--config={config}", "--json", *org1)

    named_by = f"{config}:{line_of(config.read_text(), new)}"
    assert found(outcome)[1:4] == ("ours", rule, f"{folder / meant}, named by {named_by}")


def test_where_certificate_and_key_do_not_fit_the_sources_of_both_are_told(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, certificate = copy_of(2, tmp_path), peer_folder(1) / "tls" / "server.crt"
    monkeypatch.setenv("CORE_PEER_TLS_CERT_FILE", str(certificate))
    config = write_core_yaml(folder, ("localMspId: Org1MSP", "localMspId: Org2MSP"))

    outcome = run("diagnose", endpoint, f"--config={config}", "--json")

    key = f"{folder / 'tls/server.key'}, named by {config}:{line_of(config.read_text(), 'file: tls/server.key')}"
    where = f"{key}; {certificate}, named by CORE_PEER_TLS_CERT_FILE"
    assert found(outcome)[1:4] == ("ours", "own-tls-files", where)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (lambda key: key[: len(key) // 2], ": it holds PEM that is cut short or garbled"),
        (lambda key: key + bytes(20 << 20), ""),
    ],
    ids=["cut short", "too large"],
)
def test_a_tls_key_that_cannot_be_read_is_not_blamed_on_the_certificate(
    endpoint: str, tmp_path: Path, content: Callable[[bytes], bytes], what: str
) -> None:
    """OpenSSL is given both, and does not say which of them it is; what is too large is told by the error."""
    folder = copy_of(2, tmp_path)
    key = folder / "tls" / "server.key"
    key.write_bytes(content(key.read_bytes()))

    outcome = run("diagnose", endpoint, *as_org2(folder), "--json")

    assert found(outcome)[1:4] == ("ours", "own-tls-files", f"{key}, named by --tls-key")
    stages: Any = outcome.object["stages"]
    assert stages[2]["causes"][0]["text"] == f"the key of our TLS certificate cannot be used{what}"


def test_each_tls_ca_is_told_with_what_names_it(endpoint: str, tmp_path: Path) -> None:
    """Those of --org count too, and two lines of core.yaml name one each."""
    folder, org3 = copy_of(2, tmp_path), Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org3"))
    shutil.copy(organization_folder(2) / "tlsca" / "tlsca.org2.example.com-cert.pem", folder / "tls" / "more.crt")
    (tlsca,) = (org3 / "tlscacerts").iterdir()
    tlsca.write_bytes(organization(3).tls_ca.certificate_pem)
    config = write_core_yaml(folder, ("Id: Org1MSP", "Id: Org2MSP"), ("- tls/ca.crt", "- tls/more.crt"))

    outcome = run("diagnose", endpoint, f"--config={config}", "--json", f"--org=Org3MSP={org3}")

    first, more = line_of(config.read_text(), "file: tls/ca.crt"), line_of(config.read_text(), "- tls/more.crt")
    assert found(outcome)[2:4] == (
        "tls-ca-unknown-here",
        f"{folder / 'tls/ca.crt'}, named by {config}:{first}; {folder / 'tls/more.crt'}, named by {config}:{more}; "
        f"{tlsca}, named by --org Org3MSP",
    )


def test_the_folder_of_an_organization_that_lacks_its_tls_cas_is_told(endpoint: str, tmp_path: Path) -> None:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1"))
    shutil.rmtree(msp / "tlscacerts")
    others = without(as_org2(trusts=(2,)), "--org")

    outcome = run("diagnose", endpoint, *others, f"--org=Org1MSP={msp}", "--json")

    where = found(outcome)[3]
    assert where.endswith(f"named by --tls-ca; {msp / 'tlscacerts'} of --org Org1MSP, which holds none")


@pytest.mark.parametrize("is_set", [False, True])
def test_the_file_that_leaves_tls_off_is_told(endpoint: str, tmp_path: Path, *, is_set: bool) -> None:
    new = "enabled: false" if is_set else "# enabled"
    config = write_core_yaml(copy_of(2, tmp_path), ("Id: Org1MSP", "Id: Org2MSP"), ("enabled: true", new))

    outcome = run("diagnose", endpoint, f"--config={config}", "--json")

    where = f"{config}:{line_of(config.read_text(), new)}" if is_set else f"not set in {config}"
    assert found(outcome) == ("tls", "ours", "tls-off-here", f"peer.tls.enabled ({where})", 3)


def test_the_line_that_names_an_endpoint_which_is_none_is_told(tmp_path: Path) -> None:
    profile = tmp_path / "profile.yaml"
    profile.write_text("peers:\n  peer0.org1.example.com:\n    url: https://peer0.org1.example.com:7051\n")

    outcome = run("diagnose", f"--all-from={profile}", *as_org2(), "--json")

    where = f"the endpoint as it was given, named by {profile}:3"
    assert found(outcome) == ("name", "ours", "endpoint-form", where, 2)


def test_the_second_of_two_tls_cas_is_named_by_its_own_line(endpoint: str, tmp_path: Path) -> None:
    folder = copy_of(2, tmp_path)
    required = ("clientAuthRequired: false", "clientAuthRequired: true")
    config = write_core_yaml(folder, ("Id: Org1MSP", "Id: Org2MSP"), ("- tls/ca.crt", "- tls/none.crt"), required)

    outcome = run("diagnose", endpoint, f"--config={config}", "--json")

    named_by = f"{config}:{line_of(config.read_text(), '- tls/none.crt')}"
    assert found(outcome)[1:4] == ("ours", "own-tls-files", f"{folder / 'tls/none.crt'}, named by {named_by}")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "give an endpoint"),
        ([NOBODY, "127.0.0.1:2", "--operations=127.0.0.1:3"], "are for one endpoint"),
        ([NOBODY, "--expect-pki-id=ab"], "is not 32 bytes in hex"),
        ([NOBODY, "--operations=localhost"], "there is no port"),
    ],
)
def test_wrong_usage(arguments: Arguments, what: str) -> None:
    outcome = run("diagnose", *arguments, *as_org2())

    assert outcome.exit_code == 2
    assert what in " ".join(outcome.stderr.replace("│", " ").split())


def test_an_msp_folder_that_cannot_be_used_is_a_stage_too(endpoint: str, tmp_path: Path) -> None:
    folder = copy_of(2, tmp_path)
    shutil.rmtree(folder / "msp")

    outcome = run("diagnose", endpoint, *as_org2(folder), "--json")

    assert found(outcome) == ("own_identity", "ours", "own-msp", f"{folder / 'msp'}, named by --msp-dir", 2)
    stages = outcome.object["stages"]
    assert isinstance(stages, list)
    assert [stage["outcome"] for stage in stages[:5]] == ["ok"] * 5


def test_a_peer_s_words_cannot_move_the_cursor() -> None:
    async def refuse(_: FrameStream) -> None:
        raise HandshakeError("no\x1b[2J\nall is well")

    with grpc_peer(tls_of(), refuse) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2())

    assert outcome.exit_code == 1
    assert "reason: no\\x1b[2J\\nall is well" in outcome.stdout
    assert "\x1b" not in outcome.stdout


@pytest.mark.parametrize("command", ["diagnose", "handshake"])
def test_a_tls_ca_may_come_through_a_pipe(command: str, endpoint: str) -> None:
    reading, writing = os.pipe()
    (ca_file,) = (organization_folder(1) / "msp" / "tlscacerts").iterdir()
    os.write(writing, ca_file.read_bytes())
    os.close(writing)
    msp = [each for each in as_org2(trusts=(2,)) if not each.startswith("--tls-ca")]
    try:
        outcome = run(command, endpoint, *msp, f"--tls-ca=/dev/fd/{reading}", "--json")
    finally:
        os.close(reading)

    assert outcome.exit_code == 0, outcome.stdout


def test_peers_of_one_organization_need_no_other(tmp_path: Path) -> None:
    with listening(peer_settings(1)) as endpoint:
        folder = peer_folder(1, 1)
        tls = [f"--tls-{name}={folder / 'tls' / file}" for name, file in TLS_FILES]
        outcome = run("diagnose", endpoint, f"--msp-dir={folder / 'msp'}", "--mspid=Org1MSP", *tls)

    assert outcome.exit_code == 0, outcome.stdout


TLS_FILES = [("cert", "server.crt"), ("key", "server.key"), ("ca", "ca.crt")]


@pytest.mark.parametrize("command", ["probe", "handshake"])
def test_a_dial_that_failed_is_told_once(command: str) -> None:
    with tcp_server(over_tls(tls_of(), speak_http1, alpn="http/1.1")) as endpoint:
        outcome = run_process(command, endpoint, *as_org2())

    reason = f"cannot connect to {endpoint}: tls: the peer does not offer HTTP/2 in TLS (no ALPN h2)"
    assert outcome.stderr.splitlines() == [f"gossip: {reason}"]


def test_what_a_diagnosis_sees_of_a_port_in_plain_text_is_not_logged_beside_it() -> None:
    with tcp_server(speak_http1) as endpoint:
        outcome = run_process("diagnose", endpoint, *as_org2())

    assert (outcome.exit_code, outcome.stderr) == (3, "")


def test_http1_behind_a_balancer_that_says_h2_is_not_taken_for_a_refusal_in_tls() -> None:
    with tcp_server(over_tls(tls_of(), speak_http1, alpn="h2")) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), "--json")

    assert outcome.object["failed_at"] == "http2"
    stages = outcome.object["stages"]
    assert isinstance(stages, list)
    (failed,) = (stage for stage in stages if stage["outcome"] == "failed")
    assert [cause["rule"] for cause in failed["causes"]] == ["other-service", "http1-proxy"]


def test_tls_cas_of_an_organization_that_may_not_be_read_are_no_end_of_the_diagnosis(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_core_yaml(copy_of(2, tmp_path), ("localMspId: Org1MSP", "localMspId: Org2MSP"))
    theirs = tmp_path / "org1"
    shutil.copytree(organization_folder(1) / "msp", theirs)
    iterdir = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path == theirs / "tlscacerts":
            raise PermissionError(errno.EACCES, "Permission denied")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)  # tests may run as root, who may read everything
    outcome = run("diagnose", endpoint, f"--config={config}", f"--org=Org1MSP={theirs}", "--json")

    facts: Any = outcome.object
    failed = {stage["stage"]: stage["causes"] for stage in facts["stages"] if stage["outcome"] == "failed"}
    assert outcome.exit_code == 2
    assert list(failed) == ["tls", "own_identity"]
    assert failed["tls"] == failed["own_identity"]
    (cause,) = failed["tls"]
    assert (cause["rule"], cause["look_at"]) == ("org-msp", f"{theirs / 'tlscacerts'}, named by --org Org1MSP")

"""``gossip diagnose`` on variants of the fifteen questions: other certificates and folders, several faults at once."""

import codecs
import errno
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from gossip.msp.authority import Authority, Credential, Validity
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
from tests.support.certificates import like, make_ca, make_leaf, over_sha1, renewed
from tests.support.cli import Outcome, run
from tests.support.in_thread import listening, peer_settings, tls_of
from tests.support.odd_servers import grpc_peer, tcp_server
from tests.support.organizations import NOW, organization, organization_folder, peer
from tests.support.peers import data_message
from tests.support.tls_proxy import tls_proxy

Network = Iterator[Arguments]


def tls_from(authority: Authority, folder: Path) -> None:
    """Give a copied peer of Org1 a TLS certificate of this CA."""
    name, validity = peer(1).name, organization(1).validity
    write_tls(folder / "tls", authority.issue_tls(name, validity=validity, hosts=HERE))


@contextmanager
def expired_tls_ca(tmp_path: Path) -> Network:
    ended = Validity(NOW - timedelta(days=400), NOW - timedelta(days=1))
    authority = Authority.create("tlsca.old.example.com", "org1.example.com", validity=ended)
    folder, ca_file = copy_of(1, tmp_path), tmp_path / "old-ca.pem"
    tls_from(authority, folder)
    ca_file.write_bytes(authority.certificate_pem)
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2(), f"--tls-ca={ca_file}"]


@contextmanager
def intermediate_not_sent(tmp_path: Path) -> Network:
    validity = organization(1).validity
    root = Authority.create("tlsroot.org1.example.com", "org1.example.com", validity=validity)
    folder, ca_file = copy_of(1, tmp_path), tmp_path / "root.pem"
    tls_from(root.issue_authority("tlsica.org1.example.com", "org1.example.com", validity=validity), folder)
    ca_file.write_bytes(root.certificate_pem)
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2(), f"--tls-ca={ca_file}"]


@contextmanager
def no_alternative_names(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    reissue_tls(folder, 1, hosts=())
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


def allow_only(folder: Path, number: int, usage: ObjectIdentifier) -> None:
    """Give a copied peer a TLS certificate for one side of TLS only."""
    only = x509.ExtendedKeyUsage([usage])
    builder = like(peer(number).tls.certificate, without=x509.ExtendedKeyUsage).add_extension(only, critical=False)
    signed = builder.sign(organization(number).tls_ca.key, SHA256())
    write_tls(folder / "tls", Credential(signed, peer(number).tls.key))


@contextmanager
def not_for_servers(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    allow_only(folder, 1, ExtendedKeyUsageOID.CLIENT_AUTH)
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def not_for_clients(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    allow_only(folder, 2, ExtendedKeyUsageOID.SERVER_AUTH)
    with listening(replace(peer_settings(1), require_client_certificate=True)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def another_key_identifier(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    named = x509.AuthorityKeyIdentifier(b"\x0a" * 20, None, None)
    builder = like(peer(1).tls.certificate, without=x509.AuthorityKeyIdentifier).add_extension(named, critical=False)
    signed = builder.sign(organization(1).tls_ca.key, SHA256())
    write_tls(folder / "tls", Credential(signed, peer(1).tls.key))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def two_tls_cas_of_a_name(tmp_path: Path) -> Network:
    """The one that did not issue the certificate comes first, and no other is tried."""
    folder, ca_file = copy_of(1, tmp_path), tmp_path / "anew.pem"
    reissued = like(peer(1).tls.certificate, without=x509.AuthorityKeyIdentifier)
    write_tls(folder / "tls", Credential(reissued.sign(organization(1).tls_ca.key, SHA256()), peer(1).tls.key))
    names = {each.oid: str(each.value) for each in organization(1).tls_ca.certificate.subject}
    anew = Authority.create(
        names[NameOID.COMMON_NAME], names[NameOID.ORGANIZATION_NAME], validity=organization(1).validity
    )
    assert anew.certificate.subject == organization(1).tls_ca.certificate.subject
    ca_file.write_bytes(anew.certificate_pem)
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, f"--tls-ca={ca_file}", *as_org2()]


@contextmanager
def for_any_usage(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    builder = like(peer(1).tls.certificate, without=x509.ExtendedKeyUsage).add_extension(usage, critical=False)
    write_tls(folder / "tls", Credential(builder.sign(organization(1).tls_ca.key, SHA256()), peer(1).tls.key))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def certificate_in_place_of_our_tls_key(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    shutil.copy(folder / "tls" / "server.crt", folder / "tls" / "server.key")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_organizations_msp_as_our_own(tmp_path: Path) -> Network:
    arguments = [f"--msp-dir={organization_folder(2) / 'msp'}" if "--msp-dir" in each else each for each in as_org2()]
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *arguments]


@contextmanager
def our_tls_certificate_linked_to_nowhere(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    (folder / "tls" / "server.crt").unlink()
    (folder / "tls" / "server.crt").symlink_to("..data/server.crt")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_tls_begins_later(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    reissue_tls(folder, 2, validity=Validity.not_yet(NOW))
    with listening(replace(peer_settings(1), require_client_certificate=True)) as endpoint:
        yield [endpoint, *as_org2(folder)]


def self_signed() -> Credential:
    """A certificate that vouches for itself."""
    authority = Authority.create("Fake Certificate", "ingress.example.com", validity=organization(1).validity)
    return Credential(authority.certificate, authority.key)


@contextmanager
def their_tls_self_signed(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    write_tls(folder / "tls", self_signed())
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def our_tls_self_signed(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    write_tls(folder / "tls", self_signed())
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_ca_before_our_tls_certificate(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    file = folder / "tls" / "server.crt"
    file.write_bytes(organization(2).tls_ca.certificate_pem + file.read_bytes())
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def closes_before_tls(tmp_path: Path) -> Network:
    with tcp_server(lambda _: None) as endpoint:
        yield [endpoint, *as_org2(), *IMPATIENT]


def use_tls_as_identity(folder: Path, number: int) -> None:
    """Put a peer's TLS certificate and key where its identity belongs."""
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.write_bytes(peer(number).tls.certificate_pem)
    (folder / "msp" / "keystore" / "priv_sk").write_bytes(peer(number).tls.key_pem)


@contextmanager
def our_tls_as_identity(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    use_tls_as_identity(folder, 2)
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def their_tls_as_identity(tmp_path: Path) -> Network:
    with grpc_peer(tls_of(), say(conn_establish_of(1, pem=peer(1).tls.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_ca_made_anew(tmp_path: Path) -> Network:
    validity = organization(1).validity
    anew = Authority.create(organization(1).ca.name, organization(1).domain, validity=validity)
    issued = anew.issue_identity(peer(1).name, validity=validity, units=("peer",))
    with grpc_peer(tls_of(), say(conn_establish_of(1, pem=issued.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_identity_over_sha1(tmp_path: Path) -> Network:
    weak = Credential(over_sha1(peer(1).identity.certificate, organization(1).ca.key), peer(1).identity.key)
    with grpc_peer(tls_of(), say(conn_establish_of(1, pem=weak.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_tls_ca_in_place_of_the_ca_of_its_name(tmp_path: Path) -> Network:
    """TLS stands, since the TLS CA is in its place as well."""
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    validity, tls_ca = organization(1).validity, organization(1).tls_ca
    namesake = Authority.create(tls_ca.name, organization(1).domain, validity=validity)
    issued = namesake.issue_identity(peer(1).name, validity=validity, units=("peer",))
    (ca_file,) = (msp / "cacerts").iterdir()
    ca_file.write_bytes(tls_ca.certificate_pem)
    others = [each for each in as_org2() if not each.startswith("--org")]
    with grpc_peer(tls_of(), say(conn_establish_of(1, pem=issued.certificate_pem))) as endpoint:
        yield [endpoint, *others, f"--org=Org1MSP={msp}"]


@contextmanager
def our_key_missing_and_our_tls_expired(tmp_path: Path) -> Network:
    """A peer without ``clientAuthRequired`` does not mind the second, so it explains nothing."""
    folder = copy_of(2, tmp_path)
    reissue_tls(folder, 2, validity=Validity.expired(NOW))
    (folder / "msp" / "keystore" / "priv_sk").unlink()
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def their_folder_broken_and_our_tls_expired(tmp_path: Path) -> Network:
    """The folder that --org names is at fault, whatever is wrong with our own."""
    folder = copy_of(2, tmp_path)
    reissue_tls(folder, 2, validity=Validity.expired(NOW))
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    (msp / "config.yaml").write_text("NodeOUs: [")
    with listening(peer_settings(1)) as endpoint:
        others = [each for each in as_org2(folder) if not each.startswith("--org")]
        yield [endpoint, *others, f"--org=Org1MSP={msp}"]


@contextmanager
def enrolled_as_an_orderer(tmp_path: Path) -> Network:
    issued = organization(1).ca.issue_identity(peer(1).name, validity=organization(1).validity, units=("orderer",))
    with grpc_peer(tls_of(), say(conn_establish_of(1, pem=issued.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_ca_twice_in_our_copy(tmp_path: Path) -> Network:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    begins_at = organization(1).validity.not_before_at - timedelta(days=1)
    (msp / "cacerts" / "renewed.pem").write_bytes(renewed(organization(1).ca, begins_at=begins_at))
    others = [each for each in as_org2() if not each.startswith("--org")]
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *others, f"--org=Org1MSP={msp}"]


@contextmanager
def path_length_too_short_in_our_copy(tmp_path: Path) -> Network:
    """The peer itself has its root without one, or would not run."""
    root = make_ca("root.org1.example.com")
    lower = make_ca("lower.org1.example.com", root)
    leaf = make_leaf(peer(1).name, lower)
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    ours = make_ca("root.org1.example.com", basics=(x509.BasicConstraints(ca=True, path_length=0), True), key=root.key)
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    (msp / "intermediatecerts").mkdir()
    (msp / "intermediatecerts" / "lower.pem").write_bytes(lower.pem)
    (msp / "cacerts" / "root.pem").write_bytes(ours.pem)
    conn_establish = conn_establish_of(1, pem=leaf.pem)
    others = [each for each in as_org2() if not each.startswith("--org")]
    with grpc_peer(tls_of(), say(conn_establish)) as endpoint:
        yield [endpoint, *others, f"--org=Org1MSP={msp}"]


def enroll_below_an_intermediate(folder: Path, place: str) -> None:
    """Give a copied peer of Org2 an identity of a CA below its root; config.yaml still names the root."""
    validity = organization(2).validity
    lower = organization(2).ca.issue_authority("lower.org2.example.com", "org2.example.com", validity=validity)
    issued = lower.issue_identity(peer(2).name, validity=validity, units=("peer",))
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    signcert.write_bytes(issued.certificate_pem)
    (folder / "msp" / "keystore" / "priv_sk").write_bytes(issued.key_pem)
    (folder / "msp" / place).mkdir(exist_ok=True)
    (folder / "msp" / place / "lower.pem").write_bytes(lower.certificate_pem)


@contextmanager
def our_intermediate_among_the_roots(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    enroll_below_an_intermediate(folder, "cacerts")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_ca_in_our_copy_of_theirs(tmp_path: Path) -> Network:
    msp = Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))
    (ca_file,) = (msp / "cacerts").iterdir()
    ca_file.write_bytes(organization(2).ca.certificate_pem)
    others = [each for each in as_org2() if not each.startswith("--org")]
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *others, f"--org=Org1MSP={msp}"]


@contextmanager
def everything_of_ours_cut_short(tmp_path: Path) -> Network:
    """As on a disk that was full."""
    folder = copy_of(2, tmp_path)
    (signcert,) = (folder / "msp" / "signcerts").iterdir()
    for file in (signcert, folder / "msp" / "keystore" / "priv_sk", folder / "tls" / "server.crt"):
        file.write_bytes(file.read_bytes()[:100])
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def a_request_in_place_of_our_ca(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    (ca_file,) = (folder / "msp" / "cacerts").iterdir()
    ca_file.write_bytes(b"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n")
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def another_root_than_that_of_our_intermediate(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    enroll_below_an_intermediate(folder, "intermediatecerts")
    (ca_file,) = (folder / "msp" / "cacerts").iterdir()
    ca_file.write_bytes(organization(1).ca.certificate_pem)
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


CASES: list[tuple[Callable[[Path], AbstractContextManager[Arguments]], tuple[str, str, str, str, str]]] = [
    (expired_tls_ca, ("tls", "theirs", "tls-ca-expired", "tlsca.old.example.com", "old-ca.pem, named by --tls-ca")),
    (not_for_servers, ("tls", "theirs", "tls-usage", "serverAuth", "the peer's peer.tls.cert.file")),
    (not_for_clients, ("tls", "ours", "tls-usage", "clientAuth", "tls/server.crt, named by --tls-cert")),
    (no_alternative_names, ("tls", "theirs", "host-name", "has no alternative names", "peer.tls.cert.file")),
    (certificate_in_place_of_our_tls_key, ("tls", "ours", "own-tls-files", "", "tls/server.key, named by --tls-key")),
    (
        our_organizations_msp_as_our_own,
        ("own_identity", "ours", "own-msp", "name that of the peer", "org2.example.com/msp, named by --msp-dir"),
    ),
    (
        our_tls_certificate_linked_to_nowhere,
        ("tls", "ours", "own-tls-files", "it is a link to ..data/server.crt, which does not exist", "tls/server.crt"),
    ),
    (another_key_identifier, ("tls", "theirs", "tls-key-id", "names 0a0a0a", "our copy of its TLS CA")),
    (two_tls_cas_of_a_name, ("tls", "ours", "tls-ca-namesakes", "different keys", "anew.pem, named by --tls-ca")),
    (for_any_usage, ("tls", "theirs", "tls-usage", "any extended key usage", "the peer's peer.tls.cert.file")),
    (our_tls_begins_later, ("tls", "ours", "own-tls-not-yet-valid", "begins at", "this machine's clock, then /")),
    (their_tls_self_signed, ("tls", "theirs", "tls-self-signed", "Fake Certificate is self-signed", "ingress")),
    (our_tls_self_signed, ("tls", "ours", "own-tls-self-signed", "self-signed", "server.crt, named by --tls-cert")),
    (
        our_ca_before_our_tls_certificate,
        ("tls", "ours", "own-tls-files", "the CA tlsca.org2.example.com", "tls/server.crt, named by --tls-cert"),
    ),
    (closes_before_tls, ("tls", "theirs", "balancer-without-target", "before it presented", "health checks")),
    (
        our_tls_as_identity,
        (
            "own_identity",
            "ours",
            "tls-certificate",
            "the TLS CA tlsca.org2.example.com",
            "peer0.org2.example.com-cert.pem",
        ),
    ),
    (
        their_tls_as_identity,
        ("identity", "theirs", "tls-certificate", "the TLS CA tlsca.org1.example.com", "the peer's signcerts"),
    ),
    (
        their_ca_made_anew,
        ("identity", "ours", "ca-outdated-here", "was not signed with the key", "org1.example.com/msp/cacerts"),
    ),
    (their_identity_over_sha1, ("identity", "theirs", "weak-signature", "signed with SHA-1", "the peer's signcerts")),
    (
        their_tls_ca_in_place_of_the_ca_of_its_name,
        ("identity", "ours", "tls-ca-here", "which is the TLS CA of Org1MSP", "org1/msp/cacerts"),
    ),
    (enrolled_as_an_orderer, ("identity", "theirs", "role-may-not-read", "has the OU orderer", "the peer's signcerts")),
    (
        their_ca_twice_in_our_copy,
        ("identity", "ours", "ca-twice", "has several certificates of ca.org1", "/msp/cacerts"),
    ),
    (
        path_length_too_short_in_our_copy,
        ("identity", "ours", "broken-chain", "root.org1.example.com allows a path length of 0", "/cacerts/root.pem"),
    ),
    (
        our_intermediate_among_the_roots,
        ("own_identity", "ours", "not-a-root", "move it to intermediatecerts", "msp/cacerts/lower.pem"),
    ),
    (
        our_ca_in_our_copy_of_theirs,
        ("identity", "ours", "ca-of-another-here", "ca.org2.example.com, the CA of Org2MSP", "org1/msp/cacerts/"),
    ),
    (
        a_request_in_place_of_our_ca,
        ("own_identity", "ours", "not-a-certificate", "begins with CERTIFICATE REQUEST", "msp/cacerts/"),
    ),
    (
        another_root_than_that_of_our_intermediate,
        ("own_identity", "ours", "not-issued-here", "put it into cacerts", "msp/intermediatecerts/lower.pem"),
    ),
    (our_key_missing_and_our_tls_expired, ("own_identity", "ours", "no-key", "holds no key", "msp/keystore")),
    (
        their_folder_broken_and_our_tls_expired,
        ("own_identity", "ours", "org-msp", "Org1MSP", "org1/msp/config.yaml:1, named by --org Org1MSP"),
    ),
]


@pytest.mark.parametrize(("network", "expected"), CASES, ids=[network.__name__ for network, _ in CASES])
def test_what_fails_is_found(
    network: Callable[[Path], AbstractContextManager[Arguments]],
    expected: tuple[str, str, str, str, str],
    tmp_path: Path,
) -> None:
    with network(tmp_path) as arguments:
        outcome = run("diagnose", *arguments, "--json")

    stage = failed_stage(outcome)
    cause = stage["causes"][0]
    assert (stage["stage"], stage["side"], cause["rule"]) == expected[:3], outcome.stdout
    assert expected[3] in cause["text"]
    assert expected[4] in cause["look_at"]


def test_an_intermediate_that_the_peer_should_send_is_a_cause_too(tmp_path: Path) -> None:
    with intermediate_not_sent(tmp_path) as arguments:
        outcome = run("diagnose", *arguments, "--json")

    causes = failed_stage(outcome)["causes"]
    assert [cause["rule"] for cause in causes] == ["tls-ca-unknown-here", "tls-intermediate-not-sent", "other-node"]
    assert "tlsica.org1.example.com" in causes[1]["text"]
    assert causes[1]["look_at"] == "the peer's peer.tls.cert.file"


def test_an_intermediate_that_we_should_send_is_a_cause_too(tmp_path: Path) -> None:
    validity = organization(2).validity
    root = Authority.create("tlsroot.org2.example.com", "org2.example.com", validity=validity)
    between = root.issue_authority("tlsica.org2.example.com", "org2.example.com", validity=validity)
    folder = copy_of(2, tmp_path)
    write_tls(folder / "tls", between.issue_tls(peer(2).name, validity=validity, hosts=HERE))

    with listening(peer_settings(1)) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(folder), "--json")

    causes = failed_stage(outcome)["causes"]
    assert [cause["rule"] for cause in causes] == [
        "own-tls-ca",
        "tls-ca-unknown-to-them",
        "own-tls-intermediate-not-sent",
    ]
    assert causes[2]["look_at"] == f"{folder / 'tls' / 'server.crt'}, named by --tls-cert"


def tls_stage(outcome: Outcome) -> Any:
    stages: Any = outcome.object["stages"]
    return next(stage for stage in stages if stage["stage"] == "tls")


@pytest.mark.parametrize(
    ("validity", "note"),
    [
        (Validity.expired(NOW), "our certificate ended at "),
        (Validity.not_yet(NOW), "our certificate begins at "),
        (Validity(NOW - timedelta(days=1), NOW + timedelta(days=20)), "our certificate ends at "),
    ],
)
def test_the_end_of_our_own_certificate_is_told_where_nobody_minds_yet(
    validity: Validity, note: str, tmp_path: Path
) -> None:
    folder = copy_of(2, tmp_path)
    reissue_tls(folder, 2, validity=validity)
    with listening(peer_settings(1)) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(folder), "--json")

    stage = tls_stage(outcome)
    assert (outcome.exit_code, stage["outcome"]) == (0, "warning")
    assert stage["facts"]["note"].startswith(note)


@pytest.mark.parametrize("name", ["server.crt", "server.key"])
def test_a_byte_order_mark_before_our_certificate_or_key_is_told(name: str, tmp_path: Path) -> None:
    folder = copy_of(2, tmp_path)
    file = folder / "tls" / name
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    with listening(peer_settings(1)) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(folder), "--json")

    stage = tls_stage(outcome)
    assert (outcome.exit_code, stage["outcome"]) == (0, "warning")
    assert stage["facts"]["our certificate"].startswith("peer0.org2.example.com")
    what = "starts with a byte order mark, so a Fabric peer finds nothing in it"
    assert stage["facts"]["note"] == f"{file} {what}"


def test_who_does_not_say_who_it_is_has_no_verdict_on_us() -> None:
    with grpc_peer(tls_of(), say(data_message(b"x").envelope)) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), "--json")

    assert (outcome.object["failed_at"], outcome.object["they_accept_us"]) == ("conn_establish", None)


def test_a_proxy_without_a_certificate_for_the_peer_is_a_cause_of_silence(tmp_path: Path) -> None:
    front = write_tls(
        tmp_path, organization(1).tls_ca.issue_tls("lb.example.com", validity=organization(1).validity, hosts=HERE)
    )
    demanding = replace(peer_settings(1), require_client_certificate=True)
    with listening(demanding) as upstream, tls_proxy(front, upstream, None) as endpoint:
        outcome = run("diagnose", endpoint, *as_org2(), *IMPATIENT, "--json")

    stage = failed_stage(outcome)
    assert (stage["stage"], stage["side"]) == ("http2", "theirs")
    assert [cause["rule"] for cause in stage["causes"]] == ["silent-service", "tls-proxy"]
    assert "certificate lb.example.com" in stage["causes"][1]["look_at"]


def test_a_network_without_a_way_is_nobody_s_peer(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_way(*_: object) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", no_way)
    outcome = run("diagnose", "192.0.2.1:7051", *as_org2(), "--json")

    stage = failed_stage(outcome)
    assert (stage["stage"], stage["side"], stage["causes"][0]["rule"]) == ("tcp", "between", "no-route")


def failed_stage(outcome: Outcome) -> Any:
    """The stage that the command names as the first that failed."""
    stages: Any = outcome.object["stages"]
    return next(stage for stage in stages if stage["stage"] == outcome.object["failed_at"])


def test_a_certificate_that_nobody_reads_is_told_though_its_key_is_not_read_either(tmp_path: Path) -> None:
    with everything_of_ours_cut_short(tmp_path) as arguments:
        outcome = run("diagnose", *arguments, "--json")

    stages: Any = outcome.object["stages"]
    (stage,) = [each for each in stages if each["stage"] == "own_identity"]
    told = [(cause["rule"], Path(cause["look_at"]).parent.name) for cause in stage["causes"]]
    assert told == [("not-pem", "signcerts"), ("not-a-certificate", "tls")]

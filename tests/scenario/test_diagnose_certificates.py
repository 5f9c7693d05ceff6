"""``gossip diagnose`` on TLS certificates, ours and theirs, and the CAs above them: every cause, in its order."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from gossip.msp.authority import Authority, Credential, Validity
from tests.support.broken_networks import HERE, Arguments, as_org2, copy_of, tls_ca_unknown_to_them, write_tls
from tests.support.certificates import Issued, like, make_ca, make_leaf, over_sha1, with_unknown_extension
from tests.support.cli import run
from tests.support.in_thread import listening, peer_settings
from tests.support.odd_servers import over_tls, present, say_nothing, tcp_server
from tests.support.organizations import NOW, organization, organization_folder, peer

Network = Iterator[Arguments]
RUNNING = Validity.running(NOW)


def failed_stage(arguments: Arguments) -> Any:
    """What the command says of the first stage that failed."""
    outcome = run("diagnose", *arguments, "--json")
    stages: Any = outcome.object["stages"]
    return next(stage for stage in stages if stage["stage"] == outcome.object["failed_at"])


@contextmanager
def their_address_as_a_dns_name(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    names = x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")])
    builder = like(peer(1).tls.certificate, without=x509.SubjectAlternativeName).add_extension(names, critical=False)
    signed = builder.sign(organization(1).tls_ca.key, SHA256())
    write_tls(folder / "tls", Credential(signed, peer(1).tls.key))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


def theirs(tmp_path: Path, issuer: Authority, *more: bytes, validity: Validity = RUNNING, host: str = HERE[0]) -> Path:
    """The folder of peer0 of Org1 with a TLS certificate of ``issuer``, and ``more`` behind it in its file."""
    folder = copy_of(1, tmp_path)
    files = write_tls(folder / "tls", issuer.issue_tls(peer(1).name, validity=validity, hosts=(host,)))
    files.certificate.write_bytes(b"".join([files.certificate.read_bytes(), *more]))
    return folder


def their_copy(tmp_path: Path) -> Path:
    """Our copy of Org1's MSP folder, to be broken."""
    return Path(shutil.copytree(organization_folder(1) / "msp", tmp_path / "org1" / "msp"))


def with_copy(msp: Path) -> Arguments:
    """The options by which we are peer0 of Org2 and know Org1 by ``msp`` alone."""
    return [*(each for each in as_org2(trusts=(2,)) if not each.startswith("--org")), f"--org=Org1MSP={msp}"]


@contextmanager
def their_intermediate_expired(tmp_path: Path) -> Network:
    between = organization(1).tls_ca.issue_authority("tlsica.org1", "org1.example.com", validity=Validity.expired(NOW))
    with listening(peer_settings(1, folder=theirs(tmp_path, between, between.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_root_expired_above_an_intermediate(tmp_path: Path) -> Network:
    root = Authority.create("tlsroot.org1", "org1.example.com", validity=Validity.expired(NOW))
    between = root.issue_authority("tlsica.org1", "org1.example.com", validity=RUNNING)
    ca_file = tmp_path / "root.pem"
    ca_file.write_bytes(root.certificate_pem)
    with listening(peer_settings(1, folder=theirs(tmp_path, between, between.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2(), f"--tls-ca={ca_file}"]


@contextmanager
def their_intermediate_of_another_generation(tmp_path: Path) -> Network:
    old, new = (
        organization(1).tls_ca.issue_authority("tlsica.org1", "org1.example.com", validity=RUNNING) for _ in range(2)
    )
    with listening(peer_settings(1, folder=theirs(tmp_path, new, old.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_ca_a_stranger(tmp_path: Path) -> Network:
    stranger = Authority.create("inspection.corp.example", "corp.example", validity=RUNNING)
    with listening(peer_settings(1, folder=theirs(tmp_path, stranger))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def another_node_answers(tmp_path: Path) -> Network:
    stranger = Authority.create("tlsca.orderers.example", "orderers.example", validity=RUNNING)
    folder = theirs(tmp_path, stranger, host="orderer.orderers.example")
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_ca_a_stranger_and_their_certificate_expired(tmp_path: Path) -> Network:
    stranger = Authority.create("tlsca.other.example", "other.example", validity=RUNNING)
    folder = theirs(tmp_path, stranger, validity=Validity.expired(NOW))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_certificate_over_sha1(tmp_path: Path) -> Network:
    weak = over_sha1(peer(1).tls.certificate, organization(1).tls_ca.key)
    files = write_tls(tmp_path / "tls", Credential(weak, peer(1).tls.key))
    with tcp_server(over_tls(files, say_nothing, alpn="h2", takes_weak_signatures=True)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_certificate_with_an_unknown_extension(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    write_tls(folder / "tls", with_unknown_extension(peer(1).tls, organization(1).tls_ca))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_cas_exchanged_in_our_copy(tmp_path: Path) -> Network:
    msp = their_copy(tmp_path)
    (ca_file,), (tls_ca_file,) = (msp / "cacerts").iterdir(), (msp / "tlscacerts").iterdir()
    ca_file.write_bytes(organization(1).tls_ca.certificate_pem)
    tls_ca_file.write_bytes(organization(1).ca.certificate_pem)
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *with_copy(msp)]


@contextmanager
def their_ca_in_place_of_the_tls_ca_of_its_name(tmp_path: Path) -> Network:
    msp = their_copy(tmp_path)
    namesake = Authority.create(organization(1).ca.name, organization(1).domain, validity=RUNNING)
    (tls_ca_file,) = (msp / "tlscacerts").iterdir()
    tls_ca_file.write_bytes(organization(1).ca.certificate_pem)
    with listening(peer_settings(1, folder=theirs(tmp_path, namesake))) as endpoint:
        yield [endpoint, *with_copy(msp)]


def with_extension(authority: Authority, extension: x509.ExtensionType, issuer: Authority | None = None) -> Authority:
    """The same CA with another extension."""
    builder = like(authority.certificate, without=type(extension)).add_extension(extension, critical=False)
    return Authority(builder.sign((issuer or authority).key, SHA256()), authority.key)


def org1_intermediate(extension: x509.ExtensionType) -> Authority:
    """A TLS CA below that of Org1."""
    root = organization(1).tls_ca
    return with_extension(root.issue_authority("tlsica.org1", "org1.example.com", validity=RUNNING), extension, root)


@contextmanager
def their_intermediate_begins_later(tmp_path: Path) -> Network:
    between = organization(1).tls_ca.issue_authority("tlsica.org1", "org1", validity=Validity.not_yet(NOW))
    with listening(peer_settings(1, folder=theirs(tmp_path, between, between.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_issuer_no_ca(tmp_path: Path) -> Network:
    no_ca = org1_intermediate(x509.BasicConstraints(ca=False, path_length=None))
    with listening(peer_settings(1, folder=theirs(tmp_path, no_ca, no_ca.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_intermediate_not_for_servers(tmp_path: Path) -> Network:
    between = org1_intermediate(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))
    with listening(peer_settings(1, folder=theirs(tmp_path, between, between.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_root_not_for_servers(tmp_path: Path) -> Network:
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    root = with_extension(Authority.create("tlsroot.org1", "org1", validity=RUNNING), usages)
    ca_file = tmp_path / "root.pem"
    ca_file.write_bytes(root.certificate_pem)
    with listening(peer_settings(1, folder=theirs(tmp_path, root))) as endpoint:
        yield [endpoint, *as_org2(), f"--tls-ca={ca_file}"]


@contextmanager
def their_intermediate_for_any_usage(tmp_path: Path) -> Network:
    between = org1_intermediate(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]))
    with listening(peer_settings(1, folder=theirs(tmp_path, between, between.certificate_pem))) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_certificate(tmp_path: Path, extension: x509.ExtensionType) -> Network:
    """Peer0 of Org1 with another extension in its TLS certificate."""
    folder = copy_of(1, tmp_path)
    builder = like(peer(1).tls.certificate, without=type(extension)).add_extension(extension, critical=False)
    write_tls(folder / "tls", Credential(builder.sign(organization(1).tls_ca.key, SHA256()), peer(1).tls.key))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


def their_certificate_for_any_usage_and_clients(tmp_path: Path) -> AbstractContextManager[Arguments]:
    usages = [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ExtendedKeyUsageOID.CLIENT_AUTH]
    return their_certificate(tmp_path, x509.ExtendedKeyUsage(usages))


@contextmanager
def their_certificate_for_any_usage_listed_beside_its_ca(tmp_path: Path) -> Network:
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    with their_certificate(tmp_path, usages) as arguments:
        yield [*arguments, f"--tls-ca={tmp_path / 'peer0.org1' / 'tls' / 'server.crt'}"]


def their_certificate_without_digital_signature(tmp_path: Path) -> AbstractContextManager[Arguments]:
    usages = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    others = ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return their_certificate(tmp_path, x509.KeyUsage(**{each: each == "crl_sign" for each in [*usages, *others]}))


@contextmanager
def made(tmp_path: Path, roots: Sequence[Issued], leaf: Issued, *sent: Issued) -> Network:
    """Peer0 of Org1 presents ``leaf`` and ``sent``, and we know ``roots``."""
    folder = copy_of(1, tmp_path)
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    files = write_tls(folder / "tls", Credential(leaf.certificate.parsed, leaf.key))
    files.certificate.write_bytes(b"".join(each.pem for each in (leaf, *sent)))
    ca_file = tmp_path / "roots.pem"
    ca_file.write_bytes(b"".join(root.pem for root in roots))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2(), f"--tls-ca={ca_file}"]


def tls_leaf(issuer: Issued, name: str = "peer0.org1", *more: x509.ExtensionType) -> Issued:
    """A certificate for 127.0.0.1."""
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    return make_leaf(name, issuer, units=(), extensions=[(each, False) for each in (names, *more)])


def their_intermediate_cross_signed(tmp_path: Path) -> AbstractContextManager[Arguments]:
    known, unknown = make_ca("known.root"), make_ca("unknown.root")
    first = make_ca("ica.org1", unknown)
    second = make_ca("ica.org1", known, key=first.key)
    return made(tmp_path, [known], tls_leaf(first), first, second)


def their_root_cross_signed(tmp_path: Path) -> AbstractContextManager[Arguments]:
    known, root = make_ca("known.root"), make_ca("root.org1")
    return made(tmp_path, [known], tls_leaf(root), root, make_ca("root.org1", known, key=root.key))


def their_certificate_names_a_ca_renewed_since(tmp_path: Path) -> AbstractContextManager[Arguments]:
    root = make_ca("root.org1")
    issuer = [x509.DirectoryName(root.certificate.parsed.subject)]
    named = x509.AuthorityKeyIdentifier(root.certificate.key_id, issuer, root.certificate.serial_number)
    return made(tmp_path, [make_ca("root.org1", key=root.key)], tls_leaf(root, "peer0.org1", named))


def their_intermediate_names_another_key(tmp_path: Path) -> AbstractContextManager[Arguments]:
    root = make_ca("root.org1")
    between = make_ca("ica.org1", root, more=[(x509.AuthorityKeyIdentifier(b"\x0b" * 20, None, None), False)])
    return made(tmp_path, [root], tls_leaf(between), between)


def their_ca_one_of_two_without_key_identifiers(tmp_path: Path) -> AbstractContextManager[Arguments]:
    other, root = (make_ca("root.org1", has_key_id=False) for _ in range(2))
    return made(tmp_path, [other, root], tls_leaf(root, "peer0.org1", x509.AuthorityKeyIdentifier(b"1", None, None)))


def their_certificate_named_as_its_ca(tmp_path: Path) -> AbstractContextManager[Arguments]:
    root = make_ca("peer0.org1")
    return made(tmp_path, [root], tls_leaf(root))


def their_name_not_allowed(tmp_path: Path) -> AbstractContextManager[Arguments]:
    allowed = [x509.IPAddress(ip_network("10.0.0.0/8"))]
    root = make_ca("root.org1", more=[(x509.NameConstraints(allowed, None), True)])
    return made(tmp_path, [root], tls_leaf(root))


def their_ca_of_a_short_key(tmp_path: Path) -> AbstractContextManager[Arguments]:
    root = make_ca("root.org1", key=rsa.generate_private_key(65537, 1024))
    return made(tmp_path, [root], tls_leaf(root))


@contextmanager
def their_certificate_unreadable_and_for_another_host(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    issued = organization(1).tls_ca.issue_tls(peer(1).name, validity=RUNNING, hosts=())
    builder = like(issued.certificate, without=x509.SubjectKeyIdentifier)
    builder = builder.add_extension(x509.SubjectKeyIdentifier(b"1"), critical=True)
    write_tls(folder / "tls", Credential(builder.sign(organization(1).tls_ca.key, SHA256()), issued.key))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


@contextmanager
def their_certificate_garbled(tmp_path: Path) -> Network:
    """In TLS 1.2, where anybody can send one."""
    with tcp_server(present(b"no certificate")) as endpoint:
        yield [endpoint, *as_org2()]


def ours(tmp_path: Path, issuer: Authority, *more: bytes, validity: Validity = RUNNING) -> Path:
    """The folder of peer0 of Org2 with a TLS certificate of ``issuer``, and ``more`` behind it in its file."""
    folder = copy_of(2, tmp_path)
    files = write_tls(folder / "tls", issuer.issue_tls(peer(2).name, validity=validity, hosts=HERE))
    files.certificate.write_bytes(b"".join([files.certificate.read_bytes(), *more]))
    return folder


def our_new_tls_ca() -> Authority:
    """The TLS CA of Org2, made anew."""
    return Authority.create(organization(2).tls_ca.name, organization(2).domain, validity=RUNNING)


@contextmanager
def our_tls_ca_made_anew(tmp_path: Path) -> Network:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(ours(tmp_path, our_new_tls_ca()))]


@contextmanager
def our_tls_ca_made_anew_and_our_certificate_expired(tmp_path: Path) -> Network:
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(ours(tmp_path, our_new_tls_ca(), validity=Validity.expired(NOW)))]


@contextmanager
def our_intermediate_of_another_generation(tmp_path: Path) -> Network:
    old, new = (
        organization(2).tls_ca.issue_authority("tlsica.org2", "org2.example.com", validity=RUNNING) for _ in range(2)
    )
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(ours(tmp_path, new, old.certificate_pem))]


@contextmanager
def known_by_an_expired_tls_ca(tmp_path: Path, *, is_required: bool) -> Network:
    """They have our TLS CA, as we do, and it has ended."""
    ended = Authority.create("tlsca.ended.example", "org2.example.com", validity=Validity.expired(NOW))
    ca_file = tmp_path / "ended.pem"
    ca_file.write_bytes(ended.certificate_pem)
    settings = peer_settings(1)
    assert settings.tls is not None
    tls = replace(settings.tls, roots=(*settings.tls.roots, ca_file))
    with listening(replace(settings, tls=tls, require_client_certificate=is_required)) as endpoint:
        yield [endpoint, *as_org2(ours(tmp_path, ended)), f"--tls-ca={ca_file}"]


def our_tls_ca_expired(tmp_path: Path) -> AbstractContextManager[Arguments]:
    return known_by_an_expired_tls_ca(tmp_path, is_required=True)


@contextmanager
def our_tls_ca_begins_later(tmp_path: Path) -> Network:
    later = Authority.create("tlsca.later.example", "org2.example.com", validity=Validity.not_yet(NOW))
    ca_file = tmp_path / "later.pem"
    ca_file.write_bytes(later.certificate_pem)
    settings = peer_settings(1)
    assert settings.tls is not None
    tls = replace(settings.tls, roots=(*settings.tls.roots, ca_file))
    with listening(replace(settings, tls=tls, require_client_certificate=True)) as endpoint:
        yield [endpoint, *as_org2(ours(tmp_path, later)), f"--tls-ca={ca_file}"]


@contextmanager
def our_certificate_too_long(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    names = [f"peer{number}.org2.example.com" for number in range(400)]
    write_tls(folder / "tls", organization(2).tls_ca.issue_tls(peer(2).name, validity=RUNNING, hosts=names))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


@contextmanager
def our_certificate_over_sha1(tmp_path: Path) -> Network:
    folder = copy_of(2, tmp_path)
    weak = over_sha1(peer(2).tls.certificate, organization(2).tls_ca.key)
    write_tls(folder / "tls", Credential(weak, peer(2).tls.key))
    with listening(peer_settings(1)) as endpoint:
        yield [endpoint, *as_org2(folder)]


UNKNOWN_TO_THEM = ["tls-ca-unknown-to-them", "own-tls-ca"]
UNKNOWN = ["tls-ca-unknown-here", "tls-intermediate-not-sent", "other-node"]
CASES: list[tuple[Callable[[Path], AbstractContextManager[Arguments]], tuple[str, list[str], str, str]]] = [
    (
        their_address_as_a_dns_name,
        ("theirs", ["host-name"], "127.0.0.1 stands there as a DNS name", "the peer's peer.tls.cert.file"),
    ),
    (
        their_intermediate_expired,
        ("theirs", ["tls-ca-expired"], "the TLS CA tlsica.org1, which issued", "the peer's peer.tls.cert.file"),
    ),
    (
        their_root_expired_above_an_intermediate,
        ("theirs", ["tls-ca-expired"], "tlsroot.org1, which issued the certificate of tlsica.org1", "root.pem, named"),
    ),
    (
        their_intermediate_of_another_generation,
        ("theirs", ["tls-intermediate-outdated"], "not signed with the key of the tlsica.org1", "peer.tls.cert.file"),
    ),
    (their_ca_a_stranger, ("ours", UNKNOWN, "inspection.corp.example, which issued", "named by --tls-ca")),
    (
        another_node_answers,
        (
            "between",
            ["other-node", "tls-ca-unknown-here", "tls-intermediate-not-sent", "host-name"],
            "such as an orderer, or a proxy that looks into TLS",
            "which node the endpoint belongs to",
        ),
    ),
    (
        their_ca_a_stranger_and_their_certificate_expired,
        ("theirs", ["tls-expired", *UNKNOWN], "ended at", "the peer's peer.tls.cert.file"),
    ),
    (
        their_certificate_over_sha1,
        ("theirs", ["tls-weak-signature"], "peer0.org1.example.com is signed with SHA-1", "peer.tls.cert.file"),
    ),
    (
        their_cas_exchanged_in_our_copy,
        ("ours", ["identity-ca-here", "identity-ca"], "were swapped", "org1/msp/tlscacerts/tlsca.org1"),
    ),
    (
        their_ca_in_place_of_the_tls_ca_of_its_name,
        ("ours", ["identity-ca-here"], "the CA of Org1MSP for identities", "org1/msp/tlscacerts/tlsca.org1"),
    ),
    (
        our_tls_ca_made_anew,
        (
            "ours",
            ["own-tls-generations", *UNKNOWN_TO_THEM],
            "was not signed with the key of our tlsca.org2.example.com",
            "tls/server.crt, named by --tls-cert; /",
        ),
    ),
    (
        our_tls_ca_made_anew_and_our_certificate_expired,
        ("ours", ["own-tls-expired", "own-tls-generations", *UNKNOWN_TO_THEM], "ended at", "tls/server.crt, named by"),
    ),
    (
        our_intermediate_of_another_generation,
        (
            "ours",
            ["own-tls-intermediate-outdated"],
            "not signed with the key of the tlsica.org2",
            "tls/server.crt, named",
        ),
    ),
    (
        our_tls_ca_expired,
        ("ours", ["own-tls-ca-expired"], "tlsca.ended.example, which issued", "ended.pem, named by --tls-ca"),
    ),
    (
        their_certificate_with_an_unknown_extension,
        ("theirs", ["tls-unverifiable"], "has the critical extension 1.2.3.4.5", "the peer's peer.tls.cert.file"),
    ),
    (
        their_intermediate_begins_later,
        ("theirs", ["tls-ca-not-yet-valid"], "tlsica.org1, which issued", "this machine's clock, then the peer's peer"),
    ),
    (
        their_issuer_no_ca,
        ("theirs", ["tls-unverifiable"], "tlsica.org1 is no CA", "the peer's peer.tls.cert.file"),
    ),
    (
        our_tls_ca_begins_later,
        (
            "ours",
            ["own-tls-ca-not-yet-valid", *UNKNOWN_TO_THEM],
            "which is in the future",
            "later.pem, named by --tls-ca",
        ),
    ),
    (
        their_intermediate_not_for_servers,
        ("theirs", ["tls-usage"], "tlsica.org1 has extended key usages without serverAuth", "peer.tls.cert.file"),
    ),
    (
        their_root_not_for_servers,
        ("theirs", ["tls-usage"], "tlsroot.org1 has extended key usages without serverAuth", "root.pem, named by"),
    ),
    (
        their_intermediate_for_any_usage,
        ("theirs", ["tls-usage"], "certificate of tlsica.org1 is for any extended key usage", "peer.tls.cert.file"),
    ),
    (
        their_certificate_for_any_usage_and_clients,
        ("theirs", ["tls-usage"], "list it itself among our TLS CAs in place of its CA", "peer.tls.cert.file"),
    ),
    (
        their_certificate_for_any_usage_listed_beside_its_ca,
        ("theirs", ["tls-usage"], "list it itself among our TLS CAs in place of its CA", "peer.tls.cert.file"),
    ),
    (
        their_certificate_without_digital_signature,
        ("theirs", ["tls-usage"], "has key usages without digital signature", "the peer's peer.tls.cert.file"),
    ),
    (
        their_certificate_unreadable_and_for_another_host,
        ("theirs", ["tls-unverifiable"], "extension 2.5.29.14 incorrectly marked critical", "peer.tls.cert.file"),
    ),
    (
        their_intermediate_cross_signed,
        (
            "theirs",
            ["tls-several-ways", "tls-ca-unknown-here", "other-node"],
            "several certificates of ica.org1, of which one alone was tried, and another leads to our known.root",
            "the peer's peer.tls.cert.file",
        ),
    ),
    (
        their_root_cross_signed,
        ("theirs", ["tls-several-ways"], "another leads to our known.root", "the peer's peer.tls.cert.file"),
    ),
    (
        their_certificate_names_a_ca_renewed_since,
        ("theirs", ["tls-key-id"], "but has the serial number", "our copy of its TLS CA"),
    ),
    (
        their_intermediate_names_another_key,
        ("theirs", ["tls-key-id"], "our root.org1 signed the certificate of ica.org1", "our copy of its TLS CA"),
    ),
    (
        their_ca_one_of_two_without_key_identifiers,
        ("ours", ["tls-ca-namesakes"], "two TLS CAs named root.org1 with different keys", "roots.pem, named by"),
    ),
    (
        their_certificate_named_as_its_ca,
        ("theirs", ["tls-own-issuer"], "peer0.org1 has the name of the CA that issued it", "peer.tls.cert.file"),
    ),
    (
        their_name_not_allowed,
        ("theirs", ["tls-name-constraints"], "root.org1 constrains the names", "roots.pem, named by --tls-ca"),
    ),
    (
        their_ca_of_a_short_key,
        ("theirs", ["tls-weak-key"], "the RSA key of root.org1 has fewer than 2,048 bits", "roots.pem, named by"),
    ),
    (
        their_certificate_garbled,
        ("theirs", ["tls-unverifiable"], "refused for what the error above says", "the peer's peer.tls.cert.file"),
    ),
    (
        our_certificate_too_long,
        (
            "theirs",
            ["own-tls-too-long", "closed-without-reason", "balancer-without-target"],
            "no more than 8192 from a client in TLS",
            "tls/server.crt, named by --tls-cert",
        ),
    ),
]


@pytest.mark.parametrize(("network", "expected"), CASES, ids=[network.__name__ for network, _ in CASES])
def test_the_causes_are_told_in_their_order(
    network: Callable[[Path], AbstractContextManager[Arguments]],
    expected: tuple[str, list[str], str, str],
    tmp_path: Path,
) -> None:
    with network(tmp_path) as arguments:
        stage = failed_stage(arguments)

    side, rules, what, where = expected
    first = stage["causes"][0]
    assert (stage["stage"], stage["side"], [cause["rule"] for cause in stage["causes"]]) == ("tls", side, rules), stage
    assert what in first["text"]
    assert where in first["look_at"]


def test_a_ca_that_they_may_lack_is_told_by_its_key(tmp_path: Path) -> None:
    with tls_ca_unknown_to_them(tmp_path) as arguments:
        stage = failed_stage(arguments)

    extensions = organization(2).tls_ca.certificate.extensions
    key_id = extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    assert stage["causes"][0]["text"] == (
        f"they do not have tlsca.org2.example.com (subject key id {key_id}), the TLS CA that issued our certificate "
        "peer0.org2.example.com, or have one of that name with another key (alert: unknown ca)"
    )


def test_the_end_of_our_tls_ca_is_told_where_nobody_minds_yet(tmp_path: Path) -> None:
    with known_by_an_expired_tls_ca(tmp_path, is_required=False) as arguments:
        outcome = run("diagnose", *arguments, "--json")

    stages: Any = outcome.object["stages"]
    (stage,) = [each for each in stages if each["stage"] == "tls"]
    assert (outcome.exit_code, stage["outcome"]) == (0, "warning")
    assert stage["facts"]["note"].startswith("the TLS CA tlsca.ended.example of our certificate ended at ")


def test_a_weak_signature_of_ours_is_told_whoever_refuses_it(tmp_path: Path) -> None:
    """Which is our own OpenSSL when the file is read, or, with 3.6, the peer's; what ours says does not stand alone."""
    with our_certificate_over_sha1(tmp_path) as arguments:
        stage = failed_stage(arguments)

    (cause,) = stage["causes"]
    assert (stage["stage"], stage["side"]) == ("tls", "ours")
    assert "signed with SHA-1, which is too weak for TLS" in cause["text"]
    assert "tls/server.crt, named by" in cause["look_at"]
    assert (cause["rule"], stage["message"].rpartition(": ")[2]) in {
        ("own-tls-files", "it is signed with a hash that is too weak (CA_MD_TOO_WEAK)"),
        ("own-tls-weak-signature", "bad certificate"),
    }

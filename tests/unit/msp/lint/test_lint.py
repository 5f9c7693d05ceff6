"""Each way to break an MSP folder yields exactly its finding."""

import errno
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from gossip.errors import ConfigurationError
from gossip.msp import chain
from gossip.msp.authority import Authority, Credential, Validity, generate_key
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.lint import Severity, lint_msp_folder
from gossip.msp.membership import Msp
from tests.support.certificates import key_usage, like, make_ca, renewed
from tests.support.msp_folders import (
    CA,
    CA_FILE,
    NAME,
    OWN,
    VALIDITY,
    found,
    only_finding,
    own_identity,
    put,
    put_own,
    put_tls,
    replace_line,
)
from tests.support.organizations import NOW, admin, organization, organization_folder, peer

MAX_FILE_BYTES = 16 * 1024 * 1024
# -- whole folders


@pytest.mark.parametrize("name", ["msp", f"peers/{NAME}/msp", "users/Admin@org1.example.com/msp"])
def test_our_own_folders_are_clean(name: str) -> None:
    assert found(organization_folder() / name) == set()


def test_every_file_is_listed_with_its_role_and_validity(msp: Path) -> None:
    files = {facts.file: facts for facts in lint_msp_folder(msp, now=NOW).files}

    assert {file: facts.role for file, facts in files.items()} == {
        CA_FILE: "root CA",
        "config.yaml": "configuration",
        "keystore/priv_sk": "private key",
        OWN: "own certificate",
        "tlscacerts/tlsca.org1.example.com-cert.pem": "TLS root CA",
        "../tls/ca.crt": "TLS root CA",
        "../tls/server.crt": "TLS certificate",
        "../tls/server.key": "private key",
    }
    assert files[OWN].subject == "CN=peer0.org1.example.com,ST=California,L=San Francisco,OU=peer,C=US"
    assert (files[OWN].not_before_at, files[OWN].not_after_at) == (VALIDITY.not_before_at, VALIDITY.not_after_at)


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        lint_msp_folder(tmp_path / "absent", now=NOW)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="is not a folder"):
        lint_msp_folder(tmp_path / "file", now=NOW)


def test_the_folder_around_is_told_apart(msp: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"is not an MSP folder, but holds one: {msp}$"):
        lint_msp_folder(msp.parent, now=NOW)


def test_a_folder_beside_the_msp_s_or_in_it_is_told_apart(msp: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"tls: is not an MSP folder; the MSP folder is {msp}$"):
        lint_msp_folder(msp.parent / "tls", now=NOW)
    with pytest.raises(ConfigurationError, match=f"is not an MSP folder; the MSP folder is {msp}$"):
        lint_msp_folder(msp / "keystore", now=NOW)
    with pytest.raises(ConfigurationError, match="is not an MSP folder: it has none of cacerts, "):
        lint_msp_folder(tmp_path, now=NOW)


@pytest.mark.parametrize("empty", ["cacerts", "user"])
def test_what_fabric_ca_s_client_leaves_for_tls_is_told_apart(msp: Path, empty: str) -> None:
    enrolled = msp.parent / "tls"
    for name in ("signcerts", "keystore", "tlscacerts"):
        shutil.copytree(msp / name, enrolled / name)
    (enrolled / empty).mkdir()

    with pytest.raises(ConfigurationError, match=f"tls: is not an MSP folder; the MSP folder is {msp}$"):
        lint_msp_folder(enrolled, now=NOW)


def test_a_whole_msp_of_that_name_is_one(msp: Path) -> None:
    whole = msp.parent / "tls"
    shutil.rmtree(whole)
    shutil.copytree(msp, whole)

    assert found(whole) == set()


@pytest.mark.parametrize("name", ["server.key", "backup/priv_sk", "all.pem"])
def test_what_holds_a_key_is_to_be_kept(msp: Path, name: str) -> None:
    (msp / name).parent.mkdir(exist_ok=True)
    put(msp / name, peer().tls.certificate_pem + peer().tls.key_pem)

    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert (finding.rule, finding.remedy) == (
        "unknown-file",
        "move it elsewhere, and keep it: it may hold a private key",
    )


@pytest.mark.parametrize("file", [OWN, "config.yaml", "keystore/priv_sk", "../tls/server.crt"])
def test_a_file_that_may_not_be_read_is_a_finding(msp: Path, file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == Path(file).name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)  # tests may run as root, who may read everything

    lint = lint_msp_folder(msp, now=NOW)
    findings = {each.rule: each for each in lint.findings if each.file == file}

    assert findings["unreadable"].problem == "cannot be read: Permission denied"
    assert "no-admins" not in findings
    assert [each.role for each in lint.files if each.file == file] == ["unreadable"]


@pytest.mark.parametrize(
    ("method", "file"),
    [
        ("iterdir", "keystore"),
        ("iterdir", "tlscacerts"),
        ("iterdir", "../tls"),
        ("stat", "keystore/priv_sk"),
        ("stat", "../tls/signcerts"),
    ],
    ids=["r", "r of CAs", "r of tls", "x", "x of tls"],
)
def test_neither_does_a_folder_without_that_permission_stop_it(
    msp: Path, method: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``r`` it cannot be listed; without ``x`` nothing in it can be looked at."""

    def refusing(does: Callable[..., object]) -> Callable[..., object]:
        def refuse(path: Path, **options: bool) -> object:
            if str(path) == os.path.normpath(msp / file):
                raise PermissionError(errno.EACCES, "Permission denied")
            return does(path, **options)

        return refuse

    monkeypatch.setattr(Path, method, refusing(getattr(Path, method)))

    assert found(msp) == {(file.removesuffix("/signcerts"), "unreadable")}


def test_hidden_files_and_what_clients_of_fabric_ca_leave_are_ignored(msp: Path) -> None:
    for name in (".gitkeep", "cacerts/.gitkeep", "keystore/.DS_Store", "IssuerPublicKey"):
        put(msp / name, b"\x00")

    lint = lint_msp_folder(msp, now=NOW)

    assert lint.findings == ()
    assert sum(facts.role == "ignored" for facts in lint.files) == 4


def test_findings_say_how_bad_they_are(msp: Path) -> None:
    (msp / "keystore" / "priv_sk").chmod(0o640)
    (msp / CA_FILE).unlink()

    findings = {finding.rule: finding for finding in lint_msp_folder(msp, now=NOW).findings}

    assert findings["key-permissions"].severity is Severity.WARNING
    assert findings["key-permissions"].remedy == f"chmod 600 {msp / 'keystore' / 'priv_sk'}"
    assert findings["no-root"].severity is Severity.ERROR


def mount_as_kubernetes_does(folder: Path) -> None:
    """Every entry of a secret's volume is a link through ``..data``, which is one to the data of a moment."""
    entries, data = list(folder.iterdir()), folder / "..2026_11_26"
    data.mkdir()
    (folder / "..data").symlink_to(data.name)
    for entry in entries:
        entry.rename(data / entry.name)
        entry.symlink_to(f"..data/{entry.name}")


@pytest.mark.parametrize("volume", ["keystore", "."])
@pytest.mark.parametrize(("mode", "is_open"), [(0o400, False), (0o440, False), (0o444, True), (0o660, True)])
def test_a_volume_of_kubernetes_lets_the_group_read_and_takes_no_chmod(
    msp: Path, volume: str, mode: int, is_open: bool
) -> None:
    (msp / "keystore" / "priv_sk").chmod(mode)
    mount_as_kubernetes_does(msp / volume)

    findings = lint_msp_folder(msp, now=NOW).findings

    remedy = "set defaultMode: 0400 for this volume of the pod, with an fsGroup where the peer is not root"
    assert [(each.rule, each.remedy) for each in findings] == [("key-permissions", remedy)] * is_open


def test_a_certifier_mismatch_names_line_and_cure(msp: Path) -> None:
    break_certifier(msp)

    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert finding.file == "config.yaml:7"
    assert "OU peer must be certified by other.org1.example.com (cacerts/other.pem)" in finding.problem
    assert "ca.org1.example.com issued" in finding.problem
    assert finding.remedy == f"make it Certificate: {CA_FILE}"


# -- one break each


def break_certifier(msp: Path) -> None:
    other = Authority.create("other.org1.example.com", "org1.example.com", validity=VALIDITY)
    put(msp / "cacerts" / "other.pem", other.certificate_pem)
    replace_line(
        msp / "config.yaml",
        f"Certificate: {CA_FILE}\n    OrganizationalUnitIdentifier: peer",
        "Certificate: cacerts/other.pem\n    OrganizationalUnitIdentifier: peer",
    )


def break_certifier_file(msp: Path) -> None:
    replace_line(msp / "config.yaml", CA_FILE, "cacerts/ca.pem", 1)


def name_a_certifier_that_no_file_can_be(msp: Path) -> None:
    replace_line(msp / "config.yaml", CA_FILE, "long" * 100, 1)


def name_foreign_certifier(msp: Path) -> None:
    put(msp / "tlscacerts" / "other.pem", organization(2).ca.certificate_pem)
    replace_line(msp / "config.yaml", CA_FILE, "tlscacerts/other.pem", 1)


def put_ca_into_signcerts(msp: Path) -> None:
    put_own(msp, Credential(CA.certificate, CA.key))


def put_ca_into_admincerts(msp: Path) -> None:
    put(msp / "admincerts" / "ca.pem", CA.certificate_pem)


def put_admin_into_cacerts(msp: Path) -> None:
    put(msp / "cacerts" / "admin.pem", admin().identity.certificate_pem)


def put_peer_into_cacerts(msp: Path) -> None:
    put(msp / "cacerts" / "peer1.pem", peer(1, 1).identity.certificate_pem)


def put_foreign_admin(msp: Path) -> None:
    put(msp / "admincerts" / "admin.pem", admin(2).identity.certificate_pem)


def take_the_key_of_another(msp: Path) -> None:
    put(msp / "keystore" / "priv_sk", peer(1, 1).identity.key_pem)


def lose_the_key(msp: Path) -> None:
    (msp / "keystore" / "priv_sk").unlink()


def lose_the_certificate(msp: Path) -> None:
    (msp / OWN).unlink()


def encrypt_the_key(msp: Path) -> None:
    encryption = BestAvailableEncryption(b"secret")
    put(msp / "keystore" / "priv_sk", peer().identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def garble_the_key(msp: Path) -> None:
    put(msp / "keystore" / "priv_sk", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


def put_a_key_into_cacerts(msp: Path) -> None:
    put(msp / "cacerts" / "priv_sk", CA.key_pem)


def put_a_second_signcert(msp: Path) -> None:
    put(msp / "signcerts" / "zz.pem", peer(1, 1).identity.certificate_pem)


def open_the_key_to_others(msp: Path) -> None:
    (msp / "keystore" / "priv_sk").chmod(0o644)


def open_the_tls_key_to_others(msp: Path) -> None:
    (msp.parent / "tls" / "server.key").chmod(0o604)


def let_it_expire(msp: Path) -> None:
    put_own(msp, own_identity(validity=Validity.expired(NOW)))


def let_it_expire_soon(msp: Path) -> None:
    put_own(msp, own_identity(validity=Validity(VALIDITY.not_before_at, NOW + timedelta(days=29))))


def let_it_begin_later(msp: Path) -> None:
    put_own(msp, own_identity(validity=Validity.not_yet(NOW)))


def use_rsa(msp: Path) -> None:
    put_own(msp, own_identity(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)))


def use_ed25519(msp: Path) -> None:
    put_own(msp, own_identity(key=ed25519.Ed25519PrivateKey.generate()))


def use_ed25519_for_the_admin(msp: Path) -> None:
    foreign = CA.issue_identity("admin", validity=VALIDITY, units=["admin"], key=ed25519.Ed25519PrivateKey.generate())
    put(msp / "admincerts" / "admin.pem", foreign.certificate_pem)


def use_a_weak_admin_key(msp: Path) -> None:
    weak = CA.issue_identity("admin", validity=VALIDITY, units=["admin"], key=ec.generate_private_key(ec.SECP224R1()))
    put(msp / "admincerts" / "admin.pem", weak.certificate_pem)


def enroll_elsewhere(msp: Path) -> None:
    put_own(msp, organization(2).issue_peer("peer0").identity)


def enroll_with_the_tls_ca(msp: Path) -> None:
    put_own(msp, organization().tls_ca.issue_identity(NAME, validity=VALIDITY, units=["peer"]))


def forge_the_issuer(msp: Path) -> None:
    put_own(msp, Authority(CA.certificate, generate_key()).issue_identity(NAME, validity=VALIDITY, units=["peer"]))


def enroll_above_an_intermediate(msp: Path) -> None:
    lower = CA.issue_authority("lower.org1.example.com", "org1.example.com", validity=VALIDITY)
    put(msp / "intermediatecerts" / "lower.pem", lower.certificate_pem)


def add_a_foreign_intermediate(msp: Path) -> None:
    lower = organization(2).ca.issue_authority("lower.org2.example.com", "org2.example.com", validity=VALIDITY)
    put(msp / "intermediatecerts" / "lower.pem", lower.certificate_pem)


def have_no_role(msp: Path) -> None:
    put_own(msp, own_identity(units=["department"]))


def have_two_roles(msp: Path) -> None:
    put_own(msp, own_identity(units=["peer", "client"]))


def revoke_it(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", CA.revoke([peer().identity.certificate], now=NOW))


def forge_the_crl(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", Authority(CA.certificate, generate_key()).revoke([], now=NOW))


def name_another_key_in_the_crl(msp: Path) -> None:
    """As tools do that hash keys by SHA-1, where cryptogen hashes them by SHA-256."""
    validity = x509.CertificateRevocationListBuilder().last_update(NOW).next_update(NOW + timedelta(days=30))
    named = x509.AuthorityKeyIdentifier.from_issuer_public_key(CA.key.public_key())
    crl = validity.issuer_name(CA.certificate.subject).add_extension(named, critical=False).sign(CA.key, SHA256())
    put(msp / "crls" / "crl.pem", crl.public_bytes(Encoding.PEM))


def take_a_foreign_crl(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", organization(2).ca.revoke([], now=NOW))


def garble_the_crl(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")


def lose_config(msp: Path) -> None:
    (msp / "config.yaml").unlink()


def drop_node_ous(msp: Path) -> None:
    put(msp / "config.yaml", b"")


def turn_node_ous_off(msp: Path) -> None:
    replace_line(msp / "config.yaml", "Enable: true", "Enable: false")


def name_no_admins(msp: Path) -> None:
    before, admins = (msp / "config.yaml").read_text().split("  AdminOUIdentifier:\n")
    put(msp / "config.yaml", (before + admins.split("\n", 2)[2]).encode())


def give_a_role_twice(msp: Path) -> None:
    """Its certifier, which stays, stands in the first place."""
    with (msp / "config.yaml").open("a") as settings:
        settings.write("  PeerOUIdentifier:\n    OrganizationalUnitIdentifier: peer\n")


def rename_an_ou(msp: Path) -> None:
    replace_line(msp / "config.yaml", "Identifier: peer", "Identifier: committer")


def garble_the_settings(msp: Path) -> None:
    replace_line(msp / "config.yaml", "Enable: true", "Enable: [true")


def require_a_unit(msp: Path) -> None:
    put(msp / "admincerts" / "admin.pem", admin().identity.certificate_pem)
    unit = f"- Certificate: {CA_FILE}\n  OrganizationalUnitIdentifier: department\n"
    put(msp / "config.yaml", f"OrganizationalUnitIdentifiers:\n{unit}".encode())


def require_a_unit_of_another_ca(msp: Path) -> None:
    other = Authority.create("ca.other", "org1.example.com", validity=VALIDITY)
    put(msp / "cacerts" / "other.pem", other.certificate_pem)
    unit = "- Certificate: cacerts/other.pem\n  OrganizationalUnitIdentifier: peer\n"
    put(msp / "config.yaml", (msp / "config.yaml").read_bytes() + f"OrganizationalUnitIdentifiers:\n{unit}".encode())


def use_the_documented_name(msp: Path) -> None:
    (msp / "tlsintermediatecacerts").mkdir()


def misspell_a_folder(msp: Path) -> None:
    (msp / "crl").mkdir()


def add_a_stranger(msp: Path) -> None:
    put(msp / "notes.txt", b"hello")


def put_text_into_cacerts(msp: Path) -> None:
    put(msp / "cacerts" / "README", b"hello")


def put_der_into_cacerts(msp: Path) -> None:
    put(msp / "cacerts" / "ca.der", CA.certificate.public_bytes(Encoding.DER))


def garble_a_certificate(msp: Path) -> None:
    put(msp / "tlscacerts" / "more.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


def bundle_certificates(msp: Path) -> None:
    put(msp / CA_FILE, CA.certificate_pem + organization().tls_ca.certificate_pem)


def fill_a_file(msp: Path) -> None:
    with (msp / "tlscacerts" / "huge.pem").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)


def issue_tls_elsewhere(msp: Path) -> None:
    put_tls(msp, peer(2).tls)


def take_another_tls_key(msp: Path) -> None:
    put(msp.parent / "tls" / "server.key", peer(1, 1).tls.key_pem)


def forget_the_host_names(msp: Path) -> None:
    put_tls(msp, organization().tls_ca.issue_tls(NAME, validity=VALIDITY, hosts=[]))


def serve_only(msp: Path) -> None:
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = like(peer().tls.certificate, without=x509.ExtendedKeyUsage).add_extension(server, critical=False)
    put_tls(msp, Credential(builder.sign(organization().tls_ca.key, SHA256()), peer().tls.key))


def take_the_key_id_from_the_ca(msp: Path) -> None:
    without = like(CA.certificate, without=x509.SubjectKeyIdentifier).sign(CA.key, SHA256())
    put(msp / CA_FILE, without.public_bytes(Encoding.PEM))


def add_a_root_that_may_not_sign(msp: Path) -> None:
    put(msp / "cacerts" / "other.pem", make_ca("other", more=[key_usage(signs_certificates=False)]).pem)


def add_an_intermediate_that_may_not_sign(msp: Path) -> None:
    other = make_ca("other")
    put(msp / "cacerts" / "other.pem", other.pem)
    lower = make_ca("lower", other, more=[key_usage(signs_certificates=False)])
    put(msp / "intermediatecerts" / "lower.pem", lower.pem)


def put_an_intermediate_among_the_roots(msp: Path) -> None:
    lower = CA.issue_authority("lower.org1.example.com", "org1.example.com", validity=VALIDITY)
    put(msp / "cacerts" / "lower.pem", lower.certificate_pem)


def add_a_lost_tls_intermediate(msp: Path) -> None:
    """No rule names this, so what the loader says must come through."""
    lost = organization(2).ca.issue_authority("lost", "lost", validity=VALIDITY)
    put(msp / "tlsintermediatecerts" / "lost.pem", lost.certificate_pem)


def misspell_a_key(msp: Path) -> None:
    replace_line(msp / "config.yaml", "ClientOUIdentifier", "ClientOuIdentifier")


def put_a_file_where_a_folder_should_be(msp: Path) -> None:
    put(msp / "intermediatecerts", b"hello")


def take_a_crl_in_der(msp: Path) -> None:
    crl = x509.load_pem_x509_crl(CA.revoke([peer().identity.certificate], now=NOW))
    put(msp / "crls" / "crl.pem", crl.public_bytes(Encoding.DER))


def put_two_crls_into_one_file(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", CA.revoke([], now=NOW) + CA.revoke([peer().identity.certificate], now=NOW))


def put_a_certificate_into_crls(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", CA.certificate_pem)


def put_a_crl_into_cacerts(msp: Path) -> None:
    put(msp / "cacerts" / "crl.pem", CA.revoke([], now=NOW))


def write_text_before_the_crl(msp: Path) -> None:
    put(msp / "crls" / "crl.pem", b"Certificate Revocation List (CRL):\n" + CA.revoke([], now=NOW))


def leave_the_parameters_of_the_curve(msp: Path) -> None:
    """As ``openssl ecparam -genkey`` writes keys, of which Fabric reads the first block only."""
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    put(msp / "keystore" / "priv_sk", parameters + peer().identity.key_pem)


def lead_nowhere(msp: Path) -> None:
    (msp / "cacerts" / "more.pem").symlink_to("gone.pem")


def lead_a_folder_nowhere(msp: Path) -> None:
    (msp / "intermediatecerts").symlink_to("gone")


def renew_the_ca_over_its_key(msp: Path) -> None:
    put(msp / CA_FILE, renewed(CA, begins_at=VALIDITY.not_before_at + timedelta(seconds=10)))


def write_an_ou_with_capitals(msp: Path) -> None:
    replace_line(msp / "config.yaml", "Identifier: peer", "Identifier: Peer")


def break_a_certifier_that_stands_last(msp: Path) -> None:
    break_certifier(msp)
    lines = (msp / "config.yaml").read_text().splitlines()
    lines[6:8] = lines[7], lines[6]
    (msp / "config.yaml").write_text("\n".join(lines))


BREAKS: list[tuple[Callable[[Path], None], str, str]] = [
    (break_certifier, "config.yaml:7", "node-ou-certifier"),
    (break_certifier_file, "config.yaml:4", "node-ou-certificate"),
    (name_a_certifier_that_no_file_can_be, "config.yaml:4", "node-ou-certificate"),
    (name_foreign_certifier, "config.yaml:4", "node-ou-certificate"),
    (take_the_key_id_from_the_ca, CA_FILE, "ca-without-key-id"),
    (add_a_root_that_may_not_sign, "cacerts/other.pem", "ca-cannot-sign"),
    (add_an_intermediate_that_may_not_sign, "intermediatecerts/lower.pem", "ca-cannot-sign"),
    (put_an_intermediate_among_the_roots, "cacerts/lower.pem", "not-a-root"),
    (add_a_lost_tls_intermediate, "tlsintermediatecerts/lost.pem", "refused"),
    (put_ca_into_signcerts, OWN, "ca-in-signcerts"),
    (put_ca_into_admincerts, "admincerts/ca.pem", "ca-in-admincerts"),
    (put_admin_into_cacerts, "cacerts/admin.pem", "admin-among-cas"),
    (put_peer_into_cacerts, "cacerts/peer1.pem", "not-a-ca"),
    (put_foreign_admin, "admincerts/admin.pem", "not-issued-here"),
    (take_the_key_of_another, "keystore/priv_sk", "key-mismatch"),
    (lose_the_key, "keystore", "no-key"),
    (lose_the_certificate, "keystore/priv_sk", "no-signcert"),
    (encrypt_the_key, "keystore/priv_sk", "encrypted-key"),
    (garble_the_key, "keystore/priv_sk", "not-a-key"),
    (put_a_key_into_cacerts, "cacerts/priv_sk", "key-among-certificates"),
    (put_a_second_signcert, "signcerts", "several-signcerts"),
    (open_the_key_to_others, "keystore/priv_sk", "key-permissions"),
    (open_the_tls_key_to_others, "../tls/server.key", "key-permissions"),
    (let_it_expire, OWN, "expired"),
    (let_it_expire_soon, OWN, "expires-soon"),
    (let_it_begin_later, OWN, "not-yet-valid"),
    (use_rsa, OWN, "foreign-key"),
    (use_ed25519, OWN, "foreign-key"),
    (use_ed25519_for_the_admin, "admincerts/admin.pem", "foreign-key"),
    (use_a_weak_admin_key, "admincerts/admin.pem", "weak-key"),
    (enroll_elsewhere, OWN, "not-issued-here"),
    (enroll_with_the_tls_ca, OWN, "tls-certificate"),
    (forge_the_issuer, OWN, "other-generation"),
    (enroll_above_an_intermediate, OWN, "issuer-not-lowest"),
    (add_a_foreign_intermediate, "intermediatecerts/lower.pem", "not-issued-here"),
    (have_no_role, OWN, "node-ou-role"),
    (have_two_roles, OWN, "node-ou-role"),
    (revoke_it, OWN, "revoked"),
    (forge_the_crl, "crls/crl.pem", "crl-not-signed"),
    (name_another_key_in_the_crl, "crls/crl.pem", "crl-key-id"),
    (take_a_foreign_crl, "crls/crl.pem", "crl-of-stranger"),
    (garble_the_crl, "crls/crl.pem", "not-a-crl"),
    (lose_config, "config.yaml", "no-config"),
    (drop_node_ous, "config.yaml", "no-admins"),
    (turn_node_ous_off, "config.yaml:2", "no-admins"),
    (name_no_admins, "config.yaml", "no-admins"),
    (rename_an_ou, "config.yaml:8", "node-ou-role"),
    (garble_the_settings, "config.yaml:3", "config-unreadable"),
    (require_a_unit, OWN, "missing-ou"),
    (require_a_unit_of_another_ca, OWN, "refused"),
    (misspell_a_key, "config.yaml:3", "unknown-key"),
    (give_a_role_twice, "config.yaml:15", "repeated-key"),
    (put_a_file_where_a_folder_should_be, "intermediatecerts", "misnamed"),
    (take_a_crl_in_der, "crls/crl.pem", "not-pem"),
    (put_two_crls_into_one_file, "crls/crl.pem", "several-blocks"),
    (put_a_certificate_into_crls, "crls/crl.pem", "not-a-crl"),
    (write_text_before_the_crl, "crls/crl.pem", "not-a-crl"),
    (leave_the_parameters_of_the_curve, "keystore/priv_sk", "key-not-first"),
    (use_the_documented_name, "tlsintermediatecacerts", "misnamed"),
    (misspell_a_folder, "crl", "misnamed"),
    (add_a_stranger, "notes.txt", "unknown-file"),
    (put_text_into_cacerts, "cacerts/README", "not-pem"),
    (put_der_into_cacerts, "cacerts/ca.der", "not-pem"),
    (garble_a_certificate, "tlscacerts/more.pem", "not-a-certificate"),
    (put_a_crl_into_cacerts, "cacerts/crl.pem", "not-a-certificate"),
    (bundle_certificates, CA_FILE, "several-blocks"),
    (fill_a_file, "tlscacerts/huge.pem", "file-too-large"),
    (issue_tls_elsewhere, "../tls/server.crt", "tls-not-issued-here"),
    (take_another_tls_key, "../tls/server.crt", "tls-key-mismatch"),
    (forget_the_host_names, "../tls/server.crt", "no-alternative-names"),
    (serve_only, "../tls/server.crt", "tls-usage"),
    (lead_nowhere, "cacerts/more.pem", "dangling-link"),
    (lead_a_folder_nowhere, "intermediatecerts", "dangling-link"),
    (renew_the_ca_over_its_key, OWN, "ca-younger"),
    (write_an_ou_with_capitals, "config.yaml:8", "node-ou-case"),
    (break_a_certifier_that_stands_last, "config.yaml:8", "node-ou-certifier"),
]


@pytest.mark.parametrize(("damage", "file", "rule"), BREAKS, ids=[damage.__name__ for damage, _, _ in BREAKS])
def test_exactly_its_finding(msp: Path, damage: Callable[[Path], None], file: str, rule: str) -> None:
    damage(msp)

    assert found(msp) == {(file, rule)}


def test_a_key_that_stands_twice_in_one_line_is_told_too(msp: Path) -> None:
    replace_line(msp / "config.yaml", "NodeOUs:", "NodeOUs: {Enable: false, Enable: true}\nNodeOUs:")
    assert found(msp) == {("config.yaml:1", "repeated-key"), ("config.yaml:2", "repeated-key")}


def test_a_role_that_any_ca_may_certify_names_no_certificate(msp: Path) -> None:
    replace_line(msp / "config.yaml", f"    Certificate: {CA_FILE}\n", "")

    assert found(msp) == set()


def test_cas_with_too_many_paths_are_no_tree(msp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "MAX_PATHS", 1)
    put(msp / "cacerts" / "other.pem", Authority.create("ca.other", "o", validity=VALIDITY).certificate_pem)

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == ("cacerts", "not-issued-here")
    assert finding.problem == "the CAs form more than 1 certification paths"


def test_a_slash_at_the_beginning_of_a_certifier_does_not_lead_out_of_the_folder(msp: Path) -> None:
    replace_line(msp / "config.yaml", CA_FILE, f"/{CA_FILE}")
    assert found(msp) == set()


def test_a_certifier_that_does_not_exist_restricts_nobody_and_one_that_is_empty_stops_a_peer(msp: Path) -> None:
    break_certifier_file(msp)
    (finding,) = lint_msp_folder(msp, now=NOW).findings
    assert finding.severity is Severity.WARNING
    assert "cacerts/ca.pem, which does not exist: a peer lets any CA of this MSP certify it" in finding.problem

    put(msp / "cacerts" / "ca.pem", b"")
    findings = {(each.file, each.severity) for each in lint_msp_folder(msp, now=NOW).findings}
    assert findings == {("config.yaml:4", Severity.ERROR), ("cacerts/ca.pem", Severity.WARNING)}


def test_an_msp_without_administrators_is_told_what_it_lacks(msp: Path) -> None:
    remedies = []
    for damage in (name_no_admins, turn_node_ous_off, drop_node_ous, lose_config):
        damage(msp)
        remedies += [finding.remedy for finding in lint_msp_folder(msp, now=NOW).findings]

    assert remedies == [
        "name AdminOUIdentifier below it, or put a certificate into admincerts",
        "make it Enable: true, or put a certificate into admincerts",
        "turn NodeOUs on in config.yaml, or put a certificate into admincerts",
        "copy the one here that is in the organisation's own msp folder, or put a certificate into admincerts",
    ]
    assert only_finding(msp).problem == ("does not exist, and admincerts is empty: this MSP has no administrators")


@pytest.mark.parametrize("file", [OWN, "../tls/server.crt"])
def test_a_certificate_on_a_curve_that_go_does_not_know_is_not_to_be_copied_again(msp: Path, file: str) -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    put(msp / file, CA.issue_identity(NAME, validity=VALIDITY, units=["peer"], key=key).certificate_pem)

    (finding,) = [each for each in lint_msp_folder(msp, now=NOW).findings if each.rule == "not-a-certificate"]

    assert finding.problem == "not an X.509 certificate: unsupported elliptic curve secp256k1"
    assert finding.remedy == "have it issued again without that"


@pytest.mark.parametrize(("file", "before"), [("../tls/server.crt", 1), ("../tls/ca.crt", 0)])
def test_nor_is_one_behind_another_or_of_a_ca(msp: Path, file: str, before: int) -> None:
    key = ec.generate_private_key(ec.SECP256K1())
    odd = CA.issue_identity(NAME, validity=VALIDITY, units=["peer"], key=key).certificate_pem
    whole = CA.issue_identity(NAME, validity=VALIDITY, units=["peer"]).certificate_pem
    put(msp / file, whole * before + odd)

    (finding,) = [each for each in lint_msp_folder(msp, now=NOW).findings if each.rule == "not-a-certificate"]

    assert finding.problem.endswith("not an X.509 certificate: unsupported elliptic curve secp256k1")
    assert finding.remedy == "have it issued again without that"


def test_where_there_is_no_ca_none_is_named(msp: Path) -> None:
    put(msp / CA_FILE, organization(2).issue_peer("peer0").identity.certificate_pem)

    (told,) = [each.problem for each in lint_msp_folder(msp, now=NOW).findings if each.rule == "not-issued-here"]

    assert told.endswith("its issuer ca.org1.example.com is not one of this MSP's CAs, of which there is none")


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("X509 CRL", "move it to crls"),
        ("CERTIFICATE REQUEST", "put the certificate here that the CA issued for it"),
        ("PKCS7", "convert it, one certificate a file: openssl pkcs7 -print_certs -in FILE"),
        ("TRUSTED CERTIFICATE", "convert it: openssl x509 -in FILE -out FILE.pem"),
        ("PUBLIC KEY", "put a certificate in PEM at the beginning, or move the file out of this folder"),
    ],
)
def test_what_is_in_the_place_of_a_certificate_is_named(msp: Path, kind: str, remedy: str) -> None:
    put(msp / "cacerts" / "other.pem", f"-----BEGIN {kind}-----\nMAA=\n-----END {kind}-----\n".encode())

    (finding,) = lint_msp_folder(msp, now=NOW).findings

    problem = f"begins with {kind}, not with a certificate, and a peer reads only the first PEM block"
    assert (finding.file, finding.problem, finding.remedy) == ("cacerts/other.pem", problem, remedy)


def test_a_misspelt_key_is_corrected_where_it_stands(msp: Path) -> None:
    misspell_a_key(msp)
    (finding,) = lint_msp_folder(msp, now=NOW).findings
    assert finding.remedy == "write ClientOUIdentifier"


def test_a_certificate_in_keystore_is_out_of_place_and_no_open_key(msp: Path) -> None:
    put(msp / "keystore" / "peer0.pem", peer().identity.certificate_pem)

    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity) == ("keystore/peer0.pem", "not-a-key", Severity.WARNING)
    assert finding.problem == "is a certificate, not a private key"


def test_text_in_place_of_the_only_key_leaves_nobody_to_sign(msp: Path) -> None:
    put(msp / "keystore" / "priv_sk", b"hello")
    assert found(msp) == {("keystore/priv_sk", "not-pem"), ("keystore", "no-key")}


def test_a_certificate_that_is_cut_short_is_said_to_be(msp: Path) -> None:
    put(msp / "tlscacerts" / "more.pem", CA.certificate_pem[:300])
    (finding,) = lint_msp_folder(msp, now=NOW).findings
    assert (finding.rule, finding.remedy) == ("not-pem", "copy the certificate again")
    assert "cut short" in finding.problem


def test_without_any_ca_the_lines_come_in_order_and_nothing_is_named_that_is_not_there(msp: Path) -> None:
    (msp / CA_FILE).unlink()

    findings = [each for each in lint_msp_folder(msp, now=NOW).findings if each.rule == "node-ou-certificate"]

    assert [each.file for each in findings] == [f"config.yaml:{line}" for line in (4, 7, 10, 13)]
    assert {each.remedy for each in findings} == {"put the CA's certificate into cacerts, and name it"}


def test_the_crl_that_revokes_the_peer_is_named(msp: Path) -> None:
    revoke_it(msp)
    (finding,) = lint_msp_folder(msp, now=NOW).findings
    assert finding.problem.endswith(f"was revoked by {CA.name}, which crls/crl.pem says")


def test_of_two_crls_in_one_file_the_second_revokes_nothing(msp: Path) -> None:
    put_two_crls_into_one_file(msp)
    local = Msp(load_msp_config(msp, "Org1MSP"))

    local.check_identity(local.place(load_signing_identity(msp, "Org1MSP").certificate))

    (finding,) = lint_msp_folder(msp, now=NOW).findings
    assert finding.severity is Severity.WARNING


def test_an_unknown_issuer_may_be_an_intermediate(msp: Path) -> None:
    lower = CA.issue_authority("lower.org1.example.com", "org1.example.com", validity=VALIDITY)
    put_own(msp, lower.issue_identity(NAME, validity=VALIDITY, units=["peer"]))

    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert finding.remedy == (
        "if lower.org1.example.com is a CA of this organisation, put it into cacerts, or into intermediatecerts where "
        "another CA issued it; or else put a certificate here that a CA of this MSP issued"
    )


def test_an_intermediate_among_the_roots_is_moved_to_those_like_it_with_its_issuer_where_that_lacks(msp: Path) -> None:
    middle = CA.issue_authority("middle.org1.example.com", "org1.example.com", validity=VALIDITY)
    lower = middle.issue_authority("lower.org1.example.com", "org1.example.com", validity=VALIDITY)
    put(msp / "cacerts" / "lower.pem", lower.certificate_pem)
    (lonely,) = lint_msp_folder(msp, now=NOW).findings
    put(msp / "cacerts" / "lower.pem", middle.certificate_pem)
    (finding,) = lint_msp_folder(msp, now=NOW).findings

    assert finding.remedy == "move it to intermediatecerts"
    assert lonely.remedy == (
        "move it to intermediatecerts, and put middle.org1.example.com here, or there too where another CA issued "
        "that one"
    )

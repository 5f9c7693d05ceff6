"""MSP folders on disk: what is read, what is passed over, and how each broken one is named."""

import os
import re
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from gossip.errors import ConfigurationError
from gossip.msp import config as config_module
from gossip.msp.config import load_msp_config, load_signing_identity
from gossip.msp.membership import Msp
from gossip.msp.roles import Role
from gossip.msp.signature import check_signature
from tests.support.certificates import Issued, make_ca, make_crl, make_leaf
from tests.support.vectors import VECTORS

MSPID = "Org1MSP"
NODE_OUS = """NodeOUs:
  Enable: true
  PeerOUIdentifier:
    Certificate: cacerts/ca.pem
    OrganizationalUnitIdentifier: peer
  AdminOUIdentifier:
    OrganizationalUnitIdentifier: admin
"""
UNITS = "OrganizationalUnitIdentifiers:\n  - {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: blue}\n"


@pytest.fixture
def ca() -> Issued:
    return make_ca("ca")


@pytest.fixture
def folder(tmp_path: Path, ca: Issued) -> Path:
    """A local MSP folder with one of everything."""
    leaf = make_leaf("peer0", ca)
    assert isinstance(leaf.key, ec.EllipticCurvePrivateKey)
    intermediate, tls = make_ca("intermediate", ca), make_ca("tlsca")
    contents = {
        "cacerts/ca.pem": ca.pem,
        "intermediatecerts/intermediate.pem": intermediate.pem,
        "admincerts/admin.pem": make_leaf("admin", intermediate, units=("admin",)).pem,
        "crls/crl.pem": make_crl(ca, [5]),
        "tlscacerts/tlsca.pem": tls.pem,
        "tlsintermediatecerts/tls.pem": make_ca("tlsintermediate", tls).pem,
        "signcerts/peer0.pem": leaf.pem,
        "keystore/whatever_sk": pem_of(leaf.key),
        "config.yaml": NODE_OUS.encode(),
    }
    for name, content in contents.items():
        write(tmp_path / name, content)
    return tmp_path


def write(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def pem_of(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def refuse(path: Path, named: Path | str, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match) as refusal:
        load_msp_config(path, MSPID)
    assert refusal.value.path == str(named)


def refuse_signing(path: Path, named: Path, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match) as refusal:
        load_signing_identity(path, MSPID)
    assert refusal.value.path == str(named)


# -- what is read


def test_everything_is_read_with_its_file(folder: Path, ca: Issued) -> None:
    config = load_msp_config(folder, MSPID)
    assert (config.mspid, config.path, config.warnings) == (MSPID, str(folder), ())
    for files, expected in (
        (config.roots, ("cacerts/ca.pem", "ca")),
        (config.intermediates, ("intermediatecerts/intermediate.pem", "intermediate")),
        (config.admins, ("admincerts/admin.pem", "admin")),
        (config.tls_roots, ("tlscacerts/tlsca.pem", "tlsca")),
        (config.tls_intermediates, ("tlsintermediatecerts/tls.pem", "tlsintermediate")),
    ):
        assert [(file.path, file.certificate.subject) for file in files] == [(str(folder / expected[0]), expected[1])]
    assert [(file.path, len(file.crl)) for file in config.crls] == [(str(folder / "crls/crl.pem"), 1)]
    assert config.node_ous is not None
    assert {role: (unit.name, unit.source) for role, unit in config.node_ous.items()} == {
        Role.PEER: ("peer", f"{folder / 'config.yaml'}:4"),
        Role.ADMIN: ("admin", f"{folder / 'config.yaml'}:7"),
    }
    certifier = config.node_ous[Role.PEER].certifier
    assert certifier is not None
    assert (certifier.path, certifier.certificate) == (str(folder / "cacerts/ca.pem"), ca.certificate)
    Msp(config)


@pytest.mark.parametrize("org", ["org1", "org2"])
def test_folders_of_a_real_network(org: str) -> None:
    config = load_msp_config(VECTORS / "captures" / "msp" / org, f"{org.capitalize()}MSP")
    assert config.warnings == ()
    assert Msp(config).tree.roots[0].subject == f"ca.{org}.example.com"


def test_only_cacerts_must_be_there(folder: Path) -> None:
    for name in ("intermediatecerts", "admincerts", "crls", "tlscacerts", "signcerts", "keystore"):
        shutil.rmtree(folder / name)
    (folder / "config.yaml").unlink()
    config = load_msp_config(folder, MSPID)
    assert (config.intermediates, config.admins, config.crls, config.node_ous) == ((), (), (), None)
    # Without TLS roots nobody looks for TLS intermediates.
    assert (config.tls_roots, config.tls_intermediates) == ((), ())


def test_files_are_read_by_name(folder: Path) -> None:
    for name in ("b", "a"):
        write(folder / "cacerts" / f"{name}.pem", make_ca(name).pem)
    assert [file.certificate.subject for file in load_msp_config(folder, MSPID).roots] == ["a", "b", "ca"]


def test_links_are_followed_as_kubernetes_mounts_secrets(folder: Path) -> None:
    """Each file is a link through the link ``..data`` into a folder that is named for when it was written."""
    for place in filter(Path.is_dir, list(folder.iterdir())):
        written = place / "..2026_11_27"
        files = list(place.iterdir())
        written.mkdir()
        (place / "..data").symlink_to(written.name)
        for file in files:
            file.rename(written / file.name)
            file.symlink_to(Path("..data") / file.name)
    config, signing = load_msp_config(folder, MSPID), load_signing_identity(folder, MSPID)
    assert [file.certificate.subject for file in config.roots] == ["ca"]
    assert (config.warnings, signing.certificate.subject) == ((), "peer0")


def test_organizational_unit_identifiers(folder: Path) -> None:
    write(
        folder / "config.yaml",
        "OrganizationalUnitIdentifiers:\n  - Certificate: cacerts/ca.pem\n    OrganizationalUnitIdentifier: blue\n",
    )
    (unit,) = load_msp_config(folder, MSPID).organizational_units
    assert (unit.name, unit.source) == ("blue", f"{folder / 'config.yaml'}:2")


# -- what is passed over, and said


def test_file_without_pem_is_passed_over(folder: Path) -> None:
    write(folder / "cacerts" / "README", "no certificate")
    write(folder / "cacerts" / ".gitkeep", "")
    (folder / "cacerts" / "old").mkdir()
    config = load_msp_config(folder, MSPID)
    assert len(config.roots) == 1
    assert config.warnings == (f"{folder / 'cacerts/README'}: holds no PEM and is ignored, as Fabric does",)


def test_only_the_first_certificate_of_a_file_counts(folder: Path, ca: Issued) -> None:
    write(folder / "cacerts" / "ca.pem", ca.pem + make_ca("second").pem)
    config = load_msp_config(folder, MSPID)
    assert [file.certificate.subject for file in config.roots] == ["ca"]
    assert any("only its first PEM block is read" in warning for warning in config.warnings)


def test_a_warning_of_a_file_that_every_role_names_is_given_once(folder: Path, ca: Issued) -> None:
    write(folder / "cacerts" / "ca.pem", ca.pem + make_ca("second").pem)

    (warning,) = load_msp_config(folder, MSPID).warnings
    assert warning.startswith(f"{folder / 'cacerts/ca.pem'}: only its first PEM block is read")


def test_misnamed_folder_of_tls_intermediates(folder: Path) -> None:
    (folder / "tlsintermediatecerts").rename(folder / "tlsintermediatecacerts")
    config = load_msp_config(folder, MSPID)
    assert config.tls_intermediates == ()
    (warning,) = config.warnings
    assert warning.startswith(f"{folder / 'tlsintermediatecacerts'}: ignored, as Fabric does; it reads")


# -- broken folders


def test_missing_folder(tmp_path: Path) -> None:
    refuse(tmp_path / "nowhere", tmp_path / "nowhere", "no such MSP folder")


def test_file_instead_of_a_folder(folder: Path) -> None:
    refuse(folder / "config.yaml", folder / "config.yaml", "not a folder")


def test_no_mspid(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="an MSP needs an MSP-ID"):
        load_msp_config(folder, "")


def test_empty_folder(tmp_path: Path) -> None:
    refuse(tmp_path, tmp_path / "cacerts", "could not load a valid ca certificate: no PEM file there$")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("cacerts", "could not load a valid ca certificate"),
        ("signcerts", "could not load a valid signer certificate"),
        ("keystore", "no key here fits the certificate .*/signcerts/peer0.pem"),
    ],
)
def test_files_that_hold_no_pem_are_named_where_one_is_missing(folder: Path, name: str, what: str) -> None:
    for file in (folder / name).iterdir():
        file.unlink()
    for number in range(1, 6):
        write(folder / name / f"{number}.pem", "no PEM")
    check = refuse if name == "cacerts" else refuse_signing
    check(folder, folder / name, f"{what}: no PEM file there; none in 1.pem, 2.pem, 3.pem, ...$")


@pytest.mark.parametrize(("given", "meant"), [("peer0", "peer0/msp"), ("peer0/msp/signcerts", "peer0/msp")])
def test_the_folder_that_was_meant_is_named(tmp_path: Path, given: str, meant: str) -> None:
    for name in ("cacerts", "signcerts"):
        (tmp_path / "peer0" / "msp" / name).mkdir(parents=True)

    refuse(tmp_path / given, tmp_path / given / "cacerts", f"; the MSP folder is {re.escape(str(tmp_path / meant))}$")


def test_a_crl_that_revokes_nothing_is_warned_of(folder: Path) -> None:
    write(folder / "crls" / "strange.pem", make_crl(make_ca("ca"), [5]))
    config = load_msp_config(folder, MSPID)

    assert len(config.crls) == 2
    (warning,) = config.warnings
    assert warning.startswith(f"{folder / 'crls/strange.pem'}: matches no CA of this MSP")


def test_file_instead_of_a_sub_folder(folder: Path) -> None:
    shutil.rmtree(folder / "crls")
    write(folder / "crls", "")
    refuse(folder, folder / "crls", "could not read directory: Not a directory")


def test_folder_that_cannot_be_looked_at(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    refuse(loop, loop, "cannot be accessed: Too many levels of symbolic links")


def test_dangling_link_is_not_passed_over(folder: Path) -> None:
    (folder / "crls" / "latest.pem").symlink_to(folder / "nowhere")
    refuse(folder, folder / "crls/latest.pem", "could not read file: No such file")


def test_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "cacerts" / "pipe.pem")
    refuse(folder, folder / "cacerts/pipe.pem", "not a regular file")


def test_file_that_is_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_module, "MAX_FILE_BYTES", 100)
    refuse(folder, folder / "cacerts/ca.pem", "larger than 100 bytes")


@pytest.mark.parametrize("name", ["cacerts/ca.pem", "admincerts/admin.pem", "tlscacerts/tlsca.pem"])
def test_pem_that_holds_no_certificate(folder: Path, name: str) -> None:
    write(folder / name, (folder / "keystore/whatever_sk").read_bytes())
    refuse(folder, folder / name, "not an X.509 certificate")


def test_garbage_for_a_crl(folder: Path) -> None:
    write(folder / "crls/crl.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    refuse(folder, folder / "crls/crl.pem", "could not parse RevocationList")


@pytest.mark.parametrize(
    ("text", "line", "match"),
    [
        ("NodeOUs:\n  Enable: true\n bad indent", 3, "failed unmarshalling configuration file"),
        ("NodeOUs:\n  Enable: [", 2, "failed unmarshalling configuration file"),
        ("NodeOUs: yes please", 1, "expected a mapping with keys"),
        ("- NodeOUs", 1, "expected a mapping with keys"),
        (
            "NodeOUs:\n  Enable: maybe\n  PeerOUIdentifier:\n    OrganizationalUnitIdentifier: peer",
            2,
            "Enable: true or false",
        ),
        ('NodeOUs:\n  Enable: "true"', 2, "Enable: true or false"),
        ('NodeOUs:\n  Enable: "y"', 2, "Enable: true or false"),
        ("NodeOUs:\n  Enable: true\n  PeerOUIdentifier: peer", 3, "expected a mapping with keys"),
        (
            "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    OrganizationalUnitIdentifier: [peer]",
            4,
            "OrganizationalUnitIdentifier: a text",
        ),
        (
            "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    Certificate: !!binary Y2FjZXJ0cy9jYS5wZW0=",
            4,
            "Certificate: a text",
        ),
        ("a: &a {}\nNodeOUs:\n  <<: *a", 3, "not merged with <<"),
        ("NodeOUs: {}\nNodeOUs: on\nNodeOUs: {}", 2, "expected a mapping with keys"),
        ("NodeOUs:\n  Enable: maybe\n  Enable: true", 2, "Enable: true or false"),
        ("OrganizationalUnitIdentifiers: blue", 1, "OrganizationalUnitIdentifiers: a list"),
        (f"OrganizationalUnitIdentifiers: blue\n{UNITS}", 1, "OrganizationalUnitIdentifiers: a list"),
        (f"OrganizationalUnitIdentifiers:\n  - blue\n{UNITS}", 2, "expected a mapping with keys"),
        ("OrganizationalUnitIdentifiers: [&u {Certificate: a}" + ",*u" * 1000 + "]", 1, "at most 1000 entries"),
        ("OrganizationalUnitIdentifiers:\n  - OrganizationalUnitIdentifier: blue", 2, "blue names no Certificate"),
        ("%YAML 1.2\n---\nNodeOUs: {}", 1, "found an unknown directive"),
        ("%FABRIC\n---\nNodeOUs: {}", 1, "found an unknown directive"),
        ("NodeOUs: {}\n---\n", 2, "but found another document"),
        ("  NodeOUs: {}\nNodeOUs: {}", 2, "expected '<document start>'"),
    ],
)
def test_broken_config_yaml_is_named_with_its_line(folder: Path, text: str, line: int, match: str) -> None:
    write(folder / "config.yaml", text)
    refuse(folder, f"{folder / 'config.yaml'}:{line}", match)


def test_config_yaml_that_is_no_text(folder: Path) -> None:
    write(folder / "config.yaml", b"\xff\xfe\0\xd8")
    refuse(folder, f"{folder / 'config.yaml'}:1", "failed unmarshalling configuration file")


@pytest.mark.parametrize(
    ("certificate", "match"),
    [
        ("config.yaml", "the Certificate of OU peer: .*config.yaml: could not decode the PEM structure"),
        ("cacerts", "the Certificate of OU peer: .*cacerts: not a regular file"),
    ],
)
def test_certifier_that_cannot_be_read_is_not_passed_over(folder: Path, certificate: str, match: str) -> None:
    write(folder / "config.yaml", NODE_OUS.replace("cacerts/ca.pem", certificate))
    refuse(folder, f"{folder / 'config.yaml'}:4", match)


def test_role_whose_certifier_does_not_exist_is_certified_by_any_ca_and_warned_of(folder: Path) -> None:
    write(folder / "config.yaml", NODE_OUS.replace("cacerts/ca.pem", "cacerts/old.pem"))
    config = load_msp_config(folder, MSPID)
    assert config.node_ous is not None
    assert config.node_ous[Role.PEER].certifier is None
    (warning,) = config.warnings
    assert warning.startswith(
        f"{folder / 'config.yaml'}:4: the Certificate of OU peer, cacerts/old.pem, does not exist"
    )


@pytest.mark.parametrize("certificate", ["/cacerts/ca.pem", "crls/../cacerts/ca.pem", "nowhere/../cacerts/ca.pem"])
def test_certifier_is_looked_for_below_the_folder(folder: Path, certificate: str) -> None:
    write(folder / "config.yaml", NODE_OUS.replace("cacerts/ca.pem", certificate))
    node_ous = load_msp_config(folder, MSPID).node_ous
    assert node_ous is not None
    assert node_ous[Role.PEER].certifier is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing",
        "---\n",
        "NodeOUs:",
        "Unknown: 1",
        NODE_OUS.replace("true", "false"),
        NODE_OUS.replace("true", "n"),
        NODE_OUS.replace("  Enable: true\n", ""),
        "NodeOUs:\n  Enable: true\n",
        "NodeOUs:\n  Enable: true\n  PeerOUIdentifier:\n    Certificate: cacerts/nowhere.pem\n",
    ],
    ids=[
        "empty",
        "comment",
        "empty document",
        "null",
        "unknown key",
        "off",
        "n",
        "not on",
        "no role",
        "role without an OU",
    ],
)
def test_config_yaml_without_roles(folder: Path, text: str) -> None:
    write(folder / "config.yaml", text)
    assert load_msp_config(folder, MSPID).node_ous is None


ADMIN_WITH_CERTIFIER = "  AdminOUIdentifier:\n    Certificate: cacerts/ca.pem\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NODE_OUS + "NodeOUs:\n  Enable: false\n", None),
        (NODE_OUS + "NodeOUs:\n", None),
        (NODE_OUS.replace("true", "false") + "NodeOUs:\n  Enable: true\n", {Role.PEER: True, Role.ADMIN: False}),
        (NODE_OUS + ADMIN_WITH_CERTIFIER, {Role.PEER: True, Role.ADMIN: True}),
        (NODE_OUS + "NodeOUs:\n" + ADMIN_WITH_CERTIFIER, {Role.PEER: True, Role.ADMIN: True}),
        (NODE_OUS + "  AdminOUIdentifier:\n", {Role.PEER: True}),
        (NODE_OUS + "  AdminOUIdentifier:\n" + ADMIN_WITH_CERTIFIER, {Role.PEER: True}),
        ("a: &a {Enable: false}\n" + NODE_OUS + "NodeOUs: *a\n" * 3, None),
        ("a: &a {Enable: false}\nNodeOUs: *a\n" + NODE_OUS, {Role.PEER: True, Role.ADMIN: False}),
        ("a: &a {Enable: false}\nNodeOUs: *a\n" + NODE_OUS + "NodeOUs: *a\n", None),
    ],
)
def test_what_is_given_twice_is_read_over_what_was_read_before(
    folder: Path, text: str, expected: dict[Role, bool] | None
) -> None:
    """Which roles there are then, and whether each has a certifier."""
    write(folder / "config.yaml", text)
    node_ous = load_msp_config(folder, MSPID).node_ous
    found = None if node_ous is None else {role: unit.certifier is not None for role, unit in node_ous.items()}
    assert found == expected


def test_lists_given_twice_are_not_joined(folder: Path) -> None:
    units = "OrganizationalUnitIdentifiers:\n  - OrganizationalUnitIdentifier: {}\n    Certificate: cacerts/ca.pem\n"
    write(folder / "config.yaml", units.format("blue") + units.format("red"))
    assert [unit.name for unit in load_msp_config(folder, MSPID).organizational_units] == ["red"]


@pytest.mark.parametrize("text", ["yes", "on", "True", "y", "Y"])
def test_ways_to_say_true(folder: Path, text: str) -> None:
    write(folder / "config.yaml", NODE_OUS.replace("true", text))
    assert load_msp_config(folder, MSPID).node_ous is not None


# -- our own certificate and key


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS#8", "SEC1"])
def test_key_is_found_by_what_it_fits(folder: Path, form: PrivateFormat) -> None:
    key = load_signing_identity(folder, MSPID).key
    shutil.rmtree(folder / "keystore")
    write(folder / "keystore/a_sk", pem_of(ec.generate_private_key(ec.SECP256R1())))
    write(folder / "keystore/b.pem", pem_of(rsa.generate_private_key(65537, 2048)))
    write(folder / "keystore/c", pem_of(key, form))
    signing_identity = load_signing_identity(folder, MSPID)
    assert (signing_identity.mspid, signing_identity.certificate.subject) == (MSPID, "peer0")
    public_key = signing_identity.certificate.key
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    check_signature(public_key, signing_identity.sign(b"message"), b"message")


def test_key_never_shows(folder: Path) -> None:
    signing_identity = load_signing_identity(folder, MSPID)
    for secret in (
        f"{signing_identity.key.private_numbers().private_value}",
        "EllipticCurvePrivateKey",
        "ECPrivateKey",
    ):
        assert secret not in repr(signing_identity)


def test_no_signing_certificate(folder: Path) -> None:
    shutil.rmtree(folder / "signcerts")
    refuse_signing(folder, folder / "signcerts", "could not load a valid signer certificate")


def test_a_keystore_that_is_gone_is_named_with_the_certificate_whose_key_it_lacks(folder: Path) -> None:
    shutil.rmtree(folder / "keystore")
    refuse_signing(
        folder, folder / "keystore", f"no key here fits the certificate {folder}/signcerts/peer0.pem: no PEM file"
    )


def test_keys_that_do_not_fit_are_named(folder: Path) -> None:
    key = load_signing_identity(folder, MSPID).key
    shutil.rmtree(folder / "keystore")
    write(folder / "keystore/a", pem_of(ec.generate_private_key(ec.SECP256R1())))
    write(folder / "keystore/b", make_ca("ca").pem)
    write(folder / "keystore/c", pem_of(key, encryption=BestAvailableEncryption(b"secret")))
    match = "a is the key of another certificate; b holds no private key; c is encrypted$"
    refuse_signing(folder, folder / "keystore", match)


def test_signing_certificate_with_an_rsa_key(folder: Path, ca: Issued) -> None:
    write(folder / "signcerts/peer0.pem", make_leaf("peer0", ca, key=rsa.generate_private_key(65537, 2048)).pem)
    refuse_signing(folder, folder / "signcerts/peer0.pem", "gossip is signed with ECDSA")


def test_text_around_our_certificate_is_no_part_of_our_identity(folder: Path) -> None:
    plain = load_signing_identity(folder, MSPID).certificate
    path = folder / "signcerts/peer0.pem"
    write(path, b"Subject: peer0\n" + path.read_bytes().replace(b"\n", b"\r\n") + b"trailing")
    assert load_signing_identity(folder, MSPID).certificate == plain


@pytest.mark.parametrize(
    "content",
    [
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ],
)
def test_of_signcerts_only_the_first_file_is_read(folder: Path, content: str) -> None:
    expected = load_signing_identity(folder, MSPID).certificate
    write(folder / "signcerts/zz.pem", content)
    assert load_signing_identity(folder, MSPID).certificate == expected

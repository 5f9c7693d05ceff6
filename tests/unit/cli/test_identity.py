"""``gossip identity``."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gossip.msp.authority import Credential, Validity
from gossip.msp.certificate import parse_certificate_pem, pki_id_of
from gossip.msp.config import load_msp_config
from gossip.msp.pem import encode_certificate_pem
from tests.support.cli import run, run_process
from tests.support.organizations import NOW, organization, organization_folder, peer, peer_folder, serialized
from tests.support.vectors import VECTORS, load_vectors

PEM = peer().identity.certificate_pem
DER = peer().identity.certificate.public_bytes(Encoding.DER)
PKI_ID = hashlib.sha256(b"Org1MSP" + PEM).hexdigest()
ORG1, ORG2 = (f"--org=Org{number}MSP={organization_folder(number) / 'msp'}" for number in (1, 2))


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    path = tmp_path / "identity"
    path.write_bytes(serialized(peer()))
    return path


def pem_file(tmp_path: Path, credential: Credential) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_bytes(credential.certificate_pem)
    return path


# -- show


def test_shows_a_serialized_identity(identity: Path) -> None:
    outcome = run_process("identity", "show", identity, "--json")

    assert outcome.exit_code == 0
    assert outcome.object == {
        "mspid": "Org1MSP",
        "pki_id": PKI_ID,
        "subject": "CN=peer0.org1.example.com,ST=California,L=San Francisco,OU=peer,C=US",
        "issuer": "CN=ca.org1.example.com,ST=California,L=San Francisco,O=org1.example.com,C=US",
        "organizational_units": ["peer"],
        "not_before": f"{organization().validity.not_before_at:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{organization().validity.not_after_at:%Y-%m-%dT%H:%M:%SZ}",
        "serial_number": f"{peer().identity.certificate.serial_number:x}",
        "key": "ECDSA secp256r1",
    }


def test_the_same_peer_has_the_same_pki_id_in_every_form(identity: Path) -> None:
    certificate = peer_folder() / "msp" / "signcerts" / "peer0.org1.example.com-cert.pem"

    for target in (identity, certificate, peer_folder() / "msp"):
        assert run("identity", "show", target, "--mspid", "Org1MSP", "--json").object["pki_id"] == PKI_ID


def test_a_certificate_alone_has_no_pki_id(tmp_path: Path) -> None:
    shown = run("identity", "show", pem_file(tmp_path, peer().identity), "--json").object

    assert (shown["mspid"], shown["pki_id"]) == (None, None)


def test_people_get_lines(identity: Path) -> None:
    assert f"pki id                {PKI_ID}\n" in run("identity", "show", identity).stdout


def test_an_identity_of_another_msp_than_said_is_named(identity: Path) -> None:
    outcome = run("identity", "show", identity, "--mspid", "Org2MSP")

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {identity}: claims Org1MSP, not Org2MSP\n"


def test_what_is_no_identity_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_bytes(b"\x00hello")
    outcome = run("identity", "show", path)

    assert outcome.exit_code == 1
    assert outcome.stderr.startswith(f"gossip: {path}: neither an identity nor a certificate in PEM")


def test_a_key_in_place_of_a_certificate_is_named(tmp_path: Path) -> None:
    outcome = run("identity", "show", peer_folder() / "tls" / "server.key")

    assert outcome.exit_code == 1
    assert outcome.stderr.endswith("neither an identity nor a certificate in PEM: it holds a PRIVATE KEY\n")


@pytest.mark.parametrize(
    ("disguise", "what"),
    [
        (
            lambda pem: pem.decode().encode("utf-16"),
            "it is encoded in UTF-16, so its PEM is not recognised; save it as ",
        ),
        (
            lambda pem: pem.replace(b"\n", b"\r"),
            "it holds PEM that is cut short or garbled; copy the certificate again",
        ),
        (
            lambda _: DER,
            "it holds no PEM; it looks like DER; convert it: openssl x509 -inform DER -in FILE -out FILE.pem",
        ),
        (lambda _: b"", "it is empty"),
    ],
    ids=["UTF-16", "CR", "DER", "empty"],
)
def test_what_was_done_to_a_certificate_is_told(disguise: Callable[[bytes], bytes], what: str, tmp_path: Path) -> None:
    """Of a file by itself, and of the one in the signcerts of a folder."""
    msp = Path(shutil.copytree(peer_folder() / "msp", tmp_path / "msp"))
    (path,) = (msp / "signcerts").iterdir()
    path.write_bytes(disguise(path.read_bytes()))

    alone, within = run("identity", "show", path), run("identity", "show", msp)

    assert alone.stderr.startswith(f"gossip: {path}: neither an identity nor a certificate in PEM: {what}")
    assert (alone.exit_code, within.exit_code) == (1, 2)
    nobody = f"gossip: {msp / 'signcerts'}: holds no certificate, so the folder is nobody's own: signcerts/{path.name} "
    assert within.stderr.startswith(nobody + what.removeprefix("it ").partition(";")[0])


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_missing_file_is_named(command: str, tmp_path: Path) -> None:
    options = [ORG1] if command == "check" else []
    outcome = run("identity", command, tmp_path / "absent", *options)

    assert outcome.exit_code == 2
    assert outcome.stderr == f"gossip: {tmp_path / 'absent'}: No such file or directory\n"


def test_a_folder_that_only_verifies_is_nobodys_own() -> None:
    outcome = run("identity", "show", organization_folder() / "msp")

    assert outcome.exit_code == 2
    assert "signcerts: holds no certificate" in outcome.stderr


# -- check


def test_a_peer_of_ours_is_fine(identity: Path) -> None:
    outcome = run_process(
        "identity", "check", identity, "--mspid=Org1MSP", "--msp-dir", peer_folder() / "msp", "--json"
    )

    assert outcome.exit_code == 0
    assert outcome.object == {
        "ok": True,
        "mspid": "Org1MSP",
        "mspid_assumed": False,
        "valid": True,
        "storable": True,
        "verifiable": True,
        "org": "Org1MSP",
        "pki_id": PKI_ID,
        "expires_at": f"{organization().validity.not_after_at:%Y-%m-%dT%H:%M:%SZ}",
        "reason": None,
    }


def test_a_certificate_counts_as_our_own_organizations(tmp_path: Path) -> None:
    outcome = run("identity", "check", pem_file(tmp_path, peer().identity), ORG1, "--json")

    assert (outcome.object["pki_id"], outcome.object["mspid"]) == (PKI_ID, "Org1MSP")
    assert outcome.object["mspid_assumed"] is True
    assert outcome.exit_code == 0


def test_a_certificate_with_a_high_s_has_the_pki_id_that_its_peer_has(tmp_path: Path) -> None:
    """A peer puts the low S into its certificate before it shows it to others."""
    msp = VECTORS / "crypto" / "org1" / "msp"
    (record,) = (record for record in load_vectors("identities.json") if record["name"] == "org1/highscert")
    (tmp_path / "high.pem").write_text(record["pem"])
    high = parse_certificate_pem(record["pem"].encode())[0]
    roots = (file.certificate for file in load_msp_config(msp, "Org1MSP").roots)
    (low,) = (high.with_low_s(root) for root in roots if high.is_signed_by(root))
    assert low != high

    outcome = run("identity", "check", tmp_path / "high.pem", f"--org=Org1MSP={msp}", "--json")

    assert outcome.object["pki_id"] == pki_id_of("Org1MSP", encode_certificate_pem(low.der)).hex()
    assert outcome.object["ok"] is True


def test_a_peer_of_another_organization_is_fine(identity: Path) -> None:
    outcome = run("identity", "check", identity, ORG2, ORG1, "--json")

    assert (outcome.exit_code, outcome.object["ok"], outcome.object["org"]) == (0, True, "Org1MSP")


def test_the_wrong_claim_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "identity").write_bytes(serialized(peer(), "Org2MSP"))
    outcome = run("identity", "check", tmp_path / "identity", ORG2, ORG1, "--json")

    assert outcome.exit_code == 1
    assert (outcome.object["valid"], outcome.object["org"]) == (False, None)
    assert str(outcome.object["reason"]).endswith(
        "it claims Org2MSP, but its issuer ca.org1.example.com is a root of Org1MSP"
    )


def test_an_expired_identity_is_valid_but_not_storable(tmp_path: Path) -> None:
    expired = organization().issue_peer("old", validity=Validity.expired(NOW)).identity
    outcome = run("identity", "check", pem_file(tmp_path, expired), ORG1, "--json")

    assert outcome.exit_code == 1
    shown = outcome.object
    assert (shown["ok"], shown["valid"], shown["storable"], shown["verifiable"]) == (False, True, False, True)
    assert "gossipping peer identity expired at" in str(shown["reason"])


def test_people_read_the_reason(tmp_path: Path) -> None:
    outcome = run("identity", "check", pem_file(tmp_path, peer(2).identity), ORG1)

    assert outcome.exit_code == 1
    assert "ca.org2.example.com" in outcome.stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ([], "--msp-dir and --mspid together"),
        (["--mspid", "Org1MSP"], "--msp-dir and --mspid together"),
        (["--org", "Org1MSP"], "'Org1MSP' is not MSPID=DIR"),
        (["--org", "A=x", "--org", "A=y"], "A is given twice"),
    ],
)
def test_wrong_usage_is_named(identity: Path, options: list[str], named: str) -> None:
    outcome = run("identity", "check", identity, *options)

    assert outcome.exit_code == 2
    assert named in " ".join(outcome.stderr.replace("│", " ").split())


def test_an_empty_msp_folder_is_named(identity: Path, tmp_path: Path) -> None:
    (tmp_path / "msp").mkdir()
    outcome = run("identity", "check", identity, "--org", f"Org1MSP={tmp_path / 'msp'}")

    assert outcome.exit_code == 2
    assert outcome.stderr.startswith(f"gossip: {tmp_path / 'msp' / 'cacerts'}: could not load a valid ca certificate")


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_file_without_end_is_refused(command: str) -> None:
    options = [] if command == "show" else [ORG1]
    outcome = run("identity", command, "/dev/zero", *options)

    assert outcome.exit_code == 2
    assert outcome.stderr == "gossip: /dev/zero: larger than 16777216 bytes\n"

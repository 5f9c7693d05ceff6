"""Certificates whose issuers are all there, and yet no chain: what breaks it is named; folders where files belong."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from gossip.errors import ConfigurationError
from gossip.msp.chain_fault import find_limit_fault
from gossip.msp.lint import lint_msp_folder
from tests.support.certificates import NO_CA, NOT_BEFORE, Issued, key_usage, make_ca, make_leaf
from tests.support.msp_folders import CA_FILE, OWN, found, only_finding, put, replace_line
from tests.support.organizations import NOW, organization

LOWER = "intermediatecerts/lower.pem"
MAIL = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
UNKNOWN = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True)
ALONE = (x509.BasicConstraints(ca=True, path_length=0), True)
LATER = NOT_BEFORE + timedelta(days=30)


def put_chain(msp: Path, root: Issued, lower: Issued, leaf: Issued) -> None:
    """Give the peer another identity, with every CA above it."""
    put(msp / CA_FILE, root.pem)
    put(msp / LOWER, lower.pem)
    put(msp / OWN, leaf.pem)
    key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    put(msp / "keystore" / "priv_sk", key)
    replace_line(msp / "config.yaml", CA_FILE, LOWER)


def test_a_chain_that_holds_has_nothing_wrong_with_it(msp: Path) -> None:
    root = make_ca(basics=(x509.BasicConstraints(ca=True, path_length=1), True))
    lower = make_ca("lower", root, basics=ALONE)
    put_chain(msp, root, lower, make_leaf("peer0", lower))

    assert found(msp) == set()


def test_a_path_length_that_is_too_short_is_told_with_the_ca_that_has_it(msp: Path) -> None:
    root = make_ca(basics=ALONE)
    lower = make_ca("lower", root)
    put_chain(msp, root, lower, make_leaf("peer0", lower))

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (OWN, "broken-chain")
    assert finding.problem == "no peer accepts it: ca allows a path length of 0, and 1 CA is between it and peer0"
    assert finding.remedy == "have ca issued again over its key, with a path length of 1 or more or without one"


def test_a_tls_certificate_is_judged_by_limits_and_not_by_dates() -> None:
    root, later = make_ca(basics=ALONE), make_ca(not_before=LATER)
    lower = make_ca("lower", root)
    leaf = make_leaf("peer0", lower)

    fault = find_limit_fault([leaf.certificate, lower.certificate, root.certificate])

    assert fault is not None
    assert fault.problem == "ca allows a path length of 0, and 1 CA is between it and peer0"
    assert find_limit_fault([leaf.certificate, lower.certificate]) is None
    assert find_limit_fault([make_leaf("peer0", later).certificate, later.certificate]) is None


def test_a_critical_extension_that_go_does_not_look_at_is_one_that_peers_do_not_understand() -> None:
    """Whether cryptography, or OpenSSL, knows it or not."""
    root = make_ca(more=[(x509.OCSPNoCheck(), True)])

    fault = find_limit_fault([make_leaf("peer0", root).certificate, root.certificate])

    assert fault is not None
    assert fault.problem == "ca has the critical extension 1.3.6.1.5.5.7.48.1.5, which peers do not understand"


@pytest.mark.parametrize(("is_elsewhere", "severity"), [(True, "warning"), (False, "error")])
def test_what_stands_behind_the_first_certificate_matters_where_it_is_in_no_other_file(
    msp: Path, is_elsewhere: bool, severity: str
) -> None:
    root, other = make_ca(), make_ca("other")
    lower = make_ca("lower", root)
    put_chain(msp, root, lower, make_leaf("peer0", lower))
    put(msp / LOWER, lower.pem + (root if is_elsewhere else other).pem)

    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity.value) == (LOWER, "several-blocks", severity)


def test_purposes_and_extensions_of_each_on_the_way_are_told(msp: Path) -> None:
    root, plain = make_ca(more=[MAIL]), make_ca()
    for leaf, broken, told in (
        (make_leaf("peer0", root), root, "ca has extended key usages without server authentication"),
        (make_leaf("peer0", plain, extensions=(NO_CA, MAIL)), plain, "peer0 has extended key usages without server"),
        (make_leaf("peer0", plain, extensions=(NO_CA, UNKNOWN)), plain, "peer0 has the critical extension 1.2.3.4.5"),
    ):
        put(msp / CA_FILE, broken.pem)
        put(msp / OWN, leaf.pem)
        key = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        put(msp / "keystore" / "priv_sk", key)

        finding = only_finding(msp)

        assert (finding.file, finding.rule) == (OWN, "broken-chain")
        assert told in finding.problem


def test_who_was_enrolled_after_the_ca_had_ended_is_told_so(msp: Path) -> None:
    root = make_ca()
    lower = make_ca("lower", root, not_after=LATER)
    put_chain(msp, root, lower, make_leaf("peer0", lower, not_before=LATER + timedelta(days=1)))

    findings = {each.rule: each for each in lint_msp_folder(msp, now=NOW).findings}

    assert findings.keys() == {"expired", "broken-chain"}
    assert "lower ended at 2024-01-31 00:00:00Z, before peer0 begins, at 2024-02-01" in findings["broken-chain"].problem
    assert findings["broken-chain"].remedy == "renew lower, and enroll again"


def test_a_root_that_is_younger_than_its_intermediate_is_told_of_the_intermediate_alone(msp: Path) -> None:
    root = make_ca(not_before=LATER)
    lower = make_ca("lower", root)
    put_chain(msp, root, lower, make_leaf("peer0", lower))

    assert found(msp) == {(LOWER, "ca-younger")}


def test_an_intermediate_without_its_root_is_what_is_told(msp: Path) -> None:
    lower = make_ca("lower", make_ca("elsewhere"))
    put_chain(msp, make_ca(), lower, make_leaf("peer0", lower))

    assert found(msp) == {(LOWER, "not-issued-here")}


def test_an_intermediate_that_is_no_ca_is_what_is_told(msp: Path) -> None:
    root = make_ca()
    lower = make_ca("lower", root, basics=NO_CA)
    put_chain(msp, root, lower, make_leaf("peer0", lower))

    assert found(msp) == {(LOWER, "not-a-ca")}


def test_a_ca_that_may_not_sign_is_named_for_whom_it_issued(msp: Path) -> None:
    root = make_ca()
    lower = make_ca("lower", root, more=[key_usage(signs_certificates=False)])
    put_chain(msp, root, lower, make_leaf("peer0", lower))

    findings = {each.rule: each for each in lint_msp_folder(msp, now=NOW).findings}

    assert findings.keys() == {"ca-cannot-sign", "broken-chain"}
    assert "lower has key usages without certificate signing" in findings["broken-chain"].problem


def test_nobody_is_told_to_trust_another_organization_for_its_administrator(msp: Path) -> None:
    other = organization(2).issue_peer("peer0").identity
    put(msp / "admincerts" / "admin.pem", other.certificate_pem)

    assert only_finding(msp).remedy.startswith("if ca.org2.example.com is a CA of this organisation, put it into")


@pytest.mark.parametrize("name", ["signcerts", "keystore", "cacerts"])
def test_a_folder_in_place_of_the_only_file_is_told(msp: Path, name: str) -> None:
    (file,) = (msp / name).iterdir()
    file.unlink()
    file.mkdir()

    rules = {rule for where, rule in found(msp) if where == f"{name}/{file.name}"}

    assert rules == {"not-a-file"}
    assert not {rule for _, rule in found(msp)} & {"no-signcert", "no-key"}


def test_a_folder_beside_the_file_is_nobodys_business(msp: Path) -> None:
    (msp / "signcerts" / "old").mkdir()

    assert found(msp) == set()


def test_cas_behind_our_own_certificate_do_no_harm_and_stay_out_of_signcerts(msp: Path) -> None:
    put(msp / OWN, (msp / OWN).read_bytes() + (msp / CA_FILE).read_bytes())

    finding = only_finding(msp)

    assert (finding.rule, finding.severity.value) == ("several-blocks", "warning")
    assert finding.remedy.startswith("leave only the peer's own certificate there")


@pytest.mark.parametrize(
    ("old", "new", "file"),
    [
        ("PeerOUIdentifier", "peerOUIdentifier", "config.yaml"),
        ("Identifier: peer", "Identifier: x", "config.yaml:8"),
    ],
)
def test_a_role_that_the_settings_lack_is_added_there(msp: Path, old: str, new: str, file: str) -> None:
    replace_line(msp / "config.yaml", old, new)

    (finding,) = [each for each in lint_msp_folder(msp, now=NOW).findings if each.rule == "node-ou-role"]

    assert finding.file == file
    assert finding.remedy == "give PeerOUIdentifier the OrganizationalUnitIdentifier peer"


def test_a_certifier_that_is_not_there_is_to_be_put_there(msp: Path) -> None:
    replace_line(msp / "config.yaml", CA_FILE, LOWER, 1)

    assert only_finding(msp).remedy == f"put that CA's certificate there, or name one of {CA_FILE}"


def test_a_folder_of_idemix_is_named(tmp_path: Path) -> None:
    put(tmp_path / "msp" / "IssuerPublicKey", b"key")

    with pytest.raises(ConfigurationError, match="is an Idemix MSP"):
        lint_msp_folder(tmp_path, now=NOW)


def test_who_has_the_key_in_an_hsm_is_not_sent_to_look_for_a_file(msp: Path) -> None:
    (msp / "keystore" / "priv_sk").unlink()

    assert only_finding(msp).remedy.endswith("as priv_sk; one in an HSM (PKCS11) only Fabric itself can use")


def test_a_rule_that_only_the_verdict_names_is_told_in_its_words(msp: Path) -> None:
    names = x509.NameConstraints([x509.DNSName("example.com")], None)
    root = make_ca()
    lower = make_ca("lower", root, more=[(names, True)])
    elsewhere = x509.SubjectAlternativeName([x509.DNSName("peer0.elsewhere")])
    put_chain(msp, root, lower, make_leaf("peer0", lower, extensions=(NO_CA, (elsewhere, False))))

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (OWN, "broken-chain")
    assert "a root or intermediate certificate is not authorized to sign for this name" in finding.problem
    assert finding.remedy == "have the certificate that breaks this rule issued again"

"""A CA in a folder of the other kind is found by what it issued, or by its name."""

import shutil
from pathlib import Path

import pytest

from gossip.msp.authority import Authority
from gossip.msp.lint import Finding, Severity, lint_msp_folder
from tests.support.msp_folders import CA, CA_FILE, NAME, OWN, VALIDITY, found, put, put_own, put_tls
from tests.support.organizations import NOW, organization, organization_folder

TLS_CA = organization().tls_ca
TLS_CA_FILE = "tlscacerts/tlsca.org1.example.com-cert.pem"


@pytest.fixture
def org_msp(tmp_path: Path) -> Path:
    """The organisation's own folder, in which nothing but CAs is."""
    shutil.copytree(organization_folder() / "msp", tmp_path / "msp")
    return tmp_path / "msp"


def exchange(msp: Path) -> None:
    put(msp / CA_FILE, TLS_CA.certificate_pem)
    put(msp / TLS_CA_FILE, CA.certificate_pem)


def findings(msp: Path) -> dict[str, Finding]:
    return {each.file: each for each in lint_msp_folder(msp, now=NOW).findings}


def test_exchanged_cas_of_a_peer_are_told_by_what_they_issued(msp: Path) -> None:
    exchange(msp)

    told = findings(msp)

    assert {file: (each.rule, each.severity, each.remedy) for file, each in told.items()} == {
        CA_FILE: ("tls-ca-among-cas", Severity.ERROR, "move it to tlscacerts"),
        TLS_CA_FILE: ("ca-among-tls-cas", Severity.ERROR, "move it to cacerts"),
    }
    assert told[CA_FILE].problem == (
        "tlsca.org1.example.com is a TLS CA: ../tls/server.crt comes from it, and no identity here does"
    )


def test_exchanged_cas_of_an_organization_are_told_by_their_names(org_msp: Path) -> None:
    exchange(org_msp)
    assert {file: (each.rule, each.severity) for file, each in findings(org_msp).items()} == {
        CA_FILE: ("tls-ca-among-cas", Severity.WARNING)
    }


def test_an_admin_s_certificate_is_enough_for_a_name_to_be_right(org_msp: Path) -> None:
    admin = TLS_CA.issue_identity("admin", validity=VALIDITY, units=["admin"])
    put(org_msp / CA_FILE, TLS_CA.certificate_pem)
    (org_msp / TLS_CA_FILE).unlink()
    put(org_msp / "admincerts" / "admin.pem", admin.certificate_pem)
    assert found(org_msp) == {("tlscacerts", "no-tls-root")}


def test_a_tls_ca_that_is_in_cacerts_too_is_a_warning(msp: Path) -> None:
    put(msp / "cacerts" / "tlsca.pem", TLS_CA.certificate_pem)
    told = findings(msp)["cacerts/tlsca.pem"]
    assert (told.rule, told.severity) == ("tls-ca-among-cas", Severity.WARNING)
    assert found(msp) == {("cacerts/tlsca.pem", "tls-ca-among-cas")}


def test_a_tls_ca_that_is_only_in_cacerts_is_to_be_moved(msp: Path) -> None:
    (msp / TLS_CA_FILE).rename(msp / "cacerts" / "tlsca.pem")
    assert found(msp) == {("cacerts/tlsca.pem", "tls-ca-among-cas")}


def test_an_intermediate_is_told_with_its_root(msp: Path) -> None:
    lower = TLS_CA.issue_authority("lower", "org1.example.com", validity=VALIDITY)
    put_tls(msp, lower.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    (msp / TLS_CA_FILE).rename(msp / "cacerts" / "tlsca.pem")
    put(msp / "intermediatecerts" / "lower.pem", lower.certificate_pem)

    told = findings(msp)

    assert told["intermediatecerts/lower.pem"].remedy == "move it to tlsintermediatecerts"
    assert told["cacerts/tlsca.pem"].remedy == "move it to tlscacerts"


def test_one_ca_for_both_is_right_where_nothing_shows_what_it_issued(org_msp: Path) -> None:
    """As in an organisation's folder of Fabric's test network with fabric-ca."""
    put(org_msp / TLS_CA_FILE, CA.certificate_pem)
    assert found(org_msp) == set()


def test_one_ca_for_both_is_right_where_it_issued_both(msp: Path) -> None:
    """As in a peer's folder of Fabric's test network with fabric-ca."""
    (msp / TLS_CA_FILE).unlink()
    put(msp.parent / "tls" / "ca.crt", CA.certificate_pem)
    put_tls(msp, CA.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    assert found(msp) == set()


@pytest.mark.parametrize("name", ["ca.org1.example.com", "lower"])
@pytest.mark.parametrize("is_in_both", [False, True])
def test_the_only_root_is_not_to_be_moved_where_the_issuer_of_identities_is_not_here(
    msp: Path, name: str, is_in_both: bool
) -> None:
    """One CA issues both, and of identities a newer one of its name did, or one below it."""
    newer = Authority.create(name, "org1.example.com", validity=VALIDITY)
    put_own(msp, newer.issue_identity(NAME, validity=VALIDITY, units=["peer"]))
    put_tls(msp, CA.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    put(msp.parent / "tls" / "ca.crt", CA.certificate_pem)
    put(msp / TLS_CA_FILE, CA.certificate_pem)
    if not is_in_both:
        (msp / TLS_CA_FILE).unlink()

    assert found(msp) == {(OWN, "other-generation" if name == CA.name else "not-issued-here")}


@pytest.mark.parametrize("name", ["ca.org1.example.com", "lower"])
def test_nor_the_only_tls_root_where_the_issuer_of_tls_certificates_is_not_here(msp: Path, name: str) -> None:
    """One CA issues both, and of TLS certificates a newer one of its name did, or one below it."""
    newer = Authority.create(name, "org1.example.com", validity=VALIDITY)
    put_tls(msp, newer.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    put(msp.parent / "tls" / "ca.crt", CA.certificate_pem)
    put(msp / TLS_CA_FILE, CA.certificate_pem)

    rule = "tls-other-generation" if name == CA.name else "tls-not-issued-here"
    assert found(msp) == {("../tls/server.crt", rule)}


def test_a_ca_of_identities_beside_another_tls_root_is_to_go(msp: Path) -> None:
    other = Authority.create("other", "org1.example.com", validity=VALIDITY)
    put_tls(msp, other.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    put(msp / "tlscacerts" / "ca.pem", CA.certificate_pem)

    told = findings(msp)["tlscacerts/ca.pem"]

    assert (told.rule, told.severity) == ("ca-among-tls-cas", Severity.WARNING)
    assert told.remedy == "remove it here; it is where it belongs as well"


def test_the_only_root_with_the_name_of_a_tls_ca_is_to_go(msp: Path) -> None:
    put(msp / CA_FILE, TLS_CA.certificate_pem)

    told = findings(msp)[CA_FILE]

    assert (told.rule, told.severity) == ("tls-ca-among-cas", Severity.WARNING)
    assert told.remedy == "remove it here; it is where it belongs as well"


def test_so_is_one_of_two_roots(msp: Path) -> None:
    both = Authority.create("root", "org1.example.com", validity=VALIDITY)
    lower = CA.issue_authority("lower", "org1.example.com", validity=VALIDITY)
    put_own(msp, lower.issue_identity(NAME, validity=VALIDITY, units=["peer"]))
    put_tls(msp, both.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    put(msp.parent / "tls" / "ca.crt", both.certificate_pem)
    put(msp / TLS_CA_FILE, both.certificate_pem)
    put(msp / "cacerts" / "root.pem", both.certificate_pem)

    assert found(msp) == {("cacerts/root.pem", "tls-ca-among-cas"), (OWN, "not-issued-here")}


def test_a_tls_certificate_in_signcerts_does_not_make_its_ca_one_of_identities(msp: Path) -> None:
    put_own(msp, TLS_CA.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))
    assert {rule for _, rule in found(msp)} == {"tls-certificate", "node-ou-role"}

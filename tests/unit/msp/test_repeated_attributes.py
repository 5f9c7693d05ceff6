"""Names with the same attribute twice in one relative name, as Go writes several OUs: Fabric takes them everywhere."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gossip.errors import ConfigurationError, IdentityRevokedError, UntrustedIdentityError
from gossip.msp.authority.cryptogen import read_authority
from gossip.msp.claim import parse_claim
from gossip.msp.config import CrlFile
from gossip.msp.facts import describe_identity
from gossip.msp.issuers import find_mspids_of_issuer, has_namesake
from gossip.msp.lint import lint_msp_folder
from gossip.msp.membership import Msp
from gossip.msp.revocation import describe_issuer, parse_crl
from gossip.msp.tls_facts import read_tls_certificate
from gossip.msp.tls_path import find_missing_issuer
from tests.support.certificates import NOT_BEFORE, Issued, make_ca, make_crl, make_leaf, make_msp
from tests.support.raw_names import make_name, rename, rename_crl

CA_NAME = make_name([("OU", "blue"), ("OU", "blue")], [("CN", "root")])
EMPTY = make_name([], [("CN", "root")])


def with_units(issuer: Issued, *units: str) -> Issued:
    """A peer whose OUs are one relative name."""
    subject = make_name([("OU", unit) for unit in units], [("CN", "peer0")])
    return rename(make_leaf("peer0"), issuer, subject=subject)


def check(msp: Msp, leaf: Issued) -> None:
    msp.check_identity(msp.place(leaf.certificate))


def test_repeated_unit_of_a_member() -> None:
    root = make_ca("root")
    check(make_msp([root]), with_units(root, "peer", "org1", "org1"))


def test_repeated_role_counts_twice() -> None:
    root = make_ca("root")
    member = make_msp([root]).place(with_units(root, "peer", "peer").certificate)
    with pytest.raises(UntrustedIdentityError, match="not a combination of them: it has peer and peer"):
        make_msp([root]).check_identity(member)


@pytest.mark.parametrize("name", [CA_NAME, EMPTY], ids=["repeated", "empty"])
def test_names_of_cas(name: bytes) -> None:
    root = rename(make_ca("root"), subject=name)
    intermediate = rename(make_ca("intermediate"), root, subject=make_name([("OU", "a"), ("OU", "a")]))
    leaf = rename(make_leaf("peer0"), intermediate)
    check(make_msp([root]), rename(make_leaf("peer0"), root))
    check(make_msp([root], [intermediate]), leaf)
    with pytest.raises(
        UntrustedIdentityError, match="a CA named root, but the signature was not made with that CA's key"
    ):
        make_msp([rename(make_ca("root"), subject=name)]).place(rename(make_leaf("peer0"), root).certificate)


def test_an_issuer_of_another_encoding_is_another() -> None:
    """Go compares names by their bytes."""
    root = make_ca("root")
    other = rename(root, subject=make_name([], [("CN", "root")]))
    with pytest.raises(UntrustedIdentityError, match="its issuer root is not one of this MSP's CAs"):
        make_msp([other]).place(make_leaf("peer0", root).certificate)


def test_what_is_shown() -> None:
    root = rename(make_ca("root"), subject=CA_NAME)
    leaf = with_units(root, "peer", "peer")
    assert (leaf.certificate.subject, leaf.certificate.issuer) == ("peer0", "root")
    assert leaf.certificate.common_name == "peer0"
    facts = describe_identity(leaf.pem)
    assert (facts.subject, facts.issuer) == ("CN=peer0,OU=peer+OU=peer", "CN=root,OU=blue+OU=blue")
    assert read_tls_certificate(leaf.certificate.der).issuer == "root"


def test_whose_ca_issued() -> None:
    root, stranger = rename(make_ca("root"), subject=CA_NAME), rename(make_ca("root"), subject=CA_NAME)
    leaf = with_units(root, "peer")
    assert find_mspids_of_issuer([make_msp([root])], leaf.certificate) == ("Org1MSP",)
    assert find_mspids_of_issuer([make_msp([stranger])], leaf.certificate) == ()
    assert has_namesake([make_msp([stranger])], parse_claim(leaf.identity()))
    assert find_missing_issuer([leaf.certificate.der], [root.certificate]) is None
    missing = find_missing_issuer([leaf.certificate.der, root.certificate.der], [stranger.certificate])
    assert missing is not None
    assert (missing.issuer, missing.namesake) == ("root", stranger.certificate)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (CA_NAME, "CN=root,OU=blue+OU=blue"),
        (EMPTY, "CN=root"),
        (make_name([("CN", "root")]).replace(b"root", b"roo\xff"), "(unreadable name)"),
    ],
)
def test_issuer_of_a_crl(name: bytes, shown: str) -> None:
    root = make_ca("root")
    leaf = make_leaf("leaf", root)
    crl = parse_crl(rename_crl(make_crl(root, [leaf.certificate.serial_number]), root, name), "crl")
    assert describe_issuer(crl) == shown
    with pytest.raises(IdentityRevokedError):
        check(make_msp([root], crls=[CrlFile("crls/0.pem", crl)]), leaf)


def test_folder_is_looked_over(tmp_path: Path) -> None:
    root = rename(make_ca("root"), subject=CA_NAME)
    crl = rename_crl(make_crl(make_ca(), []), make_ca(), CA_NAME)
    for name, pem in (("cacerts", root.pem), ("crls", crl), ("signcerts", with_units(root, "peer", "peer").pem)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.pem").write_bytes(pem)
    lint = lint_msp_folder(tmp_path, now=NOT_BEFORE)
    assert {file.file: file.subject for file in lint.files} == {
        "cacerts/a.pem": "CN=root,OU=blue+OU=blue",
        "crls/a.pem": "CN=root,OU=blue+OU=blue",
        "signcerts/a.pem": "CN=peer0,OU=peer+OU=peer",
    }
    (problem,) = (finding.problem for finding in lint.findings if finding.rule == "crl-of-stranger")
    assert problem.startswith("was made by CN=root,OU=blue+OU=blue, which is not a CA of this MSP")


@pytest.mark.parametrize("name", [CA_NAME, EMPTY], ids=["repeated", "empty"])
def test_ca_that_cannot_issue_is_named(tmp_path: Path, name: bytes) -> None:
    """cryptography could not write its name into a certificate."""
    root = rename(make_ca("root"), subject=name)
    (tmp_path / "ca-cert.pem").write_bytes(root.pem)
    key = root.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "priv_sk").write_bytes(key)
    with pytest.raises(ConfigurationError, match="holds no CA that can be used"):
        read_authority(tmp_path)

"""The tls folder beside an MSP folder is read as TLS reads it."""

import codecs
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from gossip.msp.authority import Authority, Credential
from gossip.msp.lint import Severity, lint_msp_folder
from tests.support.certificates import like, with_unknown_extension
from tests.support.msp_folders import CA, NAME, VALIDITY, found, only_finding, put, put_tls
from tests.support.organizations import NOW, organization, organization_folder, peer

TLS_CA = organization().tls_ca
TLS_CA_FILE = "tlscacerts/tlsca.org1.example.com-cert.pem"
OWN, KEY = peer().tls.certificate_pem, peer().tls.key_pem
PARAMETERS = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
GARBLED = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
GARBLED_KEY = GARBLED.replace(b"CERTIFICATE", b"PRIVATE KEY")
SERVER, ROOTS, SERVER_KEY = "../tls/server.crt", "../tls/ca.crt", "../tls/server.key"


def tls(msp: Path, name: str) -> Path:
    return msp.parent / "tls" / name


def intermediate() -> Authority:
    return TLS_CA.issue_authority("lower.tlsca.org1.example.com", "org1.example.com", validity=VALIDITY)


def issue(authority: Authority) -> Credential:
    return authority.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"])


def put_chain(msp: Path, *, behind: bytes | None = None) -> None:
    """A certificate from an intermediate CA, which stands behind it in the file."""
    lower = intermediate()
    own = issue(lower)
    put_tls(msp, own)
    put(tls(msp, "server.crt"), own.certificate_pem + (lower.certificate_pem if behind is None else behind))


# -- what TLS takes


def put_the_key_first(msp: Path) -> None:
    put(tls(msp, "server.crt"), KEY + OWN)


def put_the_parameters_first(msp: Path) -> None:
    put(tls(msp, "server.key"), PARAMETERS + KEY)


def put_certificate_and_key_into_one(msp: Path) -> None:
    for name in ("server.crt", "server.key"):
        put(tls(msp, name), OWN + KEY)


def trust_two_generations(msp: Path) -> None:
    put(
        tls(msp, "ca.crt"),
        Authority.create("tlsca.org1.example.com", "org1.example.com", validity=VALIDITY).certificate_pem
        + TLS_CA.certificate_pem,
    )


def write_text_before_the_certificate(msp: Path) -> None:
    put(tls(msp, "server.crt"), b"Certificate:\n    Data:\n" + OWN)


def name_the_files_otherwise(msp: Path) -> None:
    for old, new in (("server.crt", "peer.crt"), ("server.key", "peer.key")):
        tls(msp, old).rename(tls(msp, new))


@pytest.mark.parametrize(
    "arrange",
    [
        put_chain,
        put_the_key_first,
        put_the_parameters_first,
        put_certificate_and_key_into_one,
        trust_two_generations,
        write_text_before_the_certificate,
        name_the_files_otherwise,
    ],
)
def test_what_tls_takes_is_clean(msp: Path, arrange: Callable[[Path], None]) -> None:
    arrange(msp)
    for name in ("server.key", "peer.key"):
        if tls(msp, name).exists():
            tls(msp, name).chmod(0o600)

    assert found(msp) == set()


# -- what it does not


@pytest.mark.parametrize(
    ("name", "content", "rule", "severity", "told"),
    [
        ("ca.crt", TLS_CA.certificate_pem + GARBLED, "not-a-certificate", Severity.WARNING, "number 2 is broken"),
        ("ca.crt", TLS_CA.certificate_pem + OWN[:300], "not-a-certificate", Severity.WARNING, "cut short"),
        ("ca.crt", GARBLED, "not-a-certificate", Severity.ERROR, "its DER is garbled"),
        ("ca.crt", b"hello", "not-pem", Severity.ERROR, "holds no PEM, and a peer does not start with it"),
        ("ca.crt", codecs.BOM_UTF8 + TLS_CA.certificate_pem * 2, "not-pem", Severity.ERROR, "starts with a byte order"),
        ("server.crt", OWN + GARBLED, "not-a-certificate", Severity.ERROR, "number 2 is broken"),
        ("server.crt", KEY, "key-among-certificates", Severity.ERROR, "where a certificate belongs"),
        ("server.crt", PARAMETERS, "not-a-certificate", Severity.ERROR, "holds EC PARAMETERS, where"),
        ("server.crt", OWN.decode().encode("utf-16"), "not-pem", Severity.ERROR, "is encoded in UTF-16"),
        ("server.crt", TLS_CA.certificate_pem + OWN, "ca-before-own", Severity.ERROR, "begins with the CA tlsca.org1"),
    ],
)
def test_a_broken_file_is_told(msp: Path, name: str, content: bytes, rule: str, severity: Severity, told: str) -> None:
    put(tls(msp, name), content)

    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity) == (f"../tls/{name}", rule, severity)
    assert told in finding.problem


@pytest.mark.parametrize(("content", "rule"), [(b"hello", "not-pem"), (OWN, "not-a-key"), (GARBLED_KEY, "not-a-key")])
def test_a_broken_key_is_told(msp: Path, content: bytes, rule: str) -> None:
    put(tls(msp, "server.key"), content)

    assert found(msp) == {(SERVER_KEY, rule)}


@pytest.mark.parametrize("name", ["ca.crt", "server.crt"])
def test_a_folder_in_place_of_a_file_is_told(msp: Path, name: str) -> None:
    tls(msp, name).unlink()
    tls(msp, name).mkdir()

    assert found(msp) == {(f"../tls/{name}", "not-a-file")}


@pytest.mark.parametrize("gone", [("server.crt",), ("server.crt", "server.key")])
def test_a_certificate_that_is_not_there_is_told(msp: Path, gone: tuple[str, ...]) -> None:
    for name in gone:
        tls(msp, name).unlink()

    assert found(msp) == {(SERVER, "no-tls-certificate")}


def enroll(msp: Path) -> None:
    """Lay out what is in ``tls`` as fabric-ca's client does, too, which gives each file a name of its own."""
    for name, copy in (
        ("server.crt", "signcerts/cert.pem"),
        ("server.key", "keystore/1a2b_sk"),
        ("ca.crt", "tlscacerts/tls-localhost-7054.pem"),
    ):
        put(tls(msp, copy), tls(msp, name).read_bytes())


def test_nothing_is_missing_where_the_files_of_fabric_ca_s_client_were_copied(msp: Path) -> None:
    enroll(msp)

    assert found(msp) == set()


@pytest.mark.parametrize(
    ("name", "problem", "remedy"),
    [
        (
            "server.crt",
            "does not exist: fabric-ca's client left it in tls/signcerts, where a peer looks only if told to",
            "copy the certificate in tls/signcerts to server.crt; or, if peer.tls.cert.file of core.yaml names it "
            "there, leave it",
        ),
        (
            "server.key",
            "does not exist: fabric-ca's client left it in tls/keystore, where a peer looks only if told to",
            "copy the key in tls/keystore to server.key; or, if peer.tls.key.file of core.yaml names it there, leave "
            "it",
        ),
        (
            "ca.crt",
            "does not exist: fabric-ca's client left it in tls/tlscacerts, where a peer looks only if told to",
            "copy the certificate in tls/tlscacerts to ca.crt; or, if peer.tls.rootcert.file of core.yaml names it "
            "there, leave it",
        ),
    ],
)
def test_a_file_that_was_not_copied_is_told(msp: Path, name: str, problem: str, remedy: str) -> None:
    enroll(msp)
    tls(msp, name).unlink()

    told = {each.rule: each for each in lint_msp_folder(msp, now=NOW).findings}["tls-not-copied"]

    assert (told.file, told.severity) == (f"../tls/{name}", Severity.WARNING)
    assert (told.problem, told.remedy) == (problem, remedy)


def test_all_that_were_not_copied_are_told(msp: Path) -> None:
    enroll(msp)
    for name in ("server.crt", "server.key", "ca.crt"):
        tls(msp, name).unlink()

    assert found(msp) == {(file, "tls-not-copied") for file in (SERVER, SERVER_KEY, ROOTS)}


@pytest.mark.parametrize("name", ["client.crt", "cert.pem"])
def test_a_user_s_files_and_names_of_one_s_own_need_no_copies(msp: Path, name: str) -> None:
    enroll(msp)
    tls(msp, "server.crt").rename(tls(msp, name))

    assert (SERVER, "tls-not-copied") not in found(msp)


def test_an_extension_that_nobody_knows_is_told(msp: Path) -> None:
    put_tls(msp, with_unknown_extension(issue(TLS_CA), TLS_CA))

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (SERVER, "broken-chain")
    assert (
        finding.problem
        == f"no peer accepts it: {NAME} has the critical extension 1.2.3.4.5, which peers do not understand"
    )
    assert finding.remedy == f"have {NAME} issued again, without it or with it not critical"


# -- a certificate of its own for dialling

SERVE, CALL = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def issue_for(usage: ObjectIdentifier, hosts: Sequence[str]) -> Credential:
    """A TLS certificate that may be used on one side only."""
    both = TLS_CA.issue_tls(NAME, validity=VALIDITY, hosts=hosts)
    builder = like(both.certificate, without=x509.ExtendedKeyUsage)
    only = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Credential(only.sign(TLS_CA.key, SHA256()), both.key)


def put_client(msp: Path, credential: Credential) -> None:
    put(tls(msp, "client.crt"), credential.certificate_pem)
    put(tls(msp, "client.key"), credential.key_pem)
    tls(msp, "client.key").chmod(0o600)


def test_who_only_dials_needs_neither_host_names_nor_the_usage_of_servers(msp: Path) -> None:
    put_client(msp, issue_for(CALL, []))
    put_tls(msp, issue_for(SERVE, ["localhost"]))

    assert found(msp) == set()


def test_who_dials_may_do_so(msp: Path) -> None:
    put_client(msp, issue_for(SERVE, []))

    assert only_finding(msp).problem == f"{NAME} may not be used for TLS client authentication"


# -- who issued it


@pytest.mark.parametrize(("old", "others"), [(TLS_CA_FILE, ROOTS), (ROOTS, TLS_CA_FILE)])
def test_a_ca_of_another_generation_is_told_from_none(msp: Path, old: str, others: str) -> None:
    new = Authority.create("tlsca.org1.example.com", "org1.example.com", validity=VALIDITY)
    put_tls(msp, issue(new))
    put(msp / others, new.certificate_pem)

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (SERVER, "tls-other-generation")
    assert finding.problem == (
        "the tlsca.org1.example.com that issued peer0.org1.example.com has another key than the "
        f"tlsca.org1.example.com in {old}: they belong to different generations of crypto material"
    )
    assert finding.remedy.startswith(
        f"put the certificate of the tlsca.org1.example.com that issued it into {old}, and give it to the other"
    )


def test_both_old_copies_are_named_at_once(msp: Path) -> None:
    put_tls(msp, issue(Authority.create("tlsca.org1.example.com", "org1.example.com", validity=VALIDITY)))

    assert f"in {TLS_CA_FILE} and {ROOTS}: they" in only_finding(msp).problem


def test_an_unknown_issuer_may_be_an_intermediate(msp: Path) -> None:
    put_tls(msp, issue(intermediate()))

    assert only_finding(msp).remedy == (
        "if lower.tlsca.org1.example.com is of this organisation, put the certificate of lower.tlsca.org1.example.com "
        "into tlscacerts, or into tlsintermediatecerts where another CA issued it; or else have one of its TLS CAs "
        "issue it"
    )


def test_another_organisation_s_tls_files_are_not_to_be_made_ours(msp: Path) -> None:
    other = organization(2)
    put_tls(msp, other.tls_ca.issue_tls("peer0.org2.example.com", validity=other.validity, hosts=("localhost",)))
    put(tls(msp, "ca.crt"), other.tls_ca.certificate_pem)

    assert only_finding(msp).remedy == (
        "if tlsca.org2.example.com is of this organisation, put the certificate of tlsca.org2.example.com into "
        "tlscacerts; or else have one of its TLS CAs issue it"
    )


def test_an_issuer_that_is_at_hand_is_put_where_it_belongs(msp: Path) -> None:
    lower = intermediate()
    put(tls(msp, "ca.crt"), lower.certificate_pem)
    put_tls(msp, issue(lower))
    assert only_finding(msp).remedy == "put the certificate of lower.tlsca.org1.example.com into tlsintermediatecerts"


def test_where_the_msp_has_no_tls_cas_the_one_beside_it_counts(msp: Path) -> None:
    """As fabric-ca's client, and the script of Fabric's test network around it, leave a peer's folders."""
    (msp / TLS_CA_FILE).unlink()

    assert found(msp) == set()


def test_another_one_beside_it_is_to_be_exchanged_there(msp: Path) -> None:
    (msp / TLS_CA_FILE).unlink()
    put_tls(msp, issue(Authority.create("tls-ca", "org1.example.com", validity=VALIDITY)))

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (SERVER, "tls-not-issued-here")
    assert finding.problem == (f"{NAME} was issued by tls-ca, which is not among the TLS CAs (tlsca.org1.example.com)")
    assert finding.remedy == (
        f"if tls-ca is of this organisation, put the certificate of tls-ca into {ROOTS}; or else have one of its TLS "
        "CAs issue it"
    )


def test_one_of_another_generation_beside_it_is_told_once(msp: Path) -> None:
    (msp / TLS_CA_FILE).unlink()
    put_tls(msp, issue(Authority.create("tlsca.org1.example.com", "org1.example.com", validity=VALIDITY)))

    finding = only_finding(msp)

    assert finding.rule == "tls-other-generation"
    assert f"the tlsca.org1.example.com in {ROOTS}: they" in finding.problem


@pytest.mark.parametrize("is_there", [False, True])
def test_an_organization_s_folder_without_tls_cas_is_told(tmp_path: Path, is_there: bool) -> None:
    shutil.copytree(organization_folder() / "msp", tmp_path / "msp")
    shutil.rmtree(tmp_path / "msp" / "tlscacerts")
    if is_there:
        (tmp_path / "msp" / "tlscacerts").mkdir()

    finding = only_finding(tmp_path / "msp")

    assert (finding.file, finding.rule, finding.severity) == ("tlscacerts", "no-tls-root", Severity.WARNING)
    assert finding.remedy == "put the certificate of the organisation's TLS CA there"


def test_what_cannot_be_read_there_is_told_in_its_place(tmp_path: Path) -> None:
    shutil.copytree(organization_folder() / "msp", tmp_path / "msp")
    put(tmp_path / "msp" / TLS_CA_FILE, GARBLED)

    assert found(tmp_path / "msp") == {(TLS_CA_FILE, "not-a-certificate")}


def test_an_intermediate_of_another_generation_behind_ours_is_to_be_exchanged(msp: Path) -> None:
    put_chain(msp, behind=intermediate().certificate_pem)

    finding = only_finding(msp)

    assert (finding.file, finding.rule) == (SERVER, "tls-other-generation")
    assert finding.problem == (
        f"{NAME} was not signed with the key of the lower.tlsca.org1.example.com after it, which belongs to "
        "another generation of crypto material"
    )
    assert finding.remedy == "put the certificate of the lower.tlsca.org1.example.com that issued it there instead"


def test_an_intermediate_that_is_sent_must_lead_to_a_tls_ca(msp: Path) -> None:
    other = Authority.create("tlsroot", "org1.example.com", validity=VALIDITY)
    lower = other.issue_authority("lower", "org1.example.com", validity=VALIDITY)
    put_tls(msp, issue(lower))
    put(tls(msp, "server.crt"), tls(msp, "server.crt").read_bytes() + lower.certificate_pem)

    assert "lower was issued by tlsroot, which is not among the TLS CAs" in only_finding(msp).problem


def test_a_short_rsa_key_for_tls_is_told(msp: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    put_tls(msp, TLS_CA.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"], key=key))

    assert (only_finding(msp).rule, only_finding(msp).problem) == ("weak-key", f"{NAME} has an RSA key of 1024 bits")


def test_a_certificate_of_our_own_in_place_of_the_tls_ca_is_told(msp: Path) -> None:
    put(tls(msp, "ca.crt"), tls(msp, "server.crt").read_bytes())

    finding = only_finding(msp)

    assert (finding.file, finding.rule, finding.severity) == ("../tls/ca.crt", "not-a-ca", Severity.WARNING)
    assert finding.remedy == "put the certificate of tlsca.org1.example.com there instead"


def test_the_ca_of_identities_is_trusted_in_tls_only_where_it_is_meant_to_be(msp: Path) -> None:
    put_tls(msp, CA.issue_tls(NAME, validity=VALIDITY, hosts=["localhost"]))

    finding = only_finding(msp)

    assert finding.rule == "tls-not-issued-here"
    assert finding.remedy.startswith(f"have a TLS CA issue it; or, only where {CA.name} issues both, put the")

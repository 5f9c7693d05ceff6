"""What may be wrong with our own TLS certificate, by the alert that refuses it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from gossip.msp.authority import Validity
from gossip.msp.certificate import parse_certificate
from gossip.msp.tls_facts import read_tls_certificate
from gossip.node.diagnose.diagnosis import Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.alert import judge_alert
from gossip.node.diagnose.judges.own_certificate import judge_own_certificate
from gossip.node.diagnose.own_side import RootFile, load_own_side
from tests.support.certificates import like, make_ca, make_leaf, over_sha1, with_unknown_extension
from tests.support.in_thread import peer_settings, tls_of
from tests.support.organizations import organization, peer

NOW = datetime.now(UTC)
WEAK = over_sha1(peer(2).tls.certificate, organization(2).tls_ca.key)
ENDED = organization(2).tls_ca.issue_tls("peer0", validity=Validity.expired(NOW), hosts=()).certificate
ODD = with_unknown_extension(peer(2).tls, organization(2).tls_ca).certificate


def ours_with(extension: x509.ExtensionType, *, critical: bool = False) -> x509.Certificate:
    builder = like(peer(2).tls.certificate, without=type(extension)).add_extension(extension, critical)
    return builder.sign(organization(2).tls_ca.key, SHA256())


UNREADABLE = ours_with(x509.SubjectKeyIdentifier(b"1"), critical=True)
ANY = ours_with(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, ExtendedKeyUsageOID.SERVER_AUTH]))
FOR_SERVERS = ours_with(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
ENCIPHERS = ours_with(x509.KeyUsage(False, False, True, False, False, False, False, False, False))
MISNAMED = ours_with(x509.AuthorityKeyIdentifier(b"1", None, None))
FOREIGN = organization(1).tls_ca.issue_tls("peer0", validity=Validity.running(NOW), hosts=()).certificate
GOOD = peer(2).tls.certificate_pem
UNKNOWN = ["tls-ca-unknown-to-them", "own-tls-ca"]


@pytest.mark.parametrize(
    ("certificate", "alert", "side", "rules"),
    [
        (WEAK, "bad certificate", Side.OURS, ["own-tls-weak-signature"]),
        (ODD, "certificate unknown", Side.OURS, ["own-tls-broken-chain"]),
        (ODD, "bad certificate", Side.OURS, ["own-tls-broken-chain"]),
        (MISNAMED, "unknown ca", Side.OURS, ["tls-key-id", *UNKNOWN]),
        (FOR_SERVERS, "bad certificate", Side.OURS, ["tls-usage"]),
        (ANY, "unsupported certificate", Side.OURS, ["tls-usage"]),
        (ANY, "bad certificate", Side.THEIRS, UNKNOWN),
        (ENCIPHERS, "unsupported certificate", Side.OURS, ["tls-usage"]),
        (ENDED, "certificate expired", Side.OURS, ["own-tls-expired"]),
        (ENDED, "unknown ca", Side.OURS, ["own-tls-expired", *UNKNOWN]),
        (FOREIGN, "unknown ca", Side.OURS, ["own-tls-ca", "tls-ca-unknown-to-them"]),
        (FOREIGN, "certificate expired", Side.THEIRS, ["their-clock", "tls-ca-unknown-to-them"]),
        (peer(2).tls.certificate, "certificate expired", Side.THEIRS, ["their-clock", "tls-ca-unknown-to-them"]),
        (peer(2).tls.certificate, "unknown ca", Side.THEIRS, UNKNOWN),
    ],
)
def test_what_can_be_seen_comes_before_what_can_only_be_guessed(
    certificate: x509.Certificate, alert: str, side: Side, rules: list[str]
) -> None:
    leaf = read_tls_certificate(certificate.public_bytes(Encoding.DER))
    own = replace(load_own_side(peer_settings(2), NOW), client_leaf=leaf, presented=(leaf.certificate,))

    blamed, causes = judge_own_certificate(Evidence("peer:7051", own, NOW, alert=alert))

    assert (blamed, [cause.rule for cause in causes]) == (side, rules)


def test_our_certificate_from_another_organisation_s_ca_is_told_with_our_own_cas() -> None:
    leaf = read_tls_certificate(FOREIGN.public_bytes(Encoding.DER))
    own = replace(load_own_side(peer_settings(2), NOW), client_leaf=leaf, presented=(leaf.certificate,))

    _, (cause, _) = judge_own_certificate(Evidence("peer:7051", own, NOW, alert="unknown ca"))

    assert cause.text == (
        "our TLS certificate peer0 was issued by tlsca.org1.example.com, and by none of our own TLS CAs "
        "(tlsca.org2.example.com): name the certificate that one of those issued, and its key"
    )
    assert cause.look_at == str(tls_of(2).certificate)


def test_what_our_own_root_file_vouches_for_is_not_taken_for_another_s() -> None:
    leaf = read_tls_certificate(FOREIGN.public_bytes(Encoding.DER))
    own = replace(load_own_side(peer_settings(2), NOW), client_leaf=leaf, presented=(leaf.certificate,))
    named = RootFile(
        Path("ca.crt"), (parse_certificate(organization(1).tls_ca.certificate.public_bytes(Encoding.DER)),)
    )

    side, causes = judge_own_certificate(Evidence("peer:7051", replace(own, roots=(named,)), NOW, alert="unknown ca"))

    assert (side, [cause.rule for cause in causes]) == (Side.THEIRS, UNKNOWN)


@pytest.mark.parametrize("alert", ["decode error", "bad certificate"])
@pytest.mark.parametrize(("before", "which"), [(b"", "our TLS certificate"), (GOOD, "certificate 2 of those")])
def test_what_go_cannot_read_of_what_we_present_is_named(alert: str, before: bytes, which: str, tmp_path: Path) -> None:
    """Go 1.26 answers with a decode error, older ones with a bad certificate; OpenSSL reads it."""
    settings = peer_settings(2)
    assert settings.tls is not None
    (tmp_path / "server.crt").write_bytes(before + UNREADABLE.public_bytes(Encoding.PEM))
    own = load_own_side(replace(settings, tls=replace(settings.tls, certificate=tmp_path / "server.crt")), NOW)
    evidence = Evidence("peer:7051", own, NOW, alert=alert)
    judge = judge_own_certificate if alert == "bad certificate" else judge_alert

    side, (cause,) = judge(evidence)

    assert (side, cause.rule) == (Side.OURS, "own-tls-unreadable")
    assert f"cannot read {which}" in cause.text
    assert "extension 2.5.29.14 incorrectly marked critical" in cause.text
    assert cause.look_at == str(tmp_path / "server.crt")


def test_a_ca_that_go_cannot_read_may_have_gone_along(tmp_path: Path) -> None:
    settings, ca_file = peer_settings(2), tmp_path / "ca.pem"
    assert settings.tls is not None
    ca_file.write_bytes(UNREADABLE.public_bytes(Encoding.PEM))
    own = load_own_side(replace(settings, tls=replace(settings.tls, roots=(*settings.tls.roots, ca_file))), NOW)

    side, (cause,) = judge_alert(Evidence("peer:7051", own, NOW, alert="decode error"))

    assert (side, cause.rule, cause.look_at) == (Side.OURS, "own-tls-unreadable", str(ca_file))
    assert "cannot read certificate 1 of our TLS CAs" in cause.text


def test_where_we_read_all_the_peers_log_tells_what_it_could_not() -> None:
    evidence = Evidence("peer:7051", load_own_side(peer_settings(2), NOW), NOW, alert="decode error")

    side, (cause,) = judge_alert(evidence)

    assert (side, cause.rule) == (Side.OURS, "own-tls-unreadable")
    assert "'failed to parse client certificate'" in cause.text


@pytest.mark.parametrize("alert", ["bad certificate", "unsupported certificate"])
def test_a_ca_of_ours_that_is_not_for_clients_is_named(alert: str) -> None:
    root = organization(2).tls_ca
    between = root.issue_authority("tlsica.org2", "org2.example.com", validity=Validity.running(NOW))
    usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = like(between.certificate, without=x509.ExtendedKeyUsage).add_extension(usages, critical=False)
    limited = parse_certificate(builder.sign(root.key, SHA256()).public_bytes(Encoding.DER))
    issued = between.issue_tls("peer0", validity=Validity.running(NOW), hosts=()).certificate
    leaf = read_tls_certificate(issued.public_bytes(Encoding.DER))
    own = replace(load_own_side(peer_settings(2), NOW), client_leaf=leaf, presented=(leaf.certificate, limited))

    side, (cause,) = judge_own_certificate(Evidence("peer:7051", own, NOW, alert=alert))

    assert (side, cause.rule) == (Side.OURS, "tls-usage")
    assert "the TLS CA tlsica.org2 has extended key usages without clientAuth" in cause.text


@pytest.mark.parametrize(
    ("alert", "rules"),
    [("bad certificate", ["own-tls-name-constraints", *UNKNOWN]), ("unknown ca", UNKNOWN)],
)
def test_a_ca_of_ours_that_constrains_names_may_be_why(alert: str, rules: list[str]) -> None:
    own = load_own_side(peer_settings(2), NOW)
    root = make_ca("root", more=[(x509.NameConstraints([x509.DNSName("example.com")], None), True)])
    leaf = read_tls_certificate(make_leaf("peer0", root).certificate.der)
    own = replace(
        own,
        client_leaf=leaf,
        presented=(leaf.certificate,),
        roots=(RootFile(Path("ca.crt"), (root.certificate,)),),
    )

    _, causes = judge_own_certificate(Evidence("peer:7051", own, NOW, alert=alert))

    assert [cause.rule for cause in causes] == rules
